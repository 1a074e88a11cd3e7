"""Give every packet its wall and monotonic time.

The time line follows the film's own clock (pts), anchored on the monotonic one. The wall clock is only an offset
to it: when the wall clock jumps, the offset moves and the film stays whole.
"""

from custodes.core.clock import Clock
from custodes.edge.capture.notices import ClockJump

JUMP_NS = 200_000_000  # a step in NTP's sense begins at 128 ms; below, the kernel slews both clocks together


class WallOffset:
    """How far the wall clock is ahead of the monotonic one, and whether it jumped since last asked."""

    def __init__(self, clock: Clock, *, start_wall_ns: int | None, fixed: bool) -> None:
        """Anchor now. `start_wall_ns` is shown instead of the clock's wall time at this moment.

        `fixed` (a film read faster than real time) never asks the clock again.
        """
        self._clock = clock
        self._fixed = fixed
        offset = clock.wall_ns() - clock.mono_ns()
        self._shift_ns = 0 if start_wall_ns is None else start_wall_ns - clock.wall_ns()
        self.ns = offset + self._shift_ns

    def check(self) -> ClockJump | None:
        """Compare with the clock; after a jump move the offset and return what happened."""
        if self._fixed:
            return None
        mono_ns = self._clock.mono_ns()
        wall_ns = self._clock.wall_ns()
        step_ns = wall_ns - mono_ns + self._shift_ns - self.ns
        if -JUMP_NS < step_ns < JUMP_NS:
            return None
        self.ns += step_ns
        return ClockJump(step_ns=step_ns, mono_ns=mono_ns, wall_ns=wall_ns)


class LiveAnchor:
    """Map a camera's time stamps to the unit's monotonic clock, with the camera's own clock drifting.

    The network can only make packets late, so the least lateness in a window is the best guess of the true offset;
    the anchor moves towards it by at most `SLEW_PPM`, which no eye sees and which follows any quartz. An error
    above `SNAP_NS` (a camera that sent its stored start in a burst) is put right at once.
    """

    SLEW_PPM = 500
    WINDOW_NS = 10_000_000_000
    SNAP_NS = 300_000_000

    def __init__(self) -> None:
        self.is_set = False
        self.offset_ns = 0
        self._window_start_ns = 0
        self._least_ns: int | None = None
        self._last_ns = 0

    def follow(self, dts_ns: int, arrival_mono_ns: int) -> None:
        """Take that the packet to be decoded at `dts_ns` (the camera's count) arrived at `arrival_mono_ns`."""
        late_ns = arrival_mono_ns - dts_ns
        if not self.is_set:
            self.is_set = True
            self.offset_ns = self._least_ns = late_ns
            self._window_start_ns = self._last_ns = arrival_mono_ns
            return
        if arrival_mono_ns - self._window_start_ns > self.WINDOW_NS:
            self._window_start_ns, self._least_ns = arrival_mono_ns, None
        if self._least_ns is None or late_ns < self._least_ns:
            self._least_ns = late_ns
        reach_ns = max(arrival_mono_ns - self._last_ns, 0) * self.SLEW_PPM // 1_000_000
        self._last_ns = arrival_mono_ns
        error_ns = self._least_ns - self.offset_ns
        if error_ns < -self.SNAP_NS:
            self.offset_ns = self._least_ns
        else:
            self.offset_ns += max(-reach_ns, min(reach_ns, error_ns))


class TickLine:
    """Keep one stream's pts and dts present and its dts strictly growing.

    Containers leave times out (AVI, raw streams) and repeat or reset them (damaged or joined files).
    """

    RESET_STEPS = 10  # so many frames back is a new count, not a disorder

    def __init__(self, *, step_ticks: int) -> None:
        self._step = max(step_ticks, 1)
        self.shift = 0
        self.last_dts: int | None = None
        self.end_pts: int | None = None

    def place(self, pts: int | None, dts: int | None, duration: int | None) -> tuple[int, int]:
        """Return whole (pts, dts) for the next packet, `shift` included."""
        step = duration or self._step
        last = self.last_dts
        if dts is None:
            dts = pts if pts is not None else (0 if last is None else last + step - self.shift)
        placed_dts = dts + self.shift
        if last is not None and placed_dts <= last:
            behind = last - placed_dts
            if behind >= self.RESET_STEPS * step:
                self.shift += behind + step
            placed_dts = max(dts + self.shift, last + 1)
        placed_pts = max((dts if pts is None else pts) + self.shift, placed_dts)
        self.last_dts = placed_dts
        if self.end_pts is None or placed_pts + step > self.end_pts:
            self.end_pts = placed_pts + step
        return placed_pts, placed_dts
