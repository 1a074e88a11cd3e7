"""Rows that somebody edited in the database's file erase nothing: what lets footage go stands signed in the ledger."""

import contextlib
import json
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from cast import NOW, NOW_NS, Cast, make_clip, put_in_case, tell_of_arrival
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput, Corrupt, Denied
from custodes.hub.audit import kept_heads, ledger, past, trusted
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.clips import cases, crosscheck, erasing, keeping, services, standing
from custodes.hub.clips.models import Case, CaseClip, Clip, Hold, RetentionRule
from custodes.hub.fleet import undo
from custodes.hub.fleet.crosscheck import undo_windows_against_ledger
from custodes.hub.fleet.models import Organisation
from custodes.hub.ingest import repair
from custodes.hub.ingest.giving_up import give_up
from custodes.hub.vault import keys

pytestmark = pytest.mark.django_db
DAY_NS = 86_400 * NS_PER_S
LATER_NS = NOW_NS + 30 * DAY_NS
CLOCK = ManualClock(wall=NOW_NS)


@pytest.fixture
def clip(cast: Cast) -> Clip:
    made = make_clip(cast.van_unit, received_at=NOW, ready_at=NOW)
    keys.put(made.pk, bytes(32))
    return made


def acts(cast: Cast, clip: Clip) -> dict[str, object]:
    return {"actor": cast.alice, "clip_id": clip.pk, "among": Clip.objects.all(), "clock": CLOCK}


def mark_deleted(clip: Clip) -> None:
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.DELETED, deleted_at=NOW, erase_after=NOW)


def goes(clip: Clip) -> bool:
    """Let the hub's chores run; say whether the clip's key went."""
    with contextlib.suppress(Corrupt):
        keeping.purge_due(now_ns=LATER_NS)
    erasing.erase_due(now_ns=LATER_NS + DAY_NS)
    return not keys.holds(clip.pk)


def test_a_row_that_says_deleted_erases_nothing_and_can_be_brought_back(cast: Cast, clip: Clip) -> None:
    mark_deleted(clip)
    assert not goes(clip)
    assert services.restore(**{**acts(cast, clip), "clock": ManualClock(wall=LATER_NS)}).state == Clip.State.READY
    services.delete(**acts(cast, clip))
    assert goes(clip)


EXPIRED = {"state": Clip.State.RECEIVING, "declared_at": NOW - timedelta(days=9)}


def set_back(clip: Clip) -> None:
    """Let a clip's row say that it never came whole, and nothing say that it is held."""
    Hold.objects.all().delete()
    Clip.objects.filter(pk=clip.pk).update(**EXPIRED)


@pytest.mark.parametrize("hidden", [{}, {"clip_id": None}, {"salt": b"\0" * 16}], ids=["seen", "filed away", "salted"])
def test_film_that_arrived_is_not_given_up_as_if_it_had_not_come(
    cast: Cast, clip: Clip, hidden: dict[str, object]
) -> None:
    keeping.place_hold(**acts(cast, clip), reason="court")
    past.read_on()
    set_back(clip)
    LedgerBody.objects.update(**hidden)
    assert repair.sweep_expired(now_ns=LATER_NS) == 0
    assert keys.holds(clip.pk)
    assert Clip.objects.filter(pk=clip.pk).exists()


def test_nothing_is_given_up_while_the_ledger_cannot_tell_what_arrived(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, told=False, **EXPIRED)
    LedgerLeaf.objects.filter(kind="site.created").update(mac=None)
    past._forget()
    assert repair.sweep_expired(now_ns=LATER_NS) == 0
    with pytest.raises(past.Unreadable):
        give_up(clip.pk)


@pytest.mark.parametrize("kept_by", ["hold", "case", "case later"])
def test_an_upload_that_is_held_is_not_given_up(cast: Cast, kept_by: str) -> None:
    clip = make_clip(cast.van_unit, told=False, **EXPIRED)
    if kept_by == "hold":
        keeping.place_hold(**acts(cast, clip), reason="court")
    case = put_in_case(clip if kept_by == "case" else make_clip(cast.van_unit))
    if kept_by == "case later":
        cases.add_clip(actor=cast.alice, case=case, clip_id=clip.pk, among=Clip.objects.all(), clock=CLOCK)
    set_back(clip)
    CaseClip.objects.all().delete()
    assert repair.sweep_expired(now_ns=LATER_NS) == 0
    keeping.release_hold(**acts(cast, clip))
    keeping.close_case(actor=cast.alice, case=case, clock=CLOCK)
    assert repair.sweep_expired(now_ns=LATER_NS) == 1


def forged(cast: Cast, clip: Clip, **more: object) -> None:
    body = {"clip": clip.pk, "site": clip.site_id, "person": cast.alice.pk, "erase_after": NOW.isoformat(), **more}
    ledger.append(kind="clip.deleted", body=body, now_ns=NOW_NS)


