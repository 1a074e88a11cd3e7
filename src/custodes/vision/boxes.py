"""Geometry of boxes `(left, top, right, bottom)` in pixels, as arrays of shape (n, 4), float32."""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def areas_px2(boxes: Boxes) -> NDArray[np.float32]:
    """Return the area of each box (px²); 0 for an empty one. Shape (n,)."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def intersections_px2(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Return the common area (px²) of each pair. Shape (n, m)."""
    left_top = np.maximum(first[:, None, :2], second[None, :, :2])
    right_bottom = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(right_bottom - left_top, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def iou_matrix(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Return the intersection over union of each pair, 0..1. Shape (n, m)."""
    common = intersections_px2(first, second)
    union = areas_px2(first)[:, None] + areas_px2(second)[None, :] - common
    return np.asarray(common / np.maximum(union, 1e-9), np.float32)


def cover_matrix(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Return for each pair the common area over the area of the smaller box, 0..1. Shape (n, m)."""
    common = intersections_px2(first, second)
    smaller = np.minimum(areas_px2(first)[:, None], areas_px2(second)[None, :])
    return np.asarray(common / np.maximum(smaller, 1e-9), np.float32)


def suppress(boxes: Boxes, scores: NDArray[np.float32], *, max_iou: float, max_cover: float = 1.0) -> NDArray[np.intp]:
    """Return the indices that greedy non-maximum suppression keeps, best score first.

    A box goes when a better one overlaps it by more than `max_iou`, or when one of the two lies inside the other by
    more than `max_cover` (1.0 turns that off): a part of a person seen in one tile goes for the whole in another.
    """
    order = np.argsort(-scores, kind="stable")
    clash = iou_matrix(boxes[order], boxes[order]) > max_iou
    if max_cover < 1.0:
        clash |= cover_matrix(boxes[order], boxes[order]) > max_cover
    gone = np.zeros(len(order), bool)
    kept: list[int] = []
    for place in range(len(order)):
        if gone[place]:
            continue
        kept.append(place)
        gone |= clash[place]
    return order[np.asarray(kept, np.intp)]
