"""A turned square in a picture: cut it out upright, and bring points that were found in it back."""

from dataclasses import dataclass
from math import atan2, cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Square:
    """A square of `side_px` around a point, turned by `angle_rad` (clockwise on the screen, as the face leans)."""

    middle_px: tuple[float, float]
    side_px: float
    angle_rad: float = 0.0

    def cut(self, rgb: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
        """Return the square as an upright picture (size_px, size_px, 3); what lies outside of the picture is black."""
        wanted = np.array([[0, 0], [size_px, 0], [0, size_px]], np.float32)
        corners = self.to_picture((wanted / size_px).astype(np.float32))
        moved = cv2.getAffineTransform(corners.astype(np.float32), wanted)
        return np.asarray(cv2.warpAffine(rgb, moved, (size_px, size_px), flags=cv2.INTER_LINEAR), np.uint8)

    def to_picture(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return points of the picture (px) for points of the square (shares of its side), shape (n, 2)."""
        along = (shares - 0.5) * self.side_px
        turn = np.array(
            [[cos(self.angle_rad), sin(self.angle_rad)], [-sin(self.angle_rad), cos(self.angle_rad)]], np.float32
        )
        return np.asarray(along @ turn + np.array(self.middle_px, np.float32), np.float32)


def square_around(points_px: NDArray[np.float32], *, share: float, level: tuple[int, int]) -> Square:
    """Return the square around points (n, 2), `share` times their longer side; the two points of `level` lie level."""
    right, left = points_px[level[0]], points_px[level[1]]
    angle_rad = atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    low, high = points_px.min(axis=0), points_px.max(axis=0)
    middle = (low + high) / 2
    return Square((float(middle[0]), float(middle[1])), float((high - low).max()) * share, angle_rad)
