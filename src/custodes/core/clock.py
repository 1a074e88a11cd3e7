"""Time comes from a clock that is passed in, so that a test can move it."""

import time
from dataclasses import dataclass
from typing import Protocol

NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """Wall and monotonic time in nanoseconds, and a way to wait."""

    def wall_ns(self) -> int:
        """Return nanoseconds since 1970-01-01T00:00:00Z. May jump."""
        ...

    def mono_ns(self) -> int:
        """Return nanoseconds since an arbitrary start. Never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds` (s)."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def wall_ns(self) -> int:
        """Return the machine's wall time (ns since the epoch, UTC)."""
        return time.time_ns()

    def mono_ns(self) -> int:
        """Return the machine's monotonic time (ns)."""
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread for `seconds` (s)."""
        time.sleep(seconds)


@dataclass(slots=True)
class ManualClock:
    """A clock that moves only when told; `sleep` moves it. For tests and for film read faster than real time."""

    wall: int = 1_767_268_800 * NS_PER_S  # 2026-01-01T12:00:00Z
    mono: int = 0

    def wall_ns(self) -> int:
        """Return the wall time that was set (ns since the epoch, UTC)."""
        return self.wall

    def mono_ns(self) -> int:
        """Return the monotonic time that was set (ns)."""
        return self.mono

    def sleep(self, seconds: float) -> None:
        """Advance both clocks by `seconds` (s) without waiting."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move both clocks forward by `seconds` (s)."""
        step_ns = round(seconds * NS_PER_S)
        self.wall += step_ns
        self.mono += step_ns
