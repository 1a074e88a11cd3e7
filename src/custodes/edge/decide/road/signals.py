"""What stands at the road ahead, a sign or a light: how far it is, by sight and by our own speed, until we are past it.

One at a time, the nearest. Its distance is f·H/h, as of a vehicle's width; between sights it shrinks by what we drive.
A sign leaves the picture some ten metres before we pass it, and detectors lose it now and then: the speed bridges both.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy, Lamp

PAST_M = -4.0
"""So far behind the sign we are past it: distances are a fifth off."""
NEAR_M, LEAST_LOOKS = 25.0, 3
"""What was never seen from nearer, or so seldom, stands somewhere else or was none."""
FORGOTTEN_S = 12.0
"""Without a sighting for so long we went another way, or the vehicle stands where it cannot be seen."""
AWAY_M, AWAY_0_1 = 8.0, 0.5
"""What is further off than the one we know by more than this, and by this share, is another one."""
STEP_MOST_S = 2.0
EDGE_PX = 1.0


@dataclass(frozen=True, slots=True)
class Sight:
    """One sign or light in one picture: how far (m), and what it shows."""

    gap_m: float
    lamp: Lamp | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """The nearest one: how far it still is (m; below zero once we are past), and how it was seen."""

    left_m: float
    at_ns: int
    seen_ns: int
    nearest_m: float
    looks: int = 1
    slowest_mps: float | None = None
    """Our least speed within NEAR_M of it."""
    lamp: Lamp | None = None
    lamp_ns: int = 0
    lamp_since_ns: int = 0
    """Since when the lamp is the one that it is."""

    @property
    def known(self) -> bool:
        """Return whether it was seen often enough, and from near enough, to stand at our road."""
        return self.looks >= LEAST_LOOKS and self.nearest_m <= NEAR_M


def gap_m(box: BoxXyxy, *, high_m: float, focal_px: float, picture_px: tuple[int, int]) -> float | None:
    """Return how far (m) what is `high_m` high stands off, by its box; None where it is not wholly in the picture."""
    left, top, right, bottom = box
    cut = left < EDGE_PX or top < EDGE_PX or right > picture_px[0] - EDGE_PX or bottom > picture_px[1] - EDGE_PX
    return None if cut or bottom - top < 1 else focal_px * high_m / (bottom - top)


def approach(before: Ahead | None, sights: Iterable[Sight], speed_mps: float, wall_ns: int) -> Ahead | None:
    """Return what is ahead after a look, driven to at `speed_mps` since the one before; None: nothing."""
    ahead = None if before is None else _driven(before, speed_mps, wall_ns)
    seen = min(sights, key=_gap_m, default=None)
    if ahead is None:
        ahead = None if seen is None else Ahead(seen.gap_m, wall_ns, wall_ns, seen.gap_m)
    elif seen is not None and seen.gap_m - ahead.left_m <= max(AWAY_M, AWAY_0_1 * abs(ahead.left_m)):
        nearest_m = min(ahead.nearest_m, seen.gap_m)
        ahead = replace(ahead, left_m=seen.gap_m, seen_ns=wall_ns, nearest_m=nearest_m, looks=ahead.looks + 1)
    if ahead is None:
        return None
    if seen is not None and seen.lamp is not None and ahead.seen_ns == wall_ns:
        since_ns = ahead.lamp_since_ns if seen.lamp == ahead.lamp else wall_ns
        ahead = replace(ahead, lamp=seen.lamp, lamp_ns=wall_ns, lamp_since_ns=since_ns)
    if ahead.left_m <= NEAR_M:
        slowest = speed_mps if ahead.slowest_mps is None else min(ahead.slowest_mps, speed_mps)
        ahead = replace(ahead, slowest_mps=slowest)
    return ahead


def _driven(before: Ahead, speed_mps: float, wall_ns: int) -> Ahead | None:
    step_s = (wall_ns - before.at_ns) / NS_PER_S
    if not 0 <= step_s <= STEP_MOST_S or wall_ns - before.seen_ns > FORGOTTEN_S * NS_PER_S:
        return None
    return replace(before, left_m=before.left_m - speed_mps * step_s, at_ns=wall_ns)


def _gap_m(sight: Sight) -> float:
    return sight.gap_m
