"""What its entry says of a viewing: who opened which clip, for what, and when. Its row alone opens nothing.

Whoever can write the database could hand somebody's viewing to another for a moment, or move its time on. The entry
`view.opened` bears the hub's code and never changes: what it says is read once and kept, so that a byte range that asks
again costs nothing more.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import connection

from custodes.hub.access.models import View
from custodes.hub.audit import trusted
from custodes.hub.audit.models import LedgerBody
from custodes.hub.fleet.times import moment_of

Known = TypeVar("Known")
OPENED = "view.opened"
LASTS = timedelta(hours=12)
"""A view ends by itself: a player left open overnight asks anew."""
MOST_KEPT = 4096
"""Of how many viewings a process keeps what it knows. One that was forgotten costs a query."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry says of a viewing, ids as text; `opener` is the account's id or the share's."""

    view: str
    clip: str
    opener: str
    purpose: str
    reason: str
    opened_at: datetime


_lock = threading.Lock()
_said: "OrderedDict[UUID, Said]" = OrderedDict()
_closed: "OrderedDict[UUID, None]" = OrderedDict()


def said_of(view_id: UUID, ledger_seq: int) -> Said | None:
    """Return what the hub's own entry at a place says of a viewing; None where there is none of this viewing.

    One from before the hub gave codes says nothing: it is older than a viewing lasts. Raises BadInput when the key of
    the codes is missing.
    """
    with _lock:
        if view_id in _said:
            _said.move_to_end(view_id)
            return _said[view_id]
    rows = LedgerBody.objects.filter(pk=ledger_seq, leaf__kind=OPENED)
    for told in trusted.with_code(rows, or_older=False):
        if told.body.get("view") != str(view_id):
            continue
        said = Said(
            view=str(view_id),
            clip=str(told.body.get("clip")),
            opener=str(told.body.get("person") or told.body.get("share")),
            purpose=str(told.body.get("purpose")),
            reason=str(told.body.get("reason")),
            opened_at=moment_of(told.recorded_wall_ns),
        )
        if not connection.in_atomic_block:  # what is not committed may yet not have been
            _keep(_said, view_id, said)
        return said
    return None


def is_open(view: View, *, by: UUID, now: datetime) -> bool:
    """Say whether a viewing is of this account or share, of the clip and for the purpose of its row, and lasts."""
    said = said_of(view.pk, view.ledger_seq)
    if said is None or (said.clip, said.opener, said.purpose) != (str(view.clip_id), str(by), view.purpose):
        return False
    with _lock:
        if view.pk in _closed:
            return False
    # What takes a right away is believed by the row, too.
    return view.closed_at is None and now - min(said.opened_at, view.opened_at) <= LASTS


def close(view: View, *, now: datetime) -> None:
    """End a viewing. Within this process it stays so, whatever its row says later."""
    View.objects.filter(pk=view.pk).update(closed_at=now)
    _keep(_closed, view.pk, None)


def _keep(kept: "OrderedDict[UUID, Known]", view_id: UUID, known: Known) -> None:
    with _lock:
        kept[view_id] = known
        while len(kept) > MOST_KEPT:
            kept.popitem(last=False)
