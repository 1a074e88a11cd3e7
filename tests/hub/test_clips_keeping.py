"""What keeps a clip and what lets it go: holds, cases, retention by class; a refusal is written down."""

from datetime import timedelta

import pytest

from cast import NOW, NOW_NS, Cast, acts_since, make_clip
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.clips import erasing, keeping, services
from custodes.hub.clips.models import Clip, RetentionRule
from custodes.hub.vault import destroyed, keys

DAY_NS = 86_400 * NS_PER_S
EVERYTHING = Clip.objects.all


@pytest.fixture
def clip(cast: Cast) -> Clip:
    made = make_clip(cast.van_unit, received_at=NOW, ready_at=NOW)
    keys.put(made.pk, bytes(32))
    return made


def acts(cast: Cast, clip: Clip, at_ns: int = NOW_NS) -> dict[str, object]:
    return {"actor": cast.alice, "clip_id": clip.pk, "among": EVERYTHING(), "clock": ManualClock(wall=at_ns)}


def live(days: int) -> None:
    """Let the hub's chores run at the end of each of `days` days."""
    for day in range(1, days + 1):
        keeping.purge_due(now_ns=NOW_NS + day * DAY_NS)
        erasing.erase_due(now_ns=NOW_NS + day * DAY_NS + 3600 * NS_PER_S)


def test_a_held_clip_cannot_be_deleted_and_the_attempt_is_written_down(cast: Cast, clip: Clip) -> None:
    keeping.place_hold(reason="claim 17", **acts(cast, clip))
    with pytest.raises(keeping.Held, match="legal hold"):
        services.delete(**acts(cast, clip))
    clip.refresh_from_db()
    assert clip.state == Clip.State.READY
    assert acts_since(cast) == ["clip.hold_placed", "clip.delete_refused"]
    assert keeping.release_hold(**acts(cast, clip)) == 1
    assert services.delete(**acts(cast, clip)).state == Clip.State.DELETED


def test_a_hold_brings_a_deleted_clip_back_and_comes_too_late_for_an_erased_one(cast: Cast, clip: Clip) -> None:
    services.delete(**acts(cast, clip))
    keeping.place_hold(reason="claim 17", **acts(cast, clip))
    clip.refresh_from_db()
    assert (clip.state, clip.erase_after) == (Clip.State.READY, None)
    live(3)
    assert keys.holds(clip.pk)
    keeping.release_hold(**acts(cast, clip))
    services.delete(**acts(cast, clip))
    destroyed.note(clip.pk, now_ns=NOW_NS)
    with pytest.raises(BadInput, match="key is gone"):
        keeping.place_hold(reason="claim 17", **acts(cast, clip))


def test_a_hold_that_comes_between_deletion_and_erasure_stops_the_erasure(cast: Cast, clip: Clip) -> None:
    services.delete(**acts(cast, clip))
    hold = keeping.Hold.objects.create(clip=clip, reason="put in by another process", placed_at=NOW)
    assert erasing.erase_due(now_ns=NOW_NS + DAY_NS) == 0
    assert keys.holds(clip.pk)
    hold.delete()
    assert erasing.erase_due(now_ns=NOW_NS + DAY_NS) == 1


def test_a_hold_needs_a_reason_and_somebody_who_may(cast: Cast, clip: Clip) -> None:
    with pytest.raises(BadInput, match="needs a reason"):
        keeping.place_hold(reason=" ", **acts(cast, clip))
    with pytest.raises(Denied):
        keeping.place_hold(reason="claim", **{**acts(cast, clip), "among": Clip.objects.none()})


def test_clips_go_when_their_time_is_over_with_the_undo_window_in_between(cast: Cast, clip: Clip) -> None:
    keeping.set_retention(actor=cast.alice, organisation=cast.company, days=10, clock=ManualClock(wall=NOW_NS))
    live(9)
    clip.refresh_from_db()
    assert clip.state == Clip.State.READY
    assert keeping.purge_due(now_ns=NOW_NS + 10 * DAY_NS) == 1
    clip.refresh_from_db()
    assert clip.state == Clip.State.DELETED
    assert services.restore(**acts(cast, clip, NOW_NS + 10 * DAY_NS)).state == Clip.State.READY
    live(11)
    clip.refresh_from_db()
    assert clip.erased_at is not None
    assert acts_since(cast)[-2:] == ["clip.retention_ended", "clip.erased"]


def test_of_several_rules_the_longest_wins(cast: Cast, clip: Clip) -> None:
    Clip.objects.filter(pk=clip.pk).update(kind="speed", severity="critical")
    clip.refresh_from_db()
    named = {"actor": cast.alice, "organisation": cast.company, "clock": ManualClock(wall=NOW_NS)}
    assert keeping.keeping_of(clip).why == "no rule"
    for days, more in ((5, {}), (90, {"severity": "critical"}), (30, {"kind": "speed"}), (200, {"kind": "mark"})):
        keeping.set_retention(days=days, **more, **named)
    assert keeping.keeping_of(clip) == keeping.Keeping("rule", NOW + timedelta(days=90))
    keeping.set_retention(days=None, severity="critical", **named)
    assert keeping.keeping_of(clip).until == NOW + timedelta(days=30)
    keeping.set_retention(days=30, kind="speed", **named)
    assert acts_since(cast) == ["retention.set"] * 5, "a rule that stays as it was is no act"
    assert RetentionRule.objects.count() == 3


def test_without_a_rule_nothing_goes(cast: Cast, clip: Clip) -> None:
    keeping.set_retention(
        actor=cast.alice, organisation=cast.company, days=1, kind="speed", clock=ManualClock(wall=NOW_NS)
    )
    assert clip.kind != "speed"
    assert keeping.purge_due(now_ns=NOW_NS + 10_000 * DAY_NS) == 0


@pytest.mark.parametrize("days", [0, -1, 40_000])
def test_a_number_of_days_that_is_none_is_refused(cast: Cast, days: int) -> None:
    with pytest.raises(BadInput, match="not between"):
        keeping.set_retention(actor=cast.alice, organisation=cast.company, days=days)


def test_purge_breaks_neither_a_hold_nor_a_case(cast: Cast, clip: Clip) -> None:
    named = {"actor": cast.alice, "organisation": cast.company, "clock": ManualClock(wall=NOW_NS)}
    cased = make_clip(cast.van_unit, received_at=NOW, ready_at=NOW)
    foreign = make_clip(cast.rival_unit, received_at=NOW, ready_at=NOW)
    keeping.set_retention(days=1, **named)
    keeping.place_hold(reason="claim 17", **acts(cast, clip))
    case = keeping.open_case(name="Accident", among=Clip.objects.filter(pk__in=[cased.pk, foreign.pk]), **named)
    assert [entry.clip_id for entry in case.entries.all()] == [cased.pk], "a case holds clips of its organisation only"
    live(5)
    assert not Clip.objects.exclude(state=Clip.State.READY).exists()
    with pytest.raises(keeping.Held, match="open case"):
        services.delete(**acts(cast, cased))
    keeping.close_case(actor=cast.alice, case=case, clock=ManualClock(wall=NOW_NS))
    live(5)
    assert Clip.objects.get(pk=cased.pk).erased_at is not None
    assert Clip.objects.get(pk=clip.pk).erased_at is None
