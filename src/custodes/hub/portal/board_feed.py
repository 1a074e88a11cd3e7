"""The board's live feed: server-sent events (WHATWG HTML 9.2), each a van that changed or left.

One look at the database serves all boards that are open; each board then reads its own vans through the door.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime

from asgiref.sync import sync_to_async
from django.db.models import Max
from django.utils import translation

from custodes.hub.audit.models import LedgerState
from custodes.hub.fleet.models import Person, TrailPoint, Unit
from custodes.hub.portal import board_rows

LOOK_EVERY_S = 1.0
READ_EVERY_S = 15.0
"""Also when nothing was heard: a shift that ends and a unit that falls silent say nothing."""
LASTS_S = 120.0
"""A page asks again by itself after this, and is authorised anew: a session that was ended ends here."""
Stamp = tuple[int | None, datetime | None, int | None]


class FleetWatch:
    """A stamp of everything that a board shows, looked up at most once in `LOOK_EVERY_S` however many boards ask."""

    def __init__(self) -> None:
        self._looked_at = -LOOK_EVERY_S
        self._stamp: Stamp = (None, None, None)
        self._looking = asyncio.Lock()

    async def stamp(self) -> Stamp:
        """Return the stamp, at most `LOOK_EVERY_S` old."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() - self._looked_at >= LOOK_EVERY_S:
                self._stamp = await sync_to_async(_stamp)()
                self._looked_at = loop.time()
        return self._stamp


async def events(
    person: Person, *, address: str, language: str, watch: FleetWatch | None = None, lasts_s: float = LASTS_S
) -> AsyncIterator[str]:
    """Yield an event `van` for each row of this person's board that is new or changed, and `gone` for one that left.

    The first reading tells every row, so that a page that was cut off is whole again.
    """
    watch = watch or FleetWatch()
    loop = asyncio.get_running_loop()
    ends_at, read_at = loop.time() + lasts_s, -READ_EVERY_S
    told: dict[str, object] = {}
    seen: Stamp | None = None
    yield "retry: 2000\n\n"
    while loop.time() < ends_at:
        stamp = await watch.stamp()
        if stamp != seen or loop.time() - read_at >= READ_EVERY_S:
            seen, read_at = stamp, loop.time()
            news, told = await sync_to_async(_news)(person, told, address=address, language=language)
            for event in news:
                yield event
            yield ": here\n\n"
        await asyncio.sleep(LOOK_EVERY_S)


def _news(
    person: Person, told: dict[str, object], *, address: str, language: str
) -> tuple[list[str], dict[str, object]]:
    with translation.override(language):
        rows = board_rows.read(person, address=address)
        changed = [row for row in rows if told.get(row.key) != row.facts]
        news = [_event("van", board_rows.told(row)) for row in changed]
    news += [_event("gone", {"van": key}) for key in told.keys() - {row.key for row in rows}]
    return news, {row.key: row.facts for row in rows}


def _event(name: str, body: dict[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(body)}\n\n"


def _stamp() -> Stamp:
    trail = TrailPoint.objects.aggregate(newest=Max("pk"))["newest"]
    heard = Unit.objects.aggregate(newest=Max("last_seen_at"))["newest"]
    return trail, heard, LedgerState.objects.values_list("size", flat=True).first()
