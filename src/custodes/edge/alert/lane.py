"""A bounded queue with one thread behind it: whoever offers never waits and never sees an error."""

from collections import deque
from collections.abc import Callable
from threading import Condition, Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

GIVE_UP_WITHIN_S = 1.0
"""How long a handler that was told to stop may take to notice."""


class Lane(Generic[T]):
    """Hand items to `handle` on a thread of its own, in order. `stop` is set when a handler should give up waiting."""

    def __init__(
        self, name: str, handle: Callable[[T], None], *, room: int, on_error: Callable[[BaseException], None]
    ) -> None:
        self.stop = Event()
        self._handle = handle
        self._on_error = on_error
        self._room = room
        self._waiting: deque[T] = deque()
        self._change = Condition()
        self._closing = False
        self._dropped = 0
        self._thread = Thread(target=self._run, name=f"custodes-{name}", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Return how many items were not handled."""
        return self._dropped

    def offer(self, item: T) -> bool:
        """Queue `item` and return True; when there is no room or the lane is closed, count it and return False."""
        with self._change:
            if self._closing or len(self._waiting) >= self._room:
                self._dropped += 1
                return False
            self._waiting.append(item)
            self._change.notify()
            return True

    def close(self, *, within_s: float) -> None:
        """Finish what is queued within `within_s` (s), then give up and count the rest as dropped."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(within_s)
        self.stop.set()
        self._thread.join(GIVE_UP_WITHIN_S)
        with self._change:
            self._dropped += len(self._waiting)
            self._waiting.clear()

    def _run(self) -> None:
        while (item := self._next()) is not None:
            try:
                self._handle(item[0])
            except Exception as error:  # noqa: BLE001 - the thread outlives any one alert; the error is passed on
                self._on_error(error)

    def _next(self) -> tuple[T] | None:
        """Wait for an item and return it; None when there will be no more."""
        with self._change:
            while not self._waiting and not self._closing:
                self._change.wait()
            if self.stop.is_set() or not self._waiting:
                return None
            return (self._waiting.popleft(),)