def test_an_entry_that_the_hub_did_not_sign_erases_nothing(cast: Cast, clip: Clip) -> None:
    mark_deleted(clip)
    forged(cast, clip)
    assert not goes(clip)
    other = make_clip(cast.van_unit)
    services.delete(**acts(cast, other))
    (told,) = trusted.told_of(other.pk, {"clip.deleted"})
    forged(cast, clip, **{trusted.SIGNATURE: told.body[trusted.SIGNATURE]})
    assert not goes(clip)


def test_an_old_permission_does_not_outlive_a_restoration(cast: Cast, clip: Clip) -> None:
    services.delete(**acts(cast, clip))
    services.restore(**acts(cast, clip))
    mark_deleted(clip)
    assert not goes(clip)
    signed = json.loads(LedgerBody.objects.get(leaf__kind="clip.deleted").body_json)
    ledger.append(kind="clip.deleted", body=signed, now_ns=NOW_NS)
    assert not goes(clip), "a signature stands for one place in the ledger"


@pytest.mark.parametrize("how", ["deleted", "released", "moved"])
def test_a_hold_whose_row_was_edited_still_keeps_the_clip(cast: Cast, clip: Clip, how: str) -> None:
    keeping.set_retention(actor=cast.alice, organisation=cast.company, days=1, clock=CLOCK)
    hold = keeping.place_hold(reason="claim 17", **acts(cast, clip))
    rows = Hold.objects.filter(pk=hold.pk)
    if how == "deleted":
        rows.delete()
    elif how == "released":
        rows.update(released_at=NOW)
    else:
        rows.update(clip=make_clip(cast.other_van_unit))
    assert not goes(clip)
    with pytest.raises(keeping.Held):
        services.delete(**acts(cast, clip))
    mark_deleted(clip)
    assert not goes(clip)
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.READY, deleted_at=None, erase_after=None)
    assert keeping.release_hold(**acts(cast, clip)) == 1
    assert goes(clip)


@pytest.mark.parametrize("how", ["closed", "clip taken out", "case gone"])
def test_a_case_whose_row_was_edited_still_keeps_its_clips(cast: Cast, clip: Clip, how: str) -> None:
    keeping.set_retention(actor=cast.alice, organisation=cast.company, days=1, clock=CLOCK)
    named = {"actor": cast.alice, "organisation": cast.company, "clock": CLOCK}
    case = keeping.open_case(name="Accident", among=Clip.objects.none(), **named)
    cases.add_clip(actor=cast.alice, case=case, clip_id=clip.pk, among=Clip.objects.all(), clock=CLOCK)
    if how == "closed":
        Case.objects.update(closed_at=NOW)
    CaseClip.objects.all().delete() if how != "closed" else None
    if how == "case gone":
        Case.objects.all().delete()
    assert not goes(clip)


def older(clip: Clip) -> None:
    Clip.objects.filter(pk=clip.pk).update(received_at=NOW - timedelta(days=900))


def shorter(_clip: Clip) -> None:
    RetentionRule.objects.update(days=1)


def lighter(clip: Clip) -> None:
    Clip.objects.filter(pk=clip.pk).update(severity="note")


def another_kind(clip: Clip) -> None:
    Clip.objects.filter(pk=clip.pk).update(kind="mark")


@pytest.mark.parametrize("edit", [older, shorter, lighter, another_kind])
def test_time_runs_by_what_was_written_down_not_by_the_row(
    cast: Cast, clip: Clip, edit: Callable[[Clip], None]
) -> None:
    named = {"actor": cast.alice, "organisation": cast.company, "clock": CLOCK}
    grave = make_clip(cast.van_unit, severity="critical", received_at=NOW, ready_at=NOW)
    tell_of_arrival(grave)
    keeping.set_retention(days=20, kind="mark", **named)
    keeping.set_retention(days=20, severity="note", **named)
    keeping.set_retention(days=400, kind="presence", severity="critical", **named)
    edit(grave)
    keeping.purge_due(now_ns=LATER_NS)
    assert Clip.objects.get(pk=grave.pk).state == Clip.State.READY
    assert Clip.objects.get(pk=clip.pk).state == Clip.State.DELETED, "the other one's time is over"


