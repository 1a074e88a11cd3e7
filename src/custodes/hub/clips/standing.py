"""What the ledger says of a clip's life: what keeps it, and since when it may go. Rows are not asked.

A row of the database can be edited by whoever holds its file: a hold taken off, an end put on. So no footage goes by
rows alone. What lets a clip go (a deletion, the end of its time, of a hold, of a case) bears the hub's signature
(`audit.trusted`); where rows and ledger differ, what keeps the clip wins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from custodes.hub.audit import past, trusted
from custodes.hub.audit.trusted import Told
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.times import moment_of

DELETED, ENDED, RESTORED = "clip.deleted", "clip.retention_ended", "clip.restored"
HELD, LET_GO = "clip.hold_placed", "clip.hold_released"
OPENED, CLOSED, ADDED, REMOVED = "case.opened", "case.closed", "case.clip_added", "case.clip_removed"
RETENTION, RECEIVED = "retention.set", "clip.received"
_CASES = past.Entries((OPENED, CLOSED, ADDED, REMOVED), by="case")
_OPENED_WITH = past.Entries((OPENED,), by="clips")
_KEEPING = past.Entries((HELD, LET_GO, ADDED), by="clip")
KINDS = frozenset({DELETED, ENDED, RESTORED, HELD, LET_GO, OPENED, CLOSED, ADDED, REMOVED, RETENTION})
"""Entries on which an erasure rests; the hub signs each."""


@dataclass(slots=True)
class Standing:
    """Where the ledger leaves things: open holds and cases by clip, when deleted clips may go, rules by class."""

    holds: dict[UUID, set[int]] = field(default_factory=dict)
    cases: dict[UUID, set[UUID]] = field(default_factory=dict)
    may_go: dict[UUID, datetime] = field(default_factory=dict)
    unsaid: set[UUID] = field(default_factory=set)
    """Deleted clips whose entries, of early versions, do not name the end of the window."""
    rules: dict[tuple[UUID, str, str], int] = field(default_factory=dict)
    """Days, by organisation, kind of event and severity."""

    def keeps(self, clip_id: UUID) -> bool:
        """Say whether a hold or an open case keeps a clip."""
        return bool(self.holds.get(clip_id) or self.cases.get(clip_id))

    def may_erase(self, clip: Clip, now: datetime) -> bool:
        """Say whether a clip was deleted, its undo window is over, and nothing keeps it."""
        after = self.may_go.get(clip.pk)
        return after is not None and after <= now and not self.keeps(clip.pk)

    def slack(self, clip_id: UUID) -> timedelta:
        """Return how far a row may lie from when its entry lets a clip go."""
        return timedelta(days=1) if clip_id in self.unsaid else timedelta(seconds=1)

    def is_due(self, clip: Clip, now: datetime) -> bool:
        """Say whether a clip's time is over by the rules that were set and by when and as what it arrived."""
        arrived = next(iter(trusted.told_of(clip.pk, {RECEIVED})), None)
        if arrived is None or self.keeps(clip.pk):
            return False
        said, owner = arrived.body, clip.site.organisation_id
        # Entries of early versions do not name the severity.
        kind, severity = said.get("event", clip.kind), said.get("severity", clip.severity)
        if said.get("site") != str(clip.site_id):
            return False
        classes = [(owner, one, other) for one in ("", kind) for other in ("", severity)]
        days = [self.rules[one] for one in classes if one in self.rules]
        received_at = moment_of(arrived.recorded_wall_ns)
        return bool(days) and received_at + timedelta(days=max(days)) <= now


def standing() -> Standing:
    """Return where the whole ledger leaves things. One pass over it. Raises Corrupt where it is not whole."""
    return follow(trusted.whole_past(KINDS))


def may_go_after(clip_id: UUID) -> datetime | None:
    """Return from when on a deleted clip may go, by the entries that are filed under it; None: it was not deleted."""
    return follow(trusted.told_of(clip_id, {DELETED, ENDED, RESTORED, HELD})).may_go.get(clip_id)


