"""Until when a leak is kept, by what the ledger says: a row of the database lets none go, and destroys no proof.

What has not arrived whole yet has no entry, and goes by its row.
"""

from datetime import datetime, timedelta
from uuid import UUID

from custodes.hub.audit import past
from custodes.hub.clips import standing
from custodes.hub.fleet.times import moment_of
from custodes.hub.leak import services
from custodes.hub.leak.models import Leak

CASE_OPENED, CLIP_ERASED = "leak.case_opened", "leak.clip_erased"
_ENTRIES = past.Entries((services.RECEIVED, CASE_OPENED, CLIP_ERASED), by="leak")


def is_due(leak: Leak, now: datetime) -> bool:
    """Say whether a leak may go: its case was closed, a clip that it shows was erased, or its time is over.

    As of the last reading of the ledger (`past.read_on`). What a row says besides only keeps.
    """
    told = _ENTRIES.as_read(leak.pk)
    received = next((one for one in told if one.kind == services.RECEIVED), None)
    if received is None:
        return leak.case_id is None and leak.keep_until <= now
    if is_in_open_case(leak):
        return False
    if any(one.kind in {CASE_OPENED, CLIP_ERASED} for one in told):
        return True
    until = received.body.get("keep_until")
    if until is None:  # an entry of an early version
        return moment_of(received.recorded_wall_ns) + timedelta(days=services.kept_days()) <= now
    return datetime.fromisoformat(until) <= now


def is_in_open_case(leak: Leak) -> bool:
    """Say whether an open case keeps a leak, by its entry or by its row. As of the last reading of the ledger."""
    cases = {UUID(one.body["case"]) for one in _ENTRIES.as_read(leak.pk) if one.kind == CASE_OPENED}
    cases |= set() if leak.case_id is None else {leak.case_id}
    return any(not standing.was_closed(case_id) for case_id in cases)
