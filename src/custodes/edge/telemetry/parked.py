"""Hold a parked receiver still: its jitter is neither speed nor movement.

A receiver at rest reports small speeds and wanders by metres; a cold one by tens of metres. What it cannot fake is
speed and displacement that agree: so it counts as moving only when, over a short window, it got clear of its own
error, went there fairly straight, and said all the while that it was moving. The way back needs both to be small.
The figures are checked on 14 receiver logs and on two true drives by `bench/telemetry_eval.py`.
"""

from dataclasses import dataclass, replace

from custodes.core.clock import NS_PER_S
from custodes.core.types import Sample
from custodes.edge.telemetry.geodesy import distance_m

UNKNOWN_ACCURACY_M = 5.0
"""What a civil receiver under open sky is worth when it does not say."""

STRAIGHT_0_1 = 0.5
"""Net way over gone way: a wandering fix turns on the spot, a vehicle does not within seconds."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows movement: within `window_s`, all the while at `speed_mps` or more, both the way that the speeds tell
    and the way that the positions tell reach `clear_m` and `errors` times the accuracy.
    """

    window_s: float
    clear_m: float
    errors: float
    speed_mps: float


DRIVES_OFF = Proof(window_s=6.0, clear_m=6.0, errors=1.5, speed_mps=1.5)
"""A vehicle that pulls away: at 2 m/s proven within 4 s."""

CREEPS = Proof(window_s=40.0, clear_m=20.0, errors=3.0, speed_mps=0.4)
"""Stop-and-go at walking pace, too slow for the first proof."""

WORKED_OUT = Proof(window_s=12.0, clear_m=25.0, errors=3.0, speed_mps=1.5)
"""For speeds worked out from the positions themselves, which wander with them."""

STOP_WINDOW_S = 4.0
STOP_SPEED_MPS = 0.7
STOP_CLEAR_M = 4.0
STOP_CLEAR_WORKED_OUT_M = 10.0
STOP_WINDOW_WORKED_OUT_S = 10.0

MEMORY_S = 45.0
"""Longer than any window above."""

TOWED_M = 60.0
"""A held position follows, still at rest, when the receiver is this far (or 6 times its accuracy) away from it."""


def hold_parked(samples: list[Sample], *, worked_out: bool) -> list[Sample]:
    """Return `samples` with speed 0 and a fixed position wherever the receiver was parked.

    `worked_out` says that the speeds come from the positions. Readings that belong to the proof of a departure keep
    their speed, so that a drive loses nothing at its start. Readings without a position pass unchanged.
    """
    motion = Motion(worked_out=worked_out)
    placed = [index for index, sample in enumerate(samples) if sample.lat_deg is not None]
    moving = [False] * len(placed)
    for now, index in enumerate(placed):
        moving[now], back = motion.step(samples[index])
        moving[now - back : now] = [True] * back
    held: list[Sample] = list(samples)
    anchor = Anchorage()
    for index, moves in zip(placed, moving, strict=True):
        held[index] = anchor.place(samples[index], moves=moves)
    return held


class Anchorage:
    """Where a parked receiver is held."""

    def __init__(self) -> None:
        self._at: Sample | None = None

    def place(self, sample: Sample, *, moves: bool) -> Sample:
        """Return `sample` as it is while it moves, and at the held place with speed 0 while it does not."""
        if moves:
            self._at = None
            return sample
        if self._at is None or _away_m(self._at, sample) > max(TOWED_M, 6 * _accuracy_m(sample)):
            self._at = sample
        return replace(sample, lat_deg=self._at.lat_deg, lon_deg=self._at.lon_deg, speed_mps=0.0, course_deg=None)


class Motion:
    """Whether a receiver moves, told reading by reading. Remembers MEMORY_S of them."""

    def __init__(self, *, worked_out: bool) -> None:
        self._worked_out = worked_out
        self._proofs = (WORKED_OUT,) if worked_out else (DRIVES_OFF, CREEPS)
        self._recent: list[Sample] = []
        self._parked_from = 0
        self._moves = False

    def step(self, sample: Sample) -> tuple[bool, int]:
        """Return whether the receiver moves now, and how many of the readings before belong to that movement."""
        self._recent.append(sample)
        while len(self._recent) > 2 and sample.wall_ns - self._recent[1].wall_ns > MEMORY_S * NS_PER_S:
            self._recent.pop(0)
            self._parked_from = max(0, self._parked_from - 1)
        now = len(self._recent) - 1
        if self._moves:
            if _stopped(self._recent, now, worked_out=self._worked_out):
                self._moves, self._parked_from = False, now
            return self._moves, 0
        since = min(_proven(self._recent, now, self._parked_from, proof) for proof in self._proofs)
        self._moves = since <= now
        return self._moves, max(0, now - since)


def _proven(samples: list[Sample], now: int, parked_from: int, proof: Proof) -> int:
    """Return the index at which the movement that `proof` shows began, or one past `now` when it shows none."""
    clear_m = max(proof.clear_m, proof.errors * _accuracy_m(samples[now]))
    gone_m = said_m = 0.0
    for first in range(now - 1, parked_from - 1, -1):
        if samples[now].wall_ns - samples[first].wall_ns > proof.window_s * NS_PER_S:
            break
        if _speed_mps(samples[first + 1]) < proof.speed_mps:
            break
        gone_m += _away_m(samples[first], samples[first + 1])
        said_m += _speed_mps(samples[first + 1]) * (samples[first + 1].wall_ns - samples[first].wall_ns) / NS_PER_S
        net_m = _away_m(samples[first], samples[now])
        if min(net_m, said_m) >= clear_m and net_m >= STRAIGHT_0_1 * max(gone_m, said_m):
            return first if _speed_mps(samples[first]) >= proof.speed_mps else first + 1
    return now + 1


def _stopped(samples: list[Sample], now: int, *, worked_out: bool) -> bool:
    """Return whether the readings of the last seconds are all slow and all near each other."""
    window_s = STOP_WINDOW_WORKED_OUT_S if worked_out else STOP_WINDOW_S
    clear_m = STOP_CLEAR_WORKED_OUT_M if worked_out else STOP_CLEAR_M
    for first in range(now, -1, -1):
        if not worked_out and _speed_mps(samples[first]) > STOP_SPEED_MPS:
            return False
        if _away_m(samples[first], samples[now]) > clear_m:
            return False
        if samples[now].wall_ns - samples[first].wall_ns >= window_s * NS_PER_S:
            return True
    return False


def _speed_mps(sample: Sample) -> float:
    return sample.speed_mps if sample.speed_mps is not None else 0.0


def _accuracy_m(sample: Sample) -> float:
    return sample.horizontal_accuracy_m if sample.horizontal_accuracy_m is not None else UNKNOWN_ACCURACY_M


def _away_m(one: Sample, other: Sample) -> float:
    if one.lat_deg is None or one.lon_deg is None or other.lat_deg is None or other.lon_deg is None:
        return 0.0
    return distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
