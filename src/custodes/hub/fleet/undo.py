"""How long a deleted clip can be brought back: by the ledger's newest entry about it, whatever the row says.

Who can write the database could otherwise set it to nothing for a minute, have a clip deleted that is gone at once, and
put it back.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from custodes.hub.audit import ledger, past
from custodes.hub.fleet.models import Organisation

CREATED, CHANGED = "organisation.created", "organisation.changed"
FIELD = "undo_window_s"
_ENTRIES = past.Entries((CREATED, CHANGED), by="organisation")


def window_s(organisation: Organisation) -> int:
    """Return how long (s) what is deleted in `organisation` can be brought back. Where no entry says it, by the row.

    Raises Denied where the ledger is not as the hub wrote it: nothing can be deleted then.
    """
    past.read_on()
    return shown_s(organisation)


def shown_s(organisation: Organisation) -> int:
    """Return the same as of what was read of the ledger last, for a page that must open whatever becomes of that."""
    found = _entered(organisation)
    return organisation.undo_window_s if found is None else found


def begin(*, now_ns: int) -> int:
    """Enter the window of each organisation of which no entry names it (from before they did); return how many.

    For a start: reads the whole ledger. One that is not as the hub wrote it enters nothing and stops no start.
    """
    try:
        past.read_on()
    except past.Unreadable:
        return 0
    missing = [one for one in Organisation.objects.order_by("pk") if _entered(one) is None]
    for one in missing:
        body = {"organisation": one.pk, "by": None, "before": {}, "after": {FIELD: str(one.undo_window_s)}}
        ledger.append(kind=CHANGED, body=body, now_ns=now_ns)
    return len(missing)


def newest(bodies: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the window that entries, in order, leave each organisation (by its id as text)."""
    found: dict[str, int] = {}
    for body in bodies:
        after = body.get("after")
        said = after.get(FIELD) if isinstance(after, dict) else body.get(FIELD)
        if said is not None and str(said).isdigit():
            found[str(body.get("organisation"))] = int(said)
    return found


def _entered(organisation: Organisation) -> int | None:
    return newest(one.body for one in _ENTRIES.as_read(organisation.pk)).get(str(organisation.pk))
