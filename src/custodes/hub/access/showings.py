"""Who was shown which still pictures today: one entry says it for a day, and goes before the first byte of them.

What was written down is known from the entries alone, as this process read them: a row that says "shown already" would
let whoever can write the database look without leaving an entry.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from custodes.hub.audit import ledger, past
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import moment_of

POSTERS, LEAK = "posters.listed", "leak.shown"


def _of_day(recorded_wall_ns: int, body: Mapping[str, Any]) -> Iterator[str]:
    day = moment_of(recorded_wall_ns).date()
    for subject in body["clips"] if "clips" in body else (body["leak"],):
        yield _name(body["person"], subject, day)


_SHOWN = past.Named((POSTERS, LEAK), by=_of_day)


def write_posters(actor: Person, clip_ids: Collection[UUID], *, now_ns: int) -> None:
    """Write down that a person is shown the pictures of clips, in one entry for those that no entry of today names.

    Durable on return. Raises Unreadable as `audit.past`: then no picture is shown.
    """
    if _unwritten(actor, clip_ids, now_ns):
        with transaction.atomic():
            fresh = _unwritten(actor, clip_ids, now_ns)
            if fresh:
                body: dict[str, object] = {"person": actor.pk, "clips": sorted(map(str, fresh))}
                ledger.append(kind=POSTERS, body=body | ({"clip": fresh[0]} if len(fresh) == 1 else {}), now_ns=now_ns)


def write_leak(actor: Person, leak_id: UUID, *, now_ns: int) -> None:
    """Write down that a person is shown the pictures of a leak, once a day. Durable on return. Raises as above."""
    if _unwritten(actor, [leak_id], now_ns):
        with transaction.atomic():
            if _unwritten(actor, [leak_id], now_ns):
                ledger.append(kind=LEAK, body={"leak": leak_id, "person": actor.pk}, now_ns=now_ns)


def _unwritten(actor: Person, ids: Collection[UUID], now_ns: int) -> list[UUID]:
    past.read_on()
    day = moment_of(now_ns).date()
    return [one for one in ids if not _SHOWN.has_as_read(_name(actor.pk, one, day))]


def _name(person_id: object, subject: object, day: date) -> str:
    return f"{person_id} {subject} {day.isoformat()}"
