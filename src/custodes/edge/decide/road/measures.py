"""What a vehicle's box says: where it is beside our path, how far ahead, how fast it closes in.

One camera without calibration. A vehicle of width W at the distance Z, X to the side, is `f W / Z` px wide and
`f X / Z` px off straight ahead. So X = W x / w needs no focal length, and neither has the time to collision any need
of it: Z / Z' = w / w' (Lee 1976, "tau"). The distance does, and is as unsure as the width that is assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy

CAR_WIDTH_M, CAR_WIDEST_M = 1.8, 2.05
"""Without mirrors, as a detector's box has it: passenger cars are 1.6 to 2.0 m wide."""
TALL_WIDTH_M, TALL_WIDEST_M = 2.4, 2.6
"""Trucks, buses and box vans: 2.55 m is the widest that Directive 96/53/EC allows, 2.6 m for cold bodies."""
TALL_RATIO = 1.05
"""A rear that is higher than wide by this is no car's: cars have 0.75 to 0.95."""
FIT_S = 1.0
MIN_POINTS = 4
MIN_SPAN_S = 0.55
NOISE = 0.02
"""The least that a box's size is off by (share), whatever the scatter of few points says."""
EDGE_0_1 = 0.01
MIN_STEER = 0.08


@dataclass(frozen=True, slots=True)
class Point:
    """One look at one vehicle: the box's middle and size (px), and how far (m) it is to the right of our path."""

    wall_ns: int
    x_px: float
    width_px: float
    height_px: float
    offset_m: float
    cut: bool
    """It leaves the picture at a side, so that its width and middle are not known."""


@dataclass(frozen=True, slots=True)
class Closing:
    """How a vehicle grows. `rate_per_s` is the growth of its size, `sure_per_s` what it surely is: less two deviations.

    `course_m` is where beside our middle it will pass, as its drift and growth say; None where it does not grow enough.
    """

    rate_per_s: float
    sure_per_s: float
    course_m: float | None

    @property
    def ttc_s(self) -> float | None:
        """Return the time to collision (s), at unchanged speeds; None where it does not come closer."""
        return 1 / self.rate_per_s if self.rate_per_s > 0 else None


def assumed_width_m(width_px: float, height_px: float) -> tuple[float, float]:
    """Return how wide (m) such a vehicle likely is, and at most."""
    tall = height_px >= TALL_RATIO * width_px
    return (TALL_WIDTH_M, TALL_WIDEST_M) if tall else (CAR_WIDTH_M, CAR_WIDEST_M)


def point_of(wall_ns: int, box: BoxXyxy, *, ahead_x_px: float, picture_px: tuple[int, int]) -> Point:
    """Return what a box says at one moment."""
    left, top, right, bottom = box
    width_px, height_px = max(right - left, 1.0), max(bottom - top, 1.0)
    x_px = (left + right) / 2
    margin_px = EDGE_0_1 * picture_px[0]
    likely_m, _ = assumed_width_m(width_px, height_px)
    return Point(
        wall_ns,
        x_px,
        width_px,
        height_px,
        offset_m=(x_px - ahead_x_px) / width_px * likely_m,
        cut=left < margin_px or right > picture_px[0] - margin_px,
    )


def gap_m(point: Point, focal_px: float) -> tuple[float, float]:
    """Return how far ahead (m) it likely is, and at most."""
    likely_m, widest_m = assumed_width_m(point.width_px, point.height_px)
    return focal_px * likely_m / point.width_px, focal_px * widest_m / point.width_px


def closing_of(points: Sequence[Point]) -> Closing | None:
    """Return how it grows now, by the last FIT_S; None where too few whole looks tell.

    At unchanged speeds the inverse of the size falls along a line, to zero at the collision. Its slope is the growth,
    the scatter around it says how sure that is.
    """
    since_ns = points[-1].wall_ns - round(FIT_S * NS_PER_S)
    fit = [one for one in points if one.wall_ns >= since_ns and not one.cut]
    if len(fit) < MIN_POINTS or fit[-1].wall_ns - fit[0].wall_ns < MIN_SPAN_S * NS_PER_S:
        return None
    at_s = np.array([(one.wall_ns - fit[0].wall_ns) / NS_PER_S for one in fit])
    at_s -= at_s.mean()
    wide = np.array([one.width_px for one in fit])
    small = 1 / np.sqrt(wide * np.array([one.height_px for one in fit]))
    spread = float(at_s @ at_s)
    slope = float(at_s @ small) / spread
    off = small - small.mean() - slope * at_s
    now = max(float(small.mean() + slope * at_s[-1]), 0.1 * float(small.mean()))
    scatter = max(float(np.sqrt(off @ off / (len(fit) - 2))) / now, NOISE)
    rate = -slope / now
    steer = float(at_s @ wide) / spread
    course_m = None
    if steer > MIN_STEER * fit[-1].width_px:
        likely_m, _ = assumed_width_m(fit[-1].width_px, fit[-1].height_px)
        drift = float(at_s @ np.array([one.x_px for one in fit])) / spread
        course_m = drift / steer * likely_m
    return Closing(rate, rate - 2 * scatter / spread**0.5, course_m)
