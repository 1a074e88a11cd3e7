"""The board's live feed: server-sent events (WHATWG HTML 9.2), each a van that changed or left.

One look at the database serves all boards that are open. Each person's vans are then read through the door, once for
all boards that they have open.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db.models import Max
from django.utils import timezone, translation

from custodes.hub.audit.models import LedgerState
from custodes.hub.fleet import open_sessions
from custodes.hub.fleet.models import Person, TrailPoint, Unit
from custodes.hub.portal import board_rows
from custodes.hub.portal.board_rows import BoardRow

LOOK_EVERY_S = 1.0
READ_EVERY_S = 15.0
"""Also when nothing was heard: a shift that ends and a unit that falls silent say nothing."""
LASTS_S = 120.0
"""A page asks again by itself after this, and is authorised anew. A session that ends, ends it before."""
Stamp = tuple[int | None, datetime | None, int | None]
Reader = tuple[UUID, bool, str, str]
"""For whom a board reads the same: a person, what their session has shown, their unit of speed and their language."""


@dataclass(slots=True)
class Reading:
    """The rows of one reader's board as they were read last, and each row's event once a board has told it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    stamp: Stamp | None = None
    read_at: float = float("-inf")
    rows: tuple[BoardRow, ...] = ()
    events: dict[str, str] = field(default_factory=dict)


class FleetWatch:
    """A stamp of everything that a board shows, looked up at most once in `LOOK_EVERY_S` however many boards ask."""

    def __init__(self) -> None:
        self._looked_at = -LOOK_EVERY_S
        self._stamp: Stamp = (None, None, None)
        self._looking = asyncio.Lock()
        self._readings: dict[Reader, Reading] = {}

    async def stamp(self) -> Stamp:
        """Return the stamp, at most `LOOK_EVERY_S` old."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() - self._looked_at >= LOOK_EVERY_S:
                self._stamp = await sync_to_async(_stamp)()
                self._looked_at = loop.time()
        return self._stamp

    async def reading(self, person: Person, stamp: Stamp, *, address: str, language: str) -> Reading:
        """Return what `person` may know of the vans; read anew when `stamp` is another, or `LOOK_EVERY_S` are over."""
        loop = asyncio.get_running_loop()
        self._forget_old(loop.time())
        reader = (person.pk, person.second_factor_shown, person.speed_unit, language)
        last = self._readings.setdefault(reader, Reading())
        async with last.lock:
            newest = self._readings.get(reader, last)
            if newest.stamp == stamp and loop.time() - newest.read_at < LOOK_EVERY_S:
                return newest
            rows = await sync_to_async(_rows)(person, address=address, language=language)
            self._readings[reader] = fresh = Reading(last.lock, stamp, loop.time(), rows)
            return fresh

    def _forget_old(self, now: float) -> None:
        old = [reader for reader, one in self._readings.items() if now - one.read_at > 2 * READ_EVERY_S]
        for reader in old:
            if not self._readings[reader].lock.locked():
                del self._readings[reader]


async def events(
    person: Person, *, address: str, language: str, watch: FleetWatch | None = None, lasts_s: float = LASTS_S
) -> AsyncGenerator[str, None]:
    """Yield an event `van` for each row of this person's board that is new or changed, and `gone` for one that left.

    The first reading tells every row, so that a page that was cut off is whole again. Before each reading the feed asks
    whether the person's session still stands, and ends when it does not.
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
            if not await sync_to_async(open_sessions.still_open)(person, now=timezone.now()):
                return
            seen, read_at = stamp, loop.time()
            reading = await watch.reading(person, stamp, address=address, language=language)
            news, told = await sync_to_async(_news)(reading, told, language)
            for event in news:
                yield event
            yield ": here\n\n"
        await asyncio.sleep(LOOK_EVERY_S)


def _rows(person: Person, *, address: str, language: str) -> tuple[BoardRow, ...]:
    with translation.override(language):
        return tuple(board_rows.read(person, address=address))


def _news(reading: Reading, told: dict[str, object], language: str) -> tuple[list[str], dict[str, object]]:
    rows, news = reading.rows, []
    with translation.override(language):
        for row in rows:
            if told.get(row.key) == row.facts:
                continue
            if row.key not in reading.events:
                reading.events[row.key] = _event("van", board_rows.told(row))
            news.append(reading.events[row.key])
    news += [_event("gone", {"van": key}) for key in told.keys() - {row.key for row in rows}]
    return news, {row.key: row.facts for row in rows}


def _event(name: str, body: dict[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(body)}\n\n"


def _stamp() -> Stamp:
    trail = TrailPoint.objects.aggregate(newest=Max("pk"))["newest"]
    heard = Unit.objects.aggregate(newest=Max("last_seen_at"))["newest"]
    return trail, heard, LedgerState.objects.values_list("size", flat=True).first()
