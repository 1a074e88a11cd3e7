"""The gate opens for those whom a rule names, writes first, and refuses the rest without a difference."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from cast import NOW_NS, Cast, give_role, make_clip, say
from custodes.core.clock import ManualClock
from custodes.core.errors import Denied
from custodes.core.types import Purpose
from custodes.hub.access import gate, told, viewings
from custodes.hub.access.models import View
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.audit.leaf import canonical_json
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.clips import held_words, marked
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.fleet.models import Membership
from custodes.trace.splice import ViewLayout
from marked_clip import made_up_twins

pytestmark = pytest.mark.django_db
FILM = bytes(range(256)) * 10
LAYOUT = ViewLayout(made_up_twins(len(FILM), fragments=4).index, "ABBA")


@dataclass
class FakePart:
    size_bytes: int
    media_type: str
    chunks: Iterator[bytes]


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Stand in for the vault; return what was asked of it, with the ledger's size at that moment."""
    asked: list[tuple[str, int]] = []

    def footage(clip: Clip, part: str, start: int, stop: int | None) -> gate.OpenedPart:
        asked.append((part, ledger.size()))
        return gate.OpenedPart(len(FILM), "video/mp4", iter([FILM[start:stop]]))

    def a_range(clip: Clip, film: str, layout: ViewLayout, start: int, stop: int) -> Iterator[bytes]:
        asked.append((film, ledger.size()))
        return iter([FILM[start:stop]])

    monkeypatch.setattr(gate, "_footage", footage)
    monkeypatch.setattr(held_words, "layout_for", lambda clip, view, film: LAYOUT if film == "film.road" else None)
    monkeypatch.setattr(marked, "read_range", a_range)
    return asked


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=NOW_NS)


def test_a_view_is_in_the_ledger_before_any_byte(cast: Cast, clock: ManualClock, opened: list[tuple[str, int]]) -> None:
    clip = make_clip(cast.van_unit)
    before = ledger.size()
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", reason="claim 7", clock=clock)
    assert opened == []
    leaf = LedgerLeaf.objects.get(pk=view.ledger_seq)
    body = LedgerBody.objects.get(pk=view.ledger_seq)
    assert (leaf.kind, body.clip_id, body.person_id) == ("view.opened", clip.pk, cast.bob.pk)
    assert (view.role, view.policy) == ("dispatcher", "dispatcher-watches-incidents")
    part = gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road", start=3, stop=9, clock=clock)
    assert b"".join(part.chunks) == FILM[3:9]
    assert opened == [("film.road", before + 1)]
    assert View.objects.get().last_byte_at == datetime.fromtimestamp(NOW_NS / 1e9, tz=UTC)


