"""What a unit says it measured is bounded: pages must be able to write it."""

import pytest
from pydantic import ValidationError

from custodes.core.wire import WireEvidence


@pytest.mark.parametrize("value", [-1e308, 1e308, 1.1e9, float("inf"), float("nan")])
@pytest.mark.parametrize("field", ["value", "threshold"])
def test_a_number_that_nobody_measured_is_refused(field: str, value: float) -> None:
    with pytest.raises(ValidationError):
        WireEvidence.model_validate({"name": "speed", "value": 1.0, "unit": "m/s", field: value})


@pytest.mark.parametrize("value", [0.0, -3.2, 1e9, 5e-324])
def test_what_can_be_measured_passes(value: float) -> None:
    assert WireEvidence(name="speed", value=value, unit="m/s").value == value