@pytest.mark.parametrize("what", ["entry", "body", "kind", "words"])
def test_in_a_ledger_with_a_hole_nothing_is_erased(cast: Cast, clip: Clip, what: str) -> None:
    other = make_clip(cast.van_unit, received_at=NOW, ready_at=NOW)
    hold = keeping.place_hold(reason="claim 17", **acts(cast, clip))
    services.delete(**acts(cast, other))
    kept_heads.keep_newest(ledger.signed_head(now_ns=NOW_NS))
    Hold.objects.filter(pk=hold.pk).delete()
    placed = LedgerLeaf.objects.filter(kind="clip.hold_placed")
    if what == "kind":
        placed.update(kind="clip.assigned")
    elif what == "words":
        LedgerBody.objects.filter(leaf__in=placed).update(body_json=f'{{"clip":"{other.pk}","hold":{hold.pk}}}')
    else:
        LedgerBody.objects.filter(leaf__in=placed).delete()
        if what == "entry":
            placed.delete()
    assert not goes(clip)
    with pytest.raises(Corrupt, match="audit verify"):
        standing.standing()


def test_what_was_written_before_entries_were_signed_still_counts(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, told=False, received_at=NOW, ready_at=NOW)
    keys.put(clip.pk, bytes(32))
    ledger.append(kind="clip.deleted", body={"clip": clip.pk, "erase_after": NOW.isoformat()}, now_ns=NOW_NS)
    mark_deleted(clip)
    make_clip(cast.van_unit, id=uuid.uuid4(), received_at=NOW)
    assert goes(clip)


@pytest.mark.parametrize("row_s", [-3600, 10**8])
def test_the_window_to_undo_runs_by_the_entry_that_deleted_not_by_the_row(cast: Cast, clip: Clip, row_s: int) -> None:
    services.delete(**acts(cast, clip))
    said = standing.may_go_after(clip.pk)
    assert said is not None
    Clip.objects.filter(pk=clip.pk).update(erase_after=NOW + timedelta(seconds=row_s))
    within = NOW_NS + (cast.company.undo_window_s - 60) * NS_PER_S
    erasing.erase_due(now_ns=within)
    assert keys.holds(clip.pk), "not before its time"
    with contextlib.suppress(Corrupt):
        assert [one.kind for one in crosscheck.lives_against_ledger()] == (["clip_edited"] if row_s < 0 else [])
    erasing.erase_due(now_ns=within + 120 * NS_PER_S)
    assert not keys.holds(clip.pk), "and not after it"


def test_a_clip_can_be_brought_back_as_long_as_its_entry_says(cast: Cast, clip: Clip) -> None:
    services.delete(**acts(cast, clip))
    Clip.objects.filter(pk=clip.pk).update(erase_after=NOW)
    inside = ManualClock(wall=NOW_NS + (cast.company.undo_window_s - 1) * NS_PER_S)
    assert services.restore(**{**acts(cast, clip), "clock": inside}).state == Clip.State.READY
    services.delete(**acts(cast, clip))
    Clip.objects.filter(pk=clip.pk).update(erase_after=NOW + timedelta(days=99))
    outside = ManualClock(wall=NOW_NS + (cast.company.undo_window_s + 1) * NS_PER_S)
    with pytest.raises(BadInput, match="has passed"):
        services.restore(**{**acts(cast, clip), "clock": outside})


def test_how_long_one_can_undo_is_what_was_written_down(cast: Cast, clip: Clip) -> None:
    assert undo.begin(now_ns=NOW_NS) == 3
    assert undo.begin(now_ns=NOW_NS) == 0
    Organisation.objects.filter(pk=cast.company.pk).update(undo_window_s=0)
    cast.company.refresh_from_db()
    deleted = services.delete(**acts(cast, clip))
    assert deleted.erase_after - NOW == timedelta(seconds=600)
    assert [one.kind for one in undo_windows_against_ledger()] == ["organisation_edited"]
    after = {"undo_window_s": "60"}
    ledger.append(kind="organisation.changed", body={"organisation": cast.company.pk, "after": after}, now_ns=NOW_NS)
    assert undo.window_s(cast.company) == 60
    forged_leaf = ledger.append(
        kind="organisation.changed",
        body={"organisation": cast.company.pk, "after": {"undo_window_s": "1"}},
        now_ns=NOW_NS,
    )
    LedgerLeaf.objects.filter(pk=forged_leaf.seq).update(mac=bytes(32))
    with pytest.raises(Denied):
        undo.window_s(cast.company)
    assert undo.shown_s(cast.company) == 60, "an entry that this hub did not write sets nothing"
    assert undo.begin(now_ns=NOW_NS) == 0, "and stops no start"


def test_a_clip_that_no_entry_brought_or_that_was_moved_is_never_due(cast: Cast, clip: Clip) -> None:
    keeping.set_retention(actor=cast.alice, organisation=cast.company, days=1, clock=CLOCK)
    late = NOW + timedelta(days=9)
    past.read_on()
    assert standing.standing().is_due(clip, late)
    assert not standing.standing().is_due(make_clip(cast.van_unit, told=False), late)
    Clip.objects.filter(pk=clip.pk).update(site=cast.other_van)
    assert not standing.standing().is_due(Clip.objects.get(pk=clip.pk), late)
