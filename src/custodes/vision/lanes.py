"""Find the markings along a lane: bright stripes that run to the point where a straight road vanishes.

A stripe along a flat road, X to the side of a camera H above it, leaves that point with the slope X/H, however long
the lens is: x - x0 = X/H (y - y0). Sampled along such slopes, a stripe stands upright and has one width from the
horizon down to the bonnet, so that one filter finds it. Dashes count by the share of rows that they light.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

SLOPES = np.linspace(-3.2, 3.2, 513)
"""Looked at, in heights of the camera: some four metres to each side."""
STEP = float(SLOPES[1] - SLOPES[0])
ROWS = 64
NEAREST_0_1, BELOW_HORIZON_0_1 = 0.96, 0.10
"""Rows from here to there, as shares of the picture: nearer lies the bonnet, further a stripe is a pixel wide."""
STRIPE = 0.10
"""How wide a stripe is: 0.10 to 0.15 m, from a camera 1.1 to 2 m up."""
BRIGHTER = 14.0
"""A stripe is this much brighter (levels of 255) than the road at both its sides."""
LIT_0_1 = 0.15
"""In this share of the rows at least: dashes of 3 m and gaps of 9 m light a quarter of the road."""
WIDEST = 0.4
"""What is wider is no stripe, even where the vanishing point is somewhat off."""


def markings(luma: NDArray[np.uint8], *, ahead_px: tuple[float, float]) -> tuple[float, ...]:
    """Return where markings run, from left to right: to the side of us, right positive, in heights of the camera.

    `luma` (rows, columns) is the grey picture, `ahead_px` the point (x, y) in it where a straight road vanishes.
    """
    height_px, width_px = luma.shape
    across, down, inside = _paths(width_px, height_px, ahead_px)
    if across is None or down is None or inside is None:
        return ()
    upright = cv2.remap(luma, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    wide = round(STRIPE / STEP) | 1
    mean = np.asarray(cv2.blur(upright, (wide, 1)), np.float32)
    beside = round(1.5 * wide)
    road = np.full_like(mean, np.inf)
    road[:, beside:-beside] = np.maximum(mean[:, : -2 * beside], mean[:, 2 * beside :])
    lit = ((mean - road > BRIGHTER) & inside).sum(axis=0) / np.maximum(inside.sum(axis=0), 1)
    return _middles(lit)


def _middles(lit: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the middle of each run of columns that are lit enough, weighed by how far."""
    on = np.flatnonzero(lit >= LIT_0_1)
    runs = np.split(on, np.flatnonzero(np.diff(on) > 1) + 1)
    return tuple(
        float(np.average(SLOPES[run], weights=lit[run])) for run in runs if 0 < len(run) <= round(WIDEST / STEP)
    )


_Paths = tuple[NDArray[np.float32] | None, NDArray[np.float32] | None, NDArray[np.bool_] | None]


@lru_cache(maxsize=8)
def _paths(width_px: int, height_px: int, ahead_px: tuple[float, float]) -> _Paths:
    """Return for each row and slope the place (x, y) in the picture, and whether it lies in it; None: no road there."""
    x, y = ahead_px
    rows = np.linspace(y + BELOW_HORIZON_0_1 * height_px, NEAREST_0_1 * height_px, ROWS)
    if rows[0] >= rows[-1]:
        return None, None, None
    across = x + SLOPES[None, :] * (rows[:, None] - y)
    down = np.repeat(rows[:, None], len(SLOPES), axis=1)
    return across.astype(np.float32), down.astype(np.float32), (across >= 0) & (across < width_px)
