"""Thousands of random requests to the unit API, by its published description, at a real hub."""

import pytest
from schemathesis import GenerationMode

from custodes.hub.ingest.operations import Operation
from schema_asker import BREAKABLE, SIGNED, WRONG, Asked, asked, keep_its_word, refuse

__all__ = ["asked"]
EXAMPLES = 400

pytestmark = pytest.mark.long


@pytest.mark.parametrize("operation", BREAKABLE, ids=lambda one: one.name)
@pytest.mark.parametrize("led", [True, False], ids=["led", "free"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["well formed", "malformed"])
def test_whatever_comes_is_answered_as_described(
    asked: Asked, operation: Operation, mode: GenerationMode, led: bool
) -> None:
    keep_its_word(asked, operation, mode, examples=EXAMPLES, led=led)


@pytest.mark.parametrize("operation", SIGNED, ids=lambda one: one.name)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_rightly_signed_is_refused(asked: Asked, operation: Operation, wrong: str) -> None:
    refuse(asked, operation, wrong, examples=EXAMPLES // 20)
