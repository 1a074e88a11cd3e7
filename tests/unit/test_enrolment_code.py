"""A code that cannot be one is refused here: each asking of the hub costs one of three tries."""

from pathlib import Path

import httpx
import pytest

from custodes.core.errors import BadInput
from custodes.edge.ship import enroll


@pytest.mark.parametrize(
    "code", ["", "7KQ4", "7KQ4-M2X", "7KQ4-M2XDD", "7KQ4-M2X0", "7KQ1-M2XD", "OKQ4-M2XD", "7KQ4_M2XD"]
)
def test_a_malformed_code_never_reaches_the_hub(tmp_path: Path, code: str) -> None:
    def hub(_request: httpx.Request) -> httpx.Response:
        raise AssertionError("the hub was asked")

    with pytest.raises(BadInput, match="is no enrolment code"):
        enroll("https://hub.example", code, state_dir=tmp_path, unit_name="x", transport=httpx.MockTransport(hub))


@pytest.mark.parametrize("code", ["7kq4-m2xd", " 7KQ4M2XD ", "7KQ4 M2XD"])
def test_a_code_is_understood_however_it_is_typed(tmp_path: Path, code: str) -> None:
    asked: list[bytes] = []

    def hub(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return httpx.Response(403, json={"error": "denied", "message": "no such code"})

    with pytest.raises(BadInput):
        enroll("https://hub.example", code, state_dir=tmp_path, unit_name="x", transport=httpx.MockTransport(hub))
    assert b"7KQ4-M2XD" in asked[0]
