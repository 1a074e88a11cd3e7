"""What the hub's own entries say of a request for an original: who asked what, who said yes, whether it was taken.

A request's row is anybody's who writes the database: of its own it opens nothing. That a request was not refused, nor
taken yet, rests on no entry being there; so they are read in order and kept in memory (`audit.past`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from custodes.hub.access.models import Unsealing
from custodes.hub.audit import past
from custodes.hub.audit.said import Said
from custodes.hub.audit.trusted import Told

ASKED, BROKEN = "original.asked", "glass.broken"
APPROVED, REFUSED, REVIEWED = "original.approved", "original.refused", "glass.reviewed"
TAKEN = "original.taken"
KINDS = (ASKED, BROKEN, APPROVED, REFUSED, REVIEWED, TAKEN)
_ENTRIES = past.Entries(KINDS, by="unsealing")
_STATE = Unsealing.State
_OPEN = frozenset({_STATE.APPROVED, _STATE.BROKEN, _STATE.JUSTIFIED})


@dataclass(slots=True)
class Standing:
    """Where its entries leave a request. `state` None: no entry began it."""

    state: str | None = None
    began: Mapping[str, Any] | None = None
    began_wall_ns: int = 0
    decided_by: str | None = None
    decided_wall_ns: int = 0
    is_taken: bool = False

    @property
    def is_granted(self) -> bool:
        """Say whether somebody else approved it, or the glass was broken and nobody found that there was no need."""
        return self.state in _OPEN


def standing(row: Unsealing) -> Standing:
    """Return where its entries leave a request. Raises Denied where the ledger is not as the hub wrote it."""
    return follow(_ENTRIES.of(row.pk))


def follow(told: Iterable[Told | Said]) -> Standing:
    """Return where entries about one request leave it, in the ledger's order.

    An answer to what waits for none is passed over, and so is one of who asked.
    """
    found = Standing()
    for one in told:
        person = str(one.body.get("person"))
        if one.kind in {ASKED, BROKEN} and found.began is None:
            found.state = _STATE.ASKED if one.kind == ASKED else _STATE.BROKEN
            found.began, found.began_wall_ns = one.body, one.recorded_wall_ns
        elif one.kind == TAKEN:
            found.is_taken = True
        elif found.began is None or person == found.began.get("asked_by"):
            continue
        elif found.state == _STATE.ASKED and one.kind in {APPROVED, REFUSED}:
            found.state = _STATE.APPROVED if one.kind == APPROVED else _STATE.REFUSED
            found.decided_by, found.decided_wall_ns = person, one.recorded_wall_ns
        elif found.state == _STATE.BROKEN and one.kind == REVIEWED:
            justified = one.body.get("state") == _STATE.JUSTIFIED
            found.state = _STATE.JUSTIFIED if justified else _STATE.UNJUSTIFIED
            found.decided_by, found.decided_wall_ns = person, one.recorded_wall_ns
    return found


def bears_out(stands: Standing, row: Unsealing) -> bool:
    """Say whether a row is the request that its entries tell of, and stands as they leave it."""
    decided_by = None if row.decided_by_id is None else str(row.decided_by_id)
    if stands.began is None or (stands.state, stands.decided_by) != (row.state, decided_by):
        return False
    held = {"clip": row.clip_id, "asked_by": row.asked_by_id, "purpose": row.purpose, "reason": row.reason}
    if "role" in stands.began:  # entries of early versions name none
        held["role"] = row.role
    return all(str(stands.began.get(name)) == str(value) for name, value in held.items())
