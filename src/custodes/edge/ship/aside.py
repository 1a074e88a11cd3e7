"""Clips that the hub would not take now, for a reason that another try may not meet: the others go on meanwhile."""

from uuid import UUID

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import Temporary

WAIT_FIRST_S = 60.0
WAIT_MOST_S = 3600.0
KEPT = 500
"""As many stand aside at once, at most: each is a place in the question for the next clip."""


class SetAside(Temporary):
    """The hub refused one clip; it is tried again later, and the others go on."""


class Aside:
    """Which clips stand aside, and until when. In memory: after a restart each is tried once at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[UUID, tuple[int, float]] = {}
        """Clip: (monotonic time of the next try in ns, the wait before it in s)."""

    def put(self, clip_id: UUID) -> float:
        """Let a clip stand aside, twice as long at each time; return for how long (s)."""
        _, before_s = self._until.pop(clip_id, (0, WAIT_FIRST_S / 2))
        wait_s = min(2 * before_s, WAIT_MOST_S)
        self._until[clip_id] = (self._clock.mono_ns() + int(wait_s * NS_PER_S), wait_s)
        while len(self._until) > KEPT:
            self._until.pop(next(iter(self._until)))
        return wait_s

    def forget(self, clip_id: UUID) -> None:
        """Drop a clip that went, or was given up."""
        self._until.pop(clip_id, None)

    def now(self) -> list[UUID]:
        """Return the clips whose time has not come yet."""
        now_ns = self._clock.mono_ns()
        return [clip_id for clip_id, (until_ns, _) in self._until.items() if until_ns > now_ns]
