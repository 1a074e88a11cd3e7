"""A bounded queue with one thread behind it: whoever offers never waits and never sees an error."""

from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")

_POLL_S = 0.2


class Lane(Generic[T]):
    """Hand items to `handle` on a thread of its own, in order. `dropped` counts those that found no room."""

    def __init__(
        self, name: str, handle: Callable[[T], None], *, room: int, on_error: Callable[[BaseException], None]
    ) -> None:
        self._handle = handle
        self._on_error = on_error
        self._queue: Queue[T] = Queue(maxsize=room)
        self._count_lock = Lock()
        self._dropped = 0
        self._closing = Event()
        self.stop = Event()
        """Set when there is no more time: a handler that waits gives up."""
        self._thread = Thread(target=self._run, name=f"custodes-{name}", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Return how many items were not handled."""
        return self._dropped

    def offer(self, item: T) -> bool:
        """Queue `item` and return True; when there is no room or the lane is closed, count it and return False."""
        if not self._closing.is_set():
            try:
                self._queue.put_nowait(item)
            except Full:
                pass
            else:
                return True
        self._drop()
        return False

    def close(self, *, within_s: float) -> None:
        """Finish what is queued within `within_s` (s), then give up and count the rest as dropped."""
        self._closing.set()
        self._thread.join(within_s)
        self.stop.set()
        deadline_s = monotonic() + 1.0
        while self._thread.is_alive() and monotonic() < deadline_s:
            self._thread.join(_POLL_S)
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                return
            self._drop()

    def _drop(self) -> None:
        with self._count_lock:
            self._dropped += 1

    def _run(self) -> None:
        while not self.stop.is_set():
            try:
                item = self._queue.get(timeout=_POLL_S)
            except Empty:
                if self._closing.is_set():
                    return
                continue
            try:
                self._handle(item)
            except Exception as error:  # noqa: BLE001 - the thread outlives any one alert; the error is passed on
                self._on_error(error)
