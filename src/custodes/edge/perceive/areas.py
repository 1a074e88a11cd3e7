"""Zones, masks and size limits of one lens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.types import BoxXyxy, Detection

Corners = Sequence[tuple[float, float]]

_MASK_GREY = 114


@dataclass(frozen=True, slots=True)
class Areas:
    """Polygons with corners as shares of the picture (0..1), and the share of it that an object may cover."""

    zones: Mapping[str, Corners]
    masks: Sequence[Corners]
    min_size_0_1: float = 0.0
    max_size_0_1: float = 1.0

    def zones_of(self, box: BoxXyxy, *, width_px: int, height_px: int) -> tuple[str, ...]:
        """Return the names of the zones that the box stands in: the middle of its lower edge decides."""
        point = ((box[0] + box[2]) / 2 / width_px, box[3] / height_px)
        # An object that leaves through the lower edge of the picture still stands in it.
        inside = (min(max(point[0], 0.0), 1.0), min(max(point[1], 0.0), 1.0))
        return tuple(name for name, corners in self.zones.items() if _contains(corners, inside))

    def painted(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the picture with the masks painted over: the detector never sees what lies under them."""
        if not self.masks:
            return rgb
        covered = rgb.copy()
        scale = np.array([rgb.shape[1], rgb.shape[0]])
        for corners in self.masks:
            points = np.round(np.array(corners) * scale).astype(np.int32)
            cv2.fillPoly(covered, [points], (_MASK_GREY, _MASK_GREY, _MASK_GREY))
        return covered

    def admits(self, found: Detection, *, width_px: int, height_px: int) -> bool:
        """Return whether the object is of an admitted size and its middle is under no mask."""
        left, top, right, bottom = found.box_px_xyxy
        share = (right - left) * (bottom - top) / (width_px * height_px)
        if not self.min_size_0_1 <= share <= self.max_size_0_1:
            return False
        middle = ((left + right) / 2 / width_px, (top + bottom) / 2 / height_px)
        return not any(_contains(corners, middle) for corners in self.masks)


def _contains(corners: Corners, point: tuple[float, float]) -> bool:
    polygon = np.array(corners, np.float32).reshape(-1, 1, 2)
    return float(cv2.pointPolygonTest(polygon, point, measureDist=False)) >= 0.0