def holds_on(clip_id: UUID) -> frozenset[int]:
    """Return the holds that stand on a clip, by the entries that are filed under it."""
    return frozenset(follow(trusted.told_of(clip_id, {HELD, LET_GO})).holds.get(clip_id, ()))


def hold_placed_at(clip_id: UUID, seq: int) -> int | None:
    """Return the hold that the entry at a place put on a clip, as of the last reading of the ledger, if it put one."""
    told = (one for one in _KEEPING.as_read(clip_id) if (one.kind, one.seq) == (HELD, seq))
    return next((int(one.body["hold"]) for one in told), None)


def were_no_cases() -> bool:
    """Say whether no case was ever opened, as of the last reading of the ledger."""
    return _CASES.is_empty()


def was_closed(case_id: UUID) -> bool:
    """Say whether a case was closed, as of the last reading of the ledger (`past.read_on`)."""
    return any(one.kind == CLOSED for one in _CASES.as_read(case_id))


def clips_of_case(case_id: UUID) -> set[UUID]:
    """Return the clips that a case keeps while it is open, as of the last reading of the ledger (`past.read_on`)."""
    return set(follow(_CASES.as_read(case_id)).cases)


def is_kept(clip_id: UUID) -> bool:
    """Say whether a hold or an open case keeps a clip, as of the last reading of the ledger (`past.read_on`)."""
    told = _KEEPING.as_read(clip_id)
    cases = {str(one.body["case"]) for one in (*told, *_OPENED_WITH.as_read(clip_id)) if one.kind in {OPENED, ADDED}}
    held = follow(one for one in told if one.kind in {HELD, LET_GO}).holds.get(clip_id)
    return bool(held) or any(clip_id in clips_of_case(UUID(case)) for case in cases)


def follow(told: Iterable[Told]) -> Standing:
    """Return where entries, in the ledger's order, leave things."""
    found = Standing()
    members: dict[UUID, set[UUID]] = {}
    for one in told:
        if one.kind == RETENTION:
            _rule(found, one.body)
        elif one.kind in {OPENED, CLOSED, ADDED, REMOVED}:
            _case(members, one)
        else:
            _clip(found, one)
    for case, clips in members.items():
        for clip_id in clips:
            found.cases.setdefault(clip_id, set()).add(case)
    return found


def _clip(found: Standing, told: Told) -> None:
    clip_id = UUID(str(told.body["clip"]))
    if told.kind == HELD:
        found.holds.setdefault(clip_id, set()).add(int(told.body["hold"]))
    if told.kind == LET_GO:
        found.holds.get(clip_id, set()).discard(int(told.body["hold"]))
    elif told.kind in {RESTORED, HELD}:
        found.may_go.pop(clip_id, None)
    else:
        after = told.body.get("erase_after")
        # Entries of early versions do not name the end of the window; a day is longer than any of theirs.
        recorded = moment_of(told.recorded_wall_ns)
        (found.unsaid.discard if after else found.unsaid.add)(clip_id)
        found.may_go[clip_id] = datetime.fromisoformat(after) if after else recorded + timedelta(days=1)


def _case(members: dict[UUID, set[UUID]], told: Told) -> None:
    case = UUID(str(told.body["case"]))
    if told.kind == OPENED:
        members[case] = {UUID(clip_id) for clip_id in told.body["clips"]}
    elif told.kind == CLOSED:
        members.pop(case, None)
    elif told.kind == ADDED:
        members.setdefault(case, set()).add(UUID(str(told.body["clip"])))
    else:
        members.get(case, set()).discard(UUID(str(told.body["clip"])))


def _rule(found: Standing, body: Mapping[str, object]) -> None:
    key = (UUID(str(body["organisation"])), str(body["event"]), str(body["severity"]))
    days = body["days"]
    if isinstance(days, int):
        found.rules[key] = days
    else:
        found.rules.pop(key, None)
