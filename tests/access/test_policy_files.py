"""A wrong policy stops the hub and says where; every rule speaks both languages."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from cast import Cast, make_clip
from custodes.core.errors import BadInput
from custodes.hub.access import gate
from custodes.hub.access.policies import POLICY_DIR, load_book

GOOD = '@id("x")\n@says("X.")\npermit (principal, action == Action::"list", resource);\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "policies"
    shutil.copytree(POLICY_DIR, target)
    return target


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (GOOD + "\npermit (principal, action, resource) whn {};", 5, "whn"),
        ("// a comment; with a semicolon\n\n" + GOOD.replace("resource);", "resource)\nwhen { resource.nope };"), 3,
         "nope"),
        (GOOD.replace("resource);", 'resource) when { principal.role == Role::"boss" };'), 1, "boss"),
        (GOOD.replace('"list"', '"peep"'), 1, "peep"),
        (GOOD.replace('@id("x")\n', ""), 1, 'no @id("…")'),
        (GOOD.replace('@says("X.")\n', ""), 1, 'no @says("…")'),
        (GOOD.replace('"x"', '"clip-erased"'), 1, "is used in 90-fences.cedar"),
    ],
)  # fmt: skip
def test_a_wrong_policy_is_named_with_file_and_line(folder: Path, text: str, line: int, message: str) -> None:
    wrong = folder / "95-wrong.cedar"
    wrong.write_text(text)
    with pytest.raises(BadInput) as refused:
        load_book(folder)
    said = str(refused.value)
    assert said.startswith(f"{wrong}:{line}: ")
    assert message in said
    assert "\n" not in said


def test_a_missing_schema_and_no_policies_are_said(folder: Path, tmp_path: Path) -> None:
    for path in folder.glob("*.cedar"):
        path.unlink()
    with pytest.raises(BadInput, match="no policies"):
        load_book(folder)
    with pytest.raises(BadInput, match=re.escape("custodes.cedarschema: missing")):
        load_book(tmp_path)


def test_every_rule_speaks_every_language() -> None:
    languages = {code for code, _name in settings.LANGUAGES}
    silent = {rule.policy_id: set(rule.says) for rule in load_book(POLICY_DIR).policies.values()}
    assert {rule: says for rule, says in silent.items() if says != languages} == {}


@pytest.mark.django_db
def test_a_decision_speaks_the_readers_language(cast: Cast) -> None:
    clip = make_clip(cast.van_unit)
    with translation.override("fr"):
        assert gate.may(cast.oscar, "view", clip).why.startswith("Les opérateurs")
    with translation.override("en"):
        assert gate.may(cast.oscar, "view", clip).why.startswith("Operators")
