"""Decode the raw output of a YOLOX: offsets against the cells of three grids.

After Ge et al., "YOLOX: Exceeding YOLO Series in 2021", section 2.1: a cell predicts the box's centre relative to the
cell and the logarithm of its size, both in strides.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.vision.boxes import Boxes

STRIDES = (8, 16, 32)
PAD_VALUE = 114  # the grey that YOLOX was trained with around the picture


@cache
def grid(side_px: int) -> NDArray[np.float32]:
    """Return (n, 3): column, row and stride of each cell of a network with a square input of `side_px`."""
    rows: list[NDArray[np.float32]] = []
    for stride in STRIDES:
        cells = side_px // stride
        row, column = np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij")
        rows.append(np.stack([column.ravel(), row.ravel(), np.full(cells * cells, stride)], axis=1))
    return np.vstack(rows).astype(np.float32)


def letterbox(rgb: NDArray[np.uint8], side_px: int) -> tuple[NDArray[np.uint8], float]:
    """Return the picture scaled into the top left of a grey square of `side_px`, and the scale that was used."""
    height_px, width_px = rgb.shape[:2]
    ratio = min(side_px / width_px, side_px / height_px)
    size = (max(1, round(width_px * ratio)), max(1, round(height_px * ratio)))
    padded = np.full((side_px, side_px, 3), PAD_VALUE, np.uint8)
    padded[: size[1], : size[0]] = cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR)
    return padded, ratio


def decode(
    output: NDArray[np.float32], *, columns: NDArray[np.intp], side_px: int, min_score_0_1: float
) -> tuple[Boxes, NDArray[np.float32], NDArray[np.intp]]:
    """Return boxes in pixels of the network's input (n, 4), scores (n,) and the place in `columns` (n,).

    `output` (cells, 5 + classes): x, y, log width, log height, objectness, class scores. `columns` are the places of
    the wanted classes. A score is objectness times class score; lower ones than `min_score_0_1` are left out.
    """
    scores = output[:, 4:5] * output[:, 5 + columns]
    best = scores.argmax(axis=1)
    top = scores[np.arange(len(scores)), best]
    wanted = np.flatnonzero(top >= min_score_0_1)
    cells, found = grid(side_px)[wanted], output[wanted]
    stride = cells[:, 2:3]
    centre = (found[:, :2] + cells[:, :2]) * stride
    half = np.exp(np.minimum(found[:, 2:4], 8.0)) * stride / 2
    return np.hstack([centre - half, centre + half]).astype(np.float32), top[wanted], best[wanted]
