"""Tell what a traffic light shows, from its piece of the picture: which lamp is bright, and of its colour.

A lamp is the only part of a light that is both bright and of a pure colour. Where the three stand above each other,
red is on top and green below (Vienna Convention on Road Signs and Signals, article 23; MUTCD 4D.11), which tells a lamp
from a red coat behind it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.types import BoxXyxy, Lamp

LEAST_PX = 8
"""Less high than this, a light of three lamps is too small to be read."""
BRIGHT, PURE = 130, 90
"""Value and saturation (of 255) from which on a pixel may be a lit lamp's."""
SHARE_0_1, CLEARLY = 0.015, 2.5
"""A lamp fills this share of its light at least, and has this many times the pixels of any other colour."""
HUES: dict[Lamp, tuple[tuple[int, int], ...]] = {
    "red": ((0, 9), (168, 180)),
    "amber": ((12, 32),),
    "green": ((62, 105),),
}
"""In OpenCV's half degrees. Green lamps are bluish, so that who cannot tell red from green can tell them."""
HEIGHTS: dict[Lamp, tuple[float, float]] = {"red": (0.0, 0.5), "amber": (0.25, 0.75), "green": (0.5, 1.0)}
"""Where in an upright light (shares from its top) the middle of each lamp is."""


def lamp_of(rgb: NDArray[np.uint8], box: BoxXyxy) -> Lamp | None:
    """Return what the light in `box` (px) of `rgb` (rows, columns, 3) shows; None where it cannot be told."""
    height_px, width_px = rgb.shape[:2]
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    right, bottom = min(round(box[2]), width_px), min(round(box[3]), height_px)
    if bottom - top < LEAST_PX or right - left < LEAST_PX // 3:
        return None
    upright = bottom - top > right - left
    hue, pure, bright = cv2.split(cv2.cvtColor(np.ascontiguousarray(rgb[top:bottom, left:right]), cv2.COLOR_RGB2HSV))
    lit = (np.asarray(pure) >= PURE) & (np.asarray(bright) >= BRIGHT)
    found: dict[Lamp, int] = {}
    for name, ranges in HUES.items():
        mine = lit & np.logical_or.reduce(
            [(np.asarray(hue) >= low) & (np.asarray(hue) <= high) for low, high in ranges]
        )
        rows = np.flatnonzero(mine.any(axis=1))
        middle = float(np.average(np.arange(len(mine)), weights=mine.sum(axis=1))) / len(mine) if len(rows) else 0.0
        in_place = HEIGHTS[name][0] <= middle <= HEIGHTS[name][1] or not upright
        found[name] = int(mine.sum()) if in_place else 0
    best, second = sorted(found, key=lambda name: found[name], reverse=True)[:2]
    enough = found[best] >= max(SHARE_0_1 * lit.size, 2)
    return best if enough and found[best] >= CLEARLY * found[second] else None
