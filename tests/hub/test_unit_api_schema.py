"""The unit API keeps its published description: random requests, unsigned, wrongly and rightly signed, at a real hub.

`tests/faults/test_unit_api_at_length.py` asks many more of them.
"""

import pytest
from schemathesis import GenerationMode

from custodes.hub.ingest.operations import OPERATIONS, Operation
from schema_asker import BREAKABLE, SHORT, SIGNED, WRONG, Asked, asked, keep_its_word, refuse

__all__ = ["asked"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_whatever_comes_well_formed_is_answered_as_described(asked: Asked, operation: Operation) -> None:
    keep_its_word(asked, operation, GenerationMode.POSITIVE, examples=SHORT, led=True)


@pytest.mark.parametrize("operation", BREAKABLE, ids=lambda one: one.name)
def test_whatever_comes_malformed_is_answered_as_described(asked: Asked, operation: Operation) -> None:
    keep_its_word(asked, operation, GenerationMode.NEGATIVE, examples=SHORT, led=False)


@pytest.mark.parametrize("operation", SIGNED, ids=lambda one: one.name)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_rightly_signed_is_refused(asked: Asked, operation: Operation, wrong: str) -> None:
    refuse(asked, operation, wrong, examples=1)


def test_the_requests_went_beyond_the_gate(asked: Asked) -> None:
    """Where every good request is refused, the tests above show little."""
    for operation in OPERATIONS:
        if operation.name != "enrol":
            keep_its_word(asked, operation, GenerationMode.POSITIVE, examples=1, led=True)
    good = {operation.name for operation in OPERATIONS if asked.answers.get((operation.name, operation.status))}
    assert good >= {one.name for one in OPERATIONS} - {"enrol", "tus_create"}
