"""The inbox's live feed: server-sent events, resumed by `Last-Event-ID` (WHATWG HTML 9.2), which is a bookmark.

One look at the database serves all pages that are open; each page then reads only clips that its person may see.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.db.models import QuerySet

from custodes.hub.clips.bookmarks import Bookmarks
from custodes.hub.clips.models import Clip
from custodes.hub.clips.revisions import latest_revision

LOOK_EVERY_S = 1.0
PING_EVERY_S = 15.0
LASTS_S = 600.0
"""A page asks again by itself after this, and is authorised anew. A session that ends, ends it before."""
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One clip that changed: no footage and no name, only what a row must be asked for."""

    revision: int
    clip_id: str
    state: str


class RevisionWatch:
    """The newest revision, looked up at most once in `LOOK_EVERY_S` however many pages ask."""

    def __init__(self) -> None:
        self._looked_at = -LOOK_EVERY_S
        self._newest = 0
        self._looking = asyncio.Lock()

    async def newest(self) -> int:
        """Return the newest revision, at most `LOOK_EVERY_S` old."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() - self._looked_at >= LOOK_EVERY_S:
                self._newest = await sync_to_async(latest_revision)()
                self._looked_at = loop.time()
        return self._newest


async def changes(
    visible: Callable[[], QuerySet[Clip]],
    *,
    bookmarks: Bookmarks,
    last_event_id: str = "",
    stands: Callable[[], bool] = lambda: True,
    watch: RevisionWatch | None = None,
    lasts_s: float = LASTS_S,
) -> AsyncGenerator[str, None]:
    """Yield an event for each change among the clips that `visible()` gives, and comments in between.

    `visible` is asked anew at each look, so that a withdrawn right counts at once; before each look and each comment
    `stands` says whether the reader's session still does: once it does not, the feed ends. Without `last_event_id` the
    feed begins now; with a bookmark that still reads, everything since is told.
    """
    watch = watch or RevisionWatch()
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + lasts_s
    resumed = bookmarks.open(last_event_id)
    told = await watch.newest() if resumed is None else resumed
    yield f"retry: 2000\nid: {bookmarks.seal(told)}\n\n"
    spoke_at = loop.time()
    while loop.time() < ends_at:
        newest = await watch.newest()
        is_quiet = loop.time() - spoke_at >= PING_EVERY_S
        if (newest > told or is_quiet) and not await sync_to_async(stands)():
            return
        if newest > told:
            news = await sync_to_async(_since)(visible, told)
            for change in news:
                yield _event(change, bookmarks)
                spoke_at = loop.time()
            last = news[-1].revision if news else 0
            told = last if len(news) == AT_ONCE else max(newest, last)
        # In the same rhythm whatever others' clips do.
        if loop.time() - spoke_at >= PING_EVERY_S:
            spoke_at = loop.time()
            yield ": here\n\n"
        await asyncio.sleep(LOOK_EVERY_S)


def _since(visible: Callable[[], QuerySet[Clip]], revision: int) -> list[Change]:
    rows = visible().filter(revision__gt=revision).order_by("revision").values_list("revision", "pk", "state")
    return [Change(number, str(clip_id), state) for number, clip_id, state in rows[:AT_ONCE]]


def _event(change: Change, bookmarks: Bookmarks) -> str:
    told = json.dumps({"clip": change.clip_id, "state": change.state})
    return f"id: {bookmarks.seal(change.revision)}\nevent: change\ndata: {told}\n\n"
