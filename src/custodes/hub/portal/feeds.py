"""How many feeds one session may hold open: each costs the hub a reading whenever something changes."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from uuid import UUID

from custodes.hub.fleet.models import Person

AT_ONCE = 6
"""As many connections as a browser opens to one hub over HTTP/1.1."""
COME_BACK_S = 30


class OpenFeeds:
    """Counts the feeds of each session while they are open. Lives in the one process that serves pages."""

    def __init__(self) -> None:
        self._open: Counter[int | UUID] = Counter()

    def is_full(self, person: Person) -> bool:
        """Return whether the session by which `person` asks holds as many feeds as it may."""
        return self._open[_key(person)] >= AT_ONCE

    async def counted(self, person: Person, told: AsyncGenerator[str, None]) -> AsyncIterator[str]:
        """Pass on what a feed tells, and count it while it does; one too many tells when to come back, and ends."""
        key = _key(person)
        async with aclosing(told):
            if self.is_full(person):
                yield f"retry: {COME_BACK_S * 1000}\n\n"
                return
            self._open[key] += 1
            try:
                async for event in told:
                    yield event
            finally:
                self._open[key] -= 1
                if not self._open[key]:
                    del self._open[key]


OPEN = OpenFeeds()
"""Of the inbox and of the board together."""


def _key(person: Person) -> int | UUID:
    return person.pk if person.open_session is None else person.open_session
