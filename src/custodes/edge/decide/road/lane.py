"""Where we are between the markings of our lane, and how fast we drift: their history, look by look.

Places are in heights of the camera, which nobody has to state: the lane itself is the yardstick. Where markings run on
both sides for a while, their distance is taken for LANE_M, and all else is measured by that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from custodes.core.clock import NS_PER_S

LANE_M = 3.5
"""A lane of a road where one drives 60 km/h or more is 3.25 to 3.75 m wide (RAA 2008; AASHTO: 3.6 m)."""
NARROWEST, WIDEST = 1.5, 3.6
"""A lane in heights of the camera: 3.25 m from a truck's 2.1 m, 3.75 m from a car's 1.1 m."""
SAME = 0.3
"""A marking is the one of the last look if it lies no further (heights) from where that one should be now."""
LOST_S, KEPT_S, KNOWN_S = 1.2, 1.2, 1.0
"""Without a sighting it is given up; how far back its places are kept; after this long it is no chance."""
MIN_POINTS = 4
WIDTHS, LEAST_WIDTHS = 50, 10
"""How many looks tell the lane's width: at five a second the last ten seconds; two seconds' worth at least."""


@dataclass(frozen=True, slots=True)
class Marking:
    """One marking's way: (when, wall ns; where, heights), newest last. `furthest` is how far off it ever was."""

    since_ns: int
    points: tuple[tuple[int, float], ...]
    furthest: float
    left: bool
    """On our left when it was first seen; what we cross keeps its side."""
    deliberate: bool = False
    """We went over it too fast to have drifted."""

    @property
    def seen_ns(self) -> int:
        """Return when it was last seen."""
        return self.points[-1][0]

    def at(self, wall_ns: int) -> tuple[float, float] | None:
        """Return where it is at that time (heights) and how fast it moves (heights/s); None: too few looks tell."""
        if len(self.points) < MIN_POINTS or self.points[-1][0] - self.points[0][0] < 0.5 * KNOWN_S * NS_PER_S:
            return None
        at_s = np.array([(when - wall_ns) / NS_PER_S for when, _ in self.points])
        rate, now = np.polyfit(at_s, [where for _, where in self.points], 1)
        return float(now), float(rate)


@dataclass(frozen=True, slots=True)
class Lane:
    """What is remembered of one lens's markings."""

    markings: tuple[Marking, ...] = ()
    widths: tuple[float, ...] = ()
    """How wide (heights) our lane was at the last looks that saw both its sides."""

    @property
    def metres(self) -> float | None:
        """Return how many metres a height of the camera is; None while the lane's width is not known."""
        return LANE_M / median(self.widths) if len(self.widths) >= LEAST_WIDTHS else None


@dataclass(frozen=True, slots=True)
class Nearing:
    """One marking as it stands to us now: how far off our middle (m), and how fast it comes nearer (m/s).

    `away_m` falls below zero once our middle is past it. `was_m` is how far off it was at most.
    """

    marking: Marking
    away_m: float
    nears_mps: float
    was_m: float


def follow_markings(before: Lane, places: Sequence[float], wall_ns: int) -> Lane:
    """Return what is remembered after a look that saw markings at `places` (heights, from left to right)."""
    kept = [one for one in before.markings if 0 <= wall_ns - one.seen_ns <= LOST_S * NS_PER_S]
    free = list(places)
    went_on: list[Marking] = []
    for one in kept:
        at = one.at(wall_ns)
        due = one.points[-1][1] if at is None else at[0]
        found = min(free, key=lambda place: abs(place - due), default=None)
        if found is None or abs(found - due) > SAME:
            went_on.append(one)
            continue
        free.remove(found)
        since_ns = wall_ns - round(KEPT_S * NS_PER_S)
        points = (*(point for point in one.points if point[0] >= since_ns), (wall_ns, found))
        off = -found if one.left else found
        went_on.append(replace(one, points=points, furthest=max(one.furthest, off)))
    went_on += [Marking(wall_ns, ((wall_ns, place),), abs(place), place < 0) for place in free]
    return Lane(tuple(went_on), _widths(before.widths, went_on, wall_ns))


def _widths(before: tuple[float, ...], markings: Sequence[Marking], wall_ns: int) -> tuple[float, ...]:
    here = [
        one.points[-1][1] for one in markings if one.seen_ns == wall_ns and wall_ns - one.since_ns >= KNOWN_S * NS_PER_S
    ]
    left = max((place for place in here if place < 0), default=None)
    right = min((place for place in here if place >= 0), default=None)
    if left is None or right is None or not NARROWEST <= right - left <= WIDEST:
        return before
    return (*before, right - left)[-WIDTHS:]


def nearing(lane: Lane, wall_ns: int) -> tuple[Nearing, ...]:
    """Return each marking that was seen for long enough, as it stands to us now; none without the yardstick."""
    metres = lane.metres
    if metres is None:
        return ()
    found: list[Nearing] = []
    for one in lane.markings:
        at = one.at(wall_ns)
        if at is None or one.seen_ns - one.since_ns < KNOWN_S * NS_PER_S:
            continue
        side = -1 if one.left else 1
        found.append(Nearing(one, side * at[0] * metres, -side * at[1] * metres, one.furthest * metres))
    return tuple(found)
