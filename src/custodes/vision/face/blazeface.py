"""Decode MediaPipe's face detectors: one box and six points a face, relative to square anchors.

After Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019), sections 3 and 4:
anchors are squares of one size a cell, so that only their centres matter; scores are logits.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from custodes.core.types import BoxXyxy
from custodes.vision.boxes import suppress

SIDE_PX = 192
_CELLS = 48  # a side, at stride 4, one anchor each
_MAX_IOU = 0.3
RIGHT_EYE, LEFT_EYE = 0, 1
"""Places of the eyes among the six points; right and left are the person's own."""


@dataclass(frozen=True, slots=True)
class FoundFace:
    """One face as the detector gives it: `points_px` (6, 2) are eyes, nose, mouth and ears, right before left."""

    score_0_1: float
    box_px_xyxy: BoxXyxy
    points_px: NDArray[np.float32]

    @property
    def area_px2(self) -> float:
        """Return the area of the box."""
        left, top, right, bottom = self.box_px_xyxy
        return max(right - left, 0.0) * max(bottom - top, 0.0)

    @property
    def middle_px(self) -> tuple[float, float]:
        """Return the middle of the box."""
        left, top, right, bottom = self.box_px_xyxy
        return (left + right) / 2, (top + bottom) / 2


@cache
def anchor_centres() -> NDArray[np.float32]:
    """Return the centres of the 2304 anchors as shares of the picture, shape (2304, 2): x, y."""
    middle = (np.arange(_CELLS) + 0.5) / _CELLS
    row, column = np.meshgrid(middle, middle, indexing="ij")
    return np.stack([column.ravel(), row.ravel()], axis=1).astype(np.float32)


def decode(
    regressors: NDArray[np.float32], logits: NDArray[np.float32], *, min_score_0_1: float, to_px: float
) -> list[FoundFace]:
    """Return the faces, best score first, without overlapping ones.

    `regressors` (2304, 16): box (x, y, w, h) and six points (x, y), in pixels of the input; `logits` (2304,).
    `to_px` is how many pixels of the picture the whole square input stands for.
    """
    wanted = np.flatnonzero(logits >= np.log(min_score_0_1 / (1.0 - min_score_0_1)))
    if not len(wanted):
        return []
    found = regressors[wanted] / SIDE_PX
    centres = anchor_centres()[wanted]
    middle, half = found[:, :2] + centres, found[:, 2:4] / 2
    boxes = (np.hstack([middle - half, middle + half]) * to_px).astype(np.float32)
    points = (found[:, 4:].reshape(-1, 6, 2) + centres[:, None]) * to_px
    scores = (1.0 / (1.0 + np.exp(-np.clip(logits[wanted], -80.0, 80.0)))).astype(np.float32)
    kept = sorted(suppress(boxes, scores, max_iou=_MAX_IOU, max_cover=1.0), key=lambda place: -scores[place])
    return [
        FoundFace(float(scores[place]), tuple(float(edge) for edge in boxes[place]), points[place])  # type: ignore[arg-type]
        for place in kept
    ]
