"""Consent counts at each access: what needs a yes is refused without, and a yes taken back stops a film that flows."""

from collections.abc import Iterator

import pytest

from cast import NOW_NS, Cast, give_role, make_clip, say, show_notices
from custodes.core.clock import ManualClock
from custodes.core.errors import Denied
from custodes.core.types import Purpose
from custodes.hub.access import gate, recorded
from custodes.hub.audit import past
from custodes.hub.clips import held_words, marked
from custodes.hub.clips.models import Clip
from custodes.hub.consent.models import Answer, Showing
from custodes.hub.fleet.models import Membership
from custodes.trace.splice import ViewLayout
from marked_clip import made_up_twins

pytestmark = pytest.mark.django_db
MIB = 1024**2
LAYOUT = ViewLayout(made_up_twins(8 * MIB, fragments=4).index, "ABBA")


@pytest.fixture(autouse=True)
def film(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the vault: 8 MiB in chunks of one."""

    def footage(clip: Clip, part: str, start: int, stop: int | None) -> gate.OpenedPart:
        chunks: Iterator[bytes] = (bytes(MIB) for _ in range(8))
        return gate.OpenedPart(8 * MIB, "video/mp4", chunks)

    def a_range(clip: Clip, film: str, layout: ViewLayout, start: int, stop: int) -> Iterator[bytes]:
        return (bytes(MIB) for _ in range(8))

    monkeypatch.setattr(gate, "_footage", footage)
    monkeypatch.setattr(held_words, "layout_for", lambda clip, view, film: LAYOUT)
    monkeypatch.setattr(marked, "read_range", a_range)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=NOW_NS)


@pytest.mark.parametrize(
    ("answers", "allowed"),
    [
        ([], False),
        (["yes"], True),
        (["no"], False),
        (["yes", "withdrawn"], False),
        (["yes", "no"], False),
        (["no", "yes"], True),
    ],
)
def test_coaching_needs_a_yes_that_stands(cast: Cast, clock: ManualClock, answers: list[str], allowed: bool) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    for says in answers:
        say(cast.dina, cast.company, "coaching", says)
    assert (Purpose.COACHING in gate.purposes_for(cast.alice, clip, clock=clock)) is allowed
    if allowed:
        gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="coaching", clock=clock)
    else:
        with pytest.raises(Denied):
            gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="coaching", clock=clock)


def test_a_yes_is_to_one_organisation_and_one_purpose(cast: Cast, clock: ManualClock) -> None:
    give_role(cast.dina, cast.rival, Membership.Role.DRIVER)
    clip = make_clip(cast.van_unit, subject=cast.dina)
    say(cast.dina, cast.rival, "coaching")
    say(cast.dina, cast.company, "training")
    assert Purpose.COACHING not in gate.purposes_for(cast.alice, clip, clock=clock)


def test_incidents_wait_for_the_notice_and_for_no_yes(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina, notice=False)
    refused = gate.may(cast.bob, "poster", clip, clock=clock)
    assert (refused.allowed, refused.policy) == (False, "picture-before-notice")
    with pytest.raises(Denied):
        gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    assert gate.may(cast.bob, "list", clip, clock=clock).allowed, "that there was something is no picture of anybody"
    gate.open_view(actor=cast.dina, clip_id=clip.pk, purpose="own", clock=clock)
    assert gate.may(cast.dina, "poster", clip, clock=clock).allowed
    show_notices(cast.dina, cast.company)
    gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)


def test_a_van_that_nobody_drove_can_be_looked_into_but_coaches_nobody(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    assert gate.purposes_for(cast.alice, clip, clock=clock) == (Purpose.INCIDENT,)


def test_a_yes_taken_back_stops_the_next_range_and_the_film_that_flows(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    say(cast.dina, cast.company, "coaching")
    view = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="coaching", clock=clock)
    flowing = gate.read_part(actor=cast.alice, view_id=view.pk, part="film.road", clock=clock).chunks
    assert len(next(flowing)) == MIB
    say(cast.dina, cast.company, "coaching", "withdrawn")
    assert sum(map(len, flowing)) < 7 * MIB, "the film ends early"
    for ask in (gate.read_part, gate.describe_part):
        with pytest.raises(Denied):
            ask(actor=cast.alice, view_id=view.pk, part="film.road", clock=clock)
    with pytest.raises(Denied):
        gate.report_progress(actor=cast.alice, view_id=view.pk, watched_ms=1, clock=clock)
    assert not gate.visible_clips(cast.alice, "poster", clock=clock).exclude(pk=clip.pk).exists()
    gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident", clock=clock)


def test_a_home_asks_everybody_who_lives_there(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.home_unit)

    def state() -> str:
        from custodes.hub.access.requests import Action

        past.read_on()
        return recorded.consent_for(clip, Action.VIEW, Purpose.TROUBLESHOOTING)

    assert state() == "unseen"
    say(cast.hanna, cast.household, "troubleshooting")
    assert state() == "unseen", "Milo has not been asked"
    say(cast.milo, cast.household, "troubleshooting", "no")
    assert state() == "no"
    say(cast.milo, cast.household, "troubleshooting")
    assert state() == "yes"
    gate.open_view(actor=cast.milo, clip_id=clip.pk, purpose="own", clock=clock)


def test_rows_put_in_by_hand_agree_to_nothing(cast: Cast, clock: ManualClock) -> None:
    """A yes that was taken back stands again by its row, and the no is gone; a notice counts as shown by its row."""
    clip, unseen = make_clip(cast.van_unit, subject=cast.dina), make_clip(cast.van_unit, subject=cast.eve, notice=False)
    say(cast.dina, cast.company, "coaching")
    say(cast.dina, cast.company, "coaching", "withdrawn")
    Answer.objects.filter(says="withdrawn").delete()
    Answer.objects.update(stands=True)
    Showing.objects.filter(topic="incident").update(person=cast.eve)
    assert Purpose.INCIDENT not in gate.purposes_for(cast.alice, unseen, clock=clock)
    assert Purpose.COACHING not in gate.purposes_for(cast.alice, clip, clock=clock)
    assert clip.pk not in set(gate.visible_clips(cast.charlie, "view", clock=clock).values_list("pk", flat=True))