def test_without_a_ledger_entry_there_is_no_view(
    cast: Cast, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError("disk full")

    clip = make_clip(cast.van_unit)
    monkeypatch.setattr(ledger, "append", refuse)
    with pytest.raises(OSError, match="disk full"):
        gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    assert not View.objects.exists()


def test_missing_and_forbidden_sound_the_same(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    messages, before = [], ledger.size()
    for clip_id in (clip.pk, uuid.uuid4()):
        with pytest.raises(Denied) as denied:
            gate.open_view(actor=cast.charlie, clip_id=clip_id, purpose="incident", clock=clock)
        messages.append(str(denied.value).replace(str(clip_id), "ID"))
    assert messages[0] == messages[1]
    assert ledger.size() == before


@pytest.mark.parametrize("purpose", ["training", "own", "nonsense", ""])
def test_a_role_opens_for_its_own_purposes_only(cast: Cast, clock: ManualClock, purpose: str) -> None:
    clip = make_clip(cast.van_unit)
    with pytest.raises(Denied):
        gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose=purpose, clock=clock)


def test_nobody_reads_through_anothers_view(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose=Purpose.INCIDENT, clock=clock)
    for other in (cast.alice, cast.charlie, cast.root, AnonymousUser()):
        with pytest.raises(Denied):
            gate.read_part(actor=other, view_id=view.pk, part="film.road", clock=clock)
        with pytest.raises(Denied):
            gate.read_manifest(actor=other, view_id=view.pk, clock=clock)
        with pytest.raises(Denied):
            gate.report_progress(actor=other, view_id=view.pk, watched_ms=1, clock=clock)


@pytest.mark.parametrize("part", ["manifest", "poster", "film.nowhere", "", "../keys"])
def test_a_view_gives_films_only(cast: Cast, clock: ManualClock, part: str) -> None:
    clip = make_clip(cast.van_unit)
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    with pytest.raises(Denied):
        gate.read_part(actor=cast.bob, view_id=view.pk, part=part, clock=clock)


def test_a_withdrawn_right_counts_from_the_next_range(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road", stop=10, clock=clock)
    Membership.objects.filter(person=cast.bob).update(until=datetime.fromtimestamp(NOW_NS / 1e9, tz=UTC))
    with pytest.raises(Denied):
        gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road", start=10, clock=clock)


def test_a_closed_account_counts_from_the_next_range(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    type(cast.bob).objects.filter(pk=cast.bob.pk).update(is_active=False)
    with pytest.raises(Denied):
        gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road", clock=clock)


@pytest.mark.parametrize("state", ["deleted", "quarantined", "receiving", "processing"])
def test_an_open_view_ends_with_its_clip(cast: Cast, clock: ManualClock, state: str) -> None:
    clip = make_clip(cast.van_unit)
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    Clip.objects.filter(pk=clip.pk).update(state=state)
    with pytest.raises(Denied):
        gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road", clock=clock)


def test_a_view_ends_when_closed_and_by_itself(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    first, second = (gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock) for _ in range(2))
    assert first.pk != second.pk
    gate.close_view(actor=cast.bob, view_id=first.pk, clock=clock)
    with pytest.raises(Denied):
        gate.read_part(actor=cast.bob, view_id=first.pk, part="film.road", clock=clock)
    clock.advance(12 * 3600)
    gate.read_part(actor=cast.bob, view_id=second.pk, part="film.road", clock=clock)
    clock.advance(1)
    with pytest.raises(Denied):
        gate.read_part(actor=cast.bob, view_id=second.pk, part="film.road", clock=clock)


@pytest.mark.parametrize("change", ["person", "purpose", "clip", "entry"])
def test_a_viewing_is_what_its_entry_says_whatever_its_row_does(cast: Cast, clock: ManualClock, change: str) -> None:
    clip, other = make_clip(cast.van_unit, subject=cast.dina), make_clip(cast.van_unit, subject=cast.dina)
    say(cast.dina, cast.company, "coaching")
    reader = cast.bob if change == "person" else cast.alice
    view = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident", clock=clock)
    gate.read_part(actor=cast.alice, view_id=view.pk, part="film.road", clock=clock)
    mine = gate.open_view(actor=reader, clip_id=other.pk, purpose="incident", clock=clock)
    View.objects.filter(pk=view.pk).update(
        **{
            "person": {"person": cast.bob},
            "purpose": {"purpose": "coaching"},
            "clip": {"clip": other},
            "entry": {"ledger_seq": mine.ledger_seq},
        }[change]
    )
    before = ledger.size()
    for ask in (
        lambda: gate.read_part(actor=reader, view_id=view.pk, part="film.road", clock=clock),
        lambda: gate.describe_part(actor=reader, view_id=view.pk, part="film.road", clock=clock),
        lambda: gate.read_manifest(actor=reader, view_id=view.pk, clock=clock),
        lambda: gate.close_view(actor=reader, view_id=view.pk, clock=clock),
    ):
        with pytest.raises(Denied):
            ask()
    assert ledger.size() == before


def test_a_viewing_that_is_over_goes_on_by_no_row(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    old, closed = (gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock) for _ in range(2))
    gate.close_view(actor=cast.bob, view_id=closed.pk, clock=clock)
    View.objects.filter(pk=closed.pk).update(closed_at=None)
    with pytest.raises(Denied):
        gate.read_part(actor=cast.bob, view_id=closed.pk, part="film.road", clock=clock)
    clock.advance(30 * 24 * 3600)
    View.objects.filter(pk=old.pk).update(opened_at=datetime.fromtimestamp(clock.wall_ns() / 1e9, tz=UTC))
    with pytest.raises(Denied):
        gate.read_part(actor=cast.bob, view_id=old.pk, part="film.road", clock=clock)


@pytest.mark.django_db(transaction=True)
def test_what_an_entry_said_of_a_viewing_is_read_once(
    cast: Cast, clock: ManualClock, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(cast.van_unit)
    views = [gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock) for _ in range(3)]
    monkeypatch.setattr(viewings, "MOST_KEPT", 2)
    for view in views:
        assert viewings.said_of(view.pk, view.ledger_seq)
    with django_assert_num_queries(0):
        assert viewings.said_of(views[2].pk, views[2].ledger_seq).opener == str(cast.bob.pk)
    with django_assert_num_queries(1):
        viewings.said_of(views[0].pk, views[0].ledger_seq)


def test_progress_only_grows(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    for watched_ms in (400, 900, 200):
        gate.report_progress(actor=cast.bob, view_id=view.pk, watched_ms=watched_ms, clock=clock)
    assert View.objects.get().watched_ms == 900


def test_pictures_of_a_list_cost_one_entry_a_day(cast: Cast, clock: ManualClock) -> None:
    clips = [make_clip(cast.van_unit) for _ in range(3)]
    foreign = make_clip(cast.home_unit)
    wanted = [*clips, foreign]
    before = ledger.size()
    assert set(gate.list_posters(gate.sight(cast.bob, clock=clock), wanted, clock=clock)) == {clip.pk for clip in clips}
    for clip in clips:
        assert gate.read_poster(actor=cast.bob, clip_id=clip.pk, clock=clock) == FILM
    assert ledger.size() == before + 1
    clock.advance(24 * 3600)
    gate.read_poster(actor=cast.bob, clip_id=clips[0].pk, clock=clock)
    assert ledger.size() == before + 2
    assert LedgerBody.objects.get(pk=before + 1).clip_id == clips[0].pk


def test_an_entry_that_was_edited_to_say_that_a_picture_was_shown_keeps_no_look_out_of_the_ledger(
    cast: Cast, clock: ManualClock
) -> None:
    clip, other = make_clip(cast.van_unit), make_clip(cast.van_unit)
    gate.read_poster(actor=cast.bob, clip_id=other.pk, clock=clock)
    row = LedgerBody.objects.get(pk=ledger.size() - 1)
    forged = canonical_json({"person": cast.bob.pk, "clip": clip.pk, "clips": [str(clip.pk)]})
    LedgerBody.objects.filter(pk=row.pk).update(clip_id=clip.pk, body_json=forged)
    with pytest.raises(Denied):
        gate.read_poster(actor=cast.bob, clip_id=clip.pk, clock=clock)
    LedgerBody.objects.filter(pk=row.pk).update(clip_id=other.pk, body_json=row.body_json)
    gate.read_poster(actor=cast.bob, clip_id=other.pk, clock=clock)
    assert ledger.size() == row.pk + 1
    LedgerBody.objects.filter(pk=row.pk).update(clip_id=clip.pk, body_json=forged)
    gate.read_poster(actor=cast.bob, clip_id=clip.pk, clock=clock)
    assert ledger.size() == row.pk + 2


def test_a_picture_asked_for_directly_is_written_down_first(
    cast: Cast, clock: ManualClock, opened: list[tuple[str, int]]
) -> None:
    clip = make_clip(cast.van_unit)
    before = ledger.size()
    gate.read_poster(actor=cast.bob, clip_id=clip.pk, clock=clock)
    assert opened == [("poster", before + 1)]
    with pytest.raises(Denied):
        gate.read_poster(actor=cast.charlie, clip_id=clip.pk, clock=clock)


def test_a_view_is_proven_to_those_who_may_know_of_it(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    assert gate.prove_view(actor=cast.dina, view_id=view.pk, clock=clock).seq == view.ledger_seq
    for other in (cast.charlie, cast.oscar, cast.sam):
        with pytest.raises(Denied):
            gate.prove_view(actor=other, view_id=view.pk, clock=clock)


def test_who_may_see_this_is_said_by_rule(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    say(cast.dina, cast.company, "coaching")
    lines = {line.policy: line for line in told.audience(gate.question(cast.alice, clip, clock=clock))}
    assert {policy: [person.pk for person in line.named] for policy, line in lines.items()} == {
        "dispatcher-watches-incidents": [cast.bob.pk],
        "manager-watches-incidents-and-coaches": [cast.alice.pk],
        "driver-watches-own-shift": [cast.dina.pk],
    }
    assert lines["manager-watches-incidents-and-coaches"].purposes == (Purpose.INCIDENT, Purpose.COACHING)
    assert lines["driver-watches-own-shift"].says.startswith("The driver on shift")


@pytest.mark.parametrize(
    ("who", "action", "state", "policy"),
    [
        ("charlie", "view", "ready", "another-organisation"),
        ("sam", "view", "ready", "another-site"),
        ("eve", "view", "ready", "membership-ended"),
        ("oscar", "list", "ready", "operator-sees-no-footage"),
        ("bob", "view", "quarantined", "clip-quarantined"),
        ("bob", "view", "processing", "clip-not-ready"),
        ("alice", "delete", "deleted", "clip-deleted"),
        ("alice", "restore", "ready", "nothing-to-restore"),
        ("bob", "delete", "ready", ""),
        ("stranger", "view", "ready", ""),
        ("root", "view", "ready", ""),
    ],
)
def test_a_refusal_names_its_rule(cast: Cast, who: str, action: str, state: str, policy: str) -> None:
    clip = make_clip(cast.van_unit, state=state)
    decision = gate.may(getattr(cast, who), action, clip)
    assert (decision.allowed, decision.policy) == (False, policy)
    assert decision.why


def test_a_clip_without_a_picture_shows_none_and_nothing_is_written_down(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    clip.parts.filter(kind=ClipPart.Kind.POSTER).delete()
    before = ledger.size()
    with pytest.raises(Denied):
        gate.read_poster(actor=cast.bob, clip_id=clip.pk, clock=clock)
    assert ledger.size() == before


def test_a_picture_larger_than_any_is_not_read(cast: Cast, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_clip(cast.van_unit)
    monkeypatch.setattr(gate, "MAX_POSTER_BYTES", len(FILM))
    assert gate.read_poster(actor=cast.bob, clip_id=clip.pk, clock=clock) == FILM
    monkeypatch.setattr(gate, "MAX_POSTER_BYTES", len(FILM) - 1)
    with pytest.raises(Denied):
        gate.read_poster(actor=cast.bob, clip_id=clip.pk, clock=clock)


def test_a_view_that_never_was_is_proven_to_nobody(cast: Cast, clock: ManualClock) -> None:
    with pytest.raises(Denied):
        gate.prove_view(actor=cast.alice, view_id=uuid.uuid4(), clock=clock)


def test_with_a_clip_that_is_not_where_it_arrived_nobody_may_anything(cast: Cast, clock: ManualClock) -> None:
    clip = make_clip(cast.van_unit)
    assert cast.bob in gate.question(cast.alice, clip, clock=clock).who_may(Action.TRIAGE)
    Clip.objects.filter(pk=clip.pk).update(site=cast.other_van)
    assert gate.question(cast.alice, Clip.objects.get(pk=clip.pk), clock=clock).who_may(Action.TRIAGE) == []


def test_a_driver_watches_no_colleagues_clip(cast: Cast, clock: ManualClock) -> None:
    give_role(cast.stranger, cast.company, Membership.Role.DRIVER)
    clip = make_clip(cast.van_unit, subject=cast.dina)
    assert gate.purposes_for(cast.dina, clip, clock=clock) == (Purpose.OWN,)
    assert gate.purposes_for(cast.stranger, clip, clock=clock) == ()
