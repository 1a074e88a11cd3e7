"""Decode MediaPipe's person detector: one box and four points a person, relative to square anchors.

After Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking" (2020), section 2.2: the detector gives
the middle of the hips and a second point that sets the radius of a circle around the whole person.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from custodes.vision.boxes import Boxes

SIDE_PX = 224
_GRIDS = ((28, 2), (14, 2), (7, 6))  # cells a side and anchors a cell, at strides 8, 16 and (three times) 32
_WIDTH_SHARE = 0.5  # of a standing person's height, arms included


@cache
def anchor_centres() -> NDArray[np.float32]:
    """Return the centres of the 2254 anchors as shares of the picture, shape (2254, 2): x, y."""
    rows: list[NDArray[np.float64]] = []
    for cells, each in _GRIDS:
        middle = (np.arange(cells) + 0.5) / cells
        row, column = np.meshgrid(middle, middle, indexing="ij")
        rows.append(np.repeat(np.stack([column.ravel(), row.ravel()], axis=1), each, axis=0))
    return np.vstack(rows).astype(np.float32)


def decode(
    regressors: NDArray[np.float32], logits: NDArray[np.float32], *, min_score_0_1: float
) -> tuple[Boxes, NDArray[np.float32]]:
    """Return the boxes of whole people as shares of the square input (n, 4) and scores (n,).

    `regressors` (2254, 12): box (x, y, w, h) and four points (x, y), in pixels of the input; `logits` (2254,).
    """
    wanted = np.flatnonzero(logits >= np.log(min_score_0_1 / (1.0 - min_score_0_1)))
    found = regressors[wanted] / SIDE_PX
    hips = found[:, 4:6] + anchor_centres()[wanted]
    edge = found[:, 6:8] + anchor_centres()[wanted]
    radius = np.linalg.norm(edge - hips, axis=1, keepdims=True)
    half = np.hstack([radius * _WIDTH_SHARE, radius])
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits[wanted], -80.0, 80.0)))
    return np.hstack([hips - half, hips + half]).clip(0.0, 1.0).astype(np.float32), scores.astype(np.float32)
