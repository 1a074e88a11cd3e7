"""Decode the raw output of an SSD: boxes relative to anchors, and class logits.

After Liu et al., "SSD: Single Shot MultiBox Detector" (2016), section 2, with the anchor layout of the MobileNetV2
300 px configuration: six feature maps, scales 0.2 to 0.95, three anchors a cell on the first map and six on the rest.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from custodes.vision.boxes import Boxes

FEATURE_MAPS = (19, 10, 5, 3, 2, 1)
_MIN_SCALE, _MAX_SCALE = 0.2, 0.95
_ASPECT_RATIOS = (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0)
_FIRST_MAP = ((0.1, 1.0), (0.2, 2.0), (0.2, 0.5))  # (scale, aspect ratio): fewer anchors on the finest map
_CENTRE_SCALE, _SIZE_SCALE = 10.0, 5.0


@cache
def anchors() -> NDArray[np.float32]:
    """Return the 1917 anchors, shape (1917, 4): centre x, centre y, width, height as shares of the picture."""
    rows: list[NDArray[np.float64]] = []
    steps = len(FEATURE_MAPS)
    scales = [_MIN_SCALE + (_MAX_SCALE - _MIN_SCALE) * step / (steps - 1) for step in range(steps)] + [1.0]
    for layer, cells in enumerate(FEATURE_MAPS):
        shapes = list(_FIRST_MAP)
        if layer > 0:
            shapes = [(scales[layer], ratio) for ratio in _ASPECT_RATIOS]
            shapes.append((float(np.sqrt(scales[layer] * scales[layer + 1])), 1.0))
        sizes = np.array([(scale * np.sqrt(ratio), scale / np.sqrt(ratio)) for scale, ratio in shapes])
        middle = (np.arange(cells) + 0.5) / cells
        rows_y, columns_x = np.meshgrid(middle, middle, indexing="ij")
        centres = np.repeat(np.stack([columns_x.ravel(), rows_y.ravel()], axis=1), len(sizes), axis=0)
        rows.append(np.hstack([centres, np.tile(sizes, (cells * cells, 1))]))
    return np.vstack(rows).astype(np.float32)


def decode(
    encodings: NDArray[np.float32], logits: NDArray[np.float32], *, min_score_0_1: float
) -> tuple[Boxes, NDArray[np.float32], NDArray[np.intp]]:
    """Return boxes as shares of the picture (n, 4), scores (n,) and the column of the best class (n,).

    `encodings` (1917, 4) are (dy, dx, dh, dw) against the anchors, scaled by 10, 10, 5, 5; `logits` (1917, k) holds
    the wanted classes only. Anchors whose best score is below `min_score_0_1` are left out.
    """
    best = logits.argmax(axis=1)
    top = logits[np.arange(len(logits)), best]
    wanted = np.flatnonzero(top >= np.log(min_score_0_1 / (1.0 - min_score_0_1)))
    anchor, shift = anchors()[wanted], encodings[wanted]
    centre = shift[:, (1, 0)] / _CENTRE_SCALE * anchor[:, 2:] + anchor[:, :2]
    half = np.exp(np.minimum(shift[:, (3, 2)] / _SIZE_SCALE, 4.0)) * anchor[:, 2:] / 2
    boxes = np.hstack([centre - half, centre + half]).clip(0.0, 1.0)
    scores = 1.0 / (1.0 + np.exp(-top[wanted]))
    return boxes.astype(np.float32), scores.astype(np.float32), best[wanted]
