"""The explanation says what the gate does, names the rule, and tells who asks wrongly what to ask."""

import json
import uuid
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cast import NOW_NS, Cast, make_clip
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput
from custodes.core.types import Purpose
from custodes.hub.access import explain, gate
from custodes.hub.access.requests import Action

CLOCK = ManualClock(wall=NOW_NS)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["manager", "dispatcher", "driver", "outsider", "owner", "operator"])
def test_every_answer_is_the_gates_own(cast: Cast, name: str) -> None:
    person, clip = getattr(cast, name), make_clip(cast.van_unit, subject=cast.dina)
    answers = explain.explain(person, clip, clock=CLOCK)
    assert {one.action for one in answers} == set(Action)
    watched = {one.purpose for one in answers if one.action == "view" and one.allowed}
    assert watched == {purpose.value for purpose in gate.purposes_for(person, clip, clock=CLOCK)}
    for one in answers:
        if one.action != Action.VIEW:
            assert one.allowed == gate.may(person, one.action, clip, clock=CLOCK).allowed


@pytest.mark.django_db
def test_yes_and_no_name_their_rule_in_words(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    bob = {(one.action, one.purpose): one for one in explain.explain(cast.bob, clip, clock=CLOCK)}
    yes = bob["view", Purpose.INCIDENT]
    assert (yes.allowed, yes.role, yes.policy) == (True, "dispatcher", "dispatcher-watches-incidents")
    assert "incident" in yes.why
    assert not bob["delete", ""].allowed
    eve = explain.Explained("Eve", str(clip.pk), explain.explain(cast.eve, clip, clock=CLOCK))
    assert "no   list" in eve.as_text()
    assert "[membership-ended]" in eve.as_text()
    assert json.loads(eve.as_json())["answers"][0]["allowed"] is False


@pytest.mark.django_db
def test_who_and_what_is_found_by_what_people_know(cast: Cast) -> None:
    clip = make_clip(cast.van_unit)
    assert explain._person("BOB@example.org") == explain._person("bob") == cast.bob
    assert explain._clip(str(clip.pk)) == clip
    for wrong, message in (("bert", "nobody has this"), ("", "nobody has this")):
        with pytest.raises(BadInput, match=message):
            explain._person(wrong)
    cast.alice.display_name = "Bob"
    cast.alice.save()
    with pytest.raises(BadInput, match="several people"):
        explain._person("bob")
    for wrong, message in (("17", "not a clip's id"), (str(uuid.uuid4()), "no such clip")):
        with pytest.raises(BadInput, match=message):
            explain._clip(wrong)


def test_a_folder_without_a_hub_is_named(tmp_path: Path) -> None:
    from custodes.cli import app

    result = CliRunner().invoke(
        app, ["access", "explain", "--as", "a", "--clip", str(uuid.uuid4()), "--data", str(tmp_path)]
    )
    assert isinstance(result.exception, BadInput)
    assert "no hub lies here" in str(result.exception)
