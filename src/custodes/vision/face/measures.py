"""What points of a face say: lids, mouth, turn of the head, direction of the eyes. Pure; no picture, no network.

Points of the mesh are (x, y, z) in pixels of the picture: x to the right, y down, z away from the camera. Their
numbers are those of MediaPipe's canonical face model (468 points); those of an eye are the 71 of its iris model.
"""

from dataclasses import dataclass
from math import asin, atan2, degrees

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS = (33, 133), (362, 263)
"""Corners of each eye (the person's right and left), in the order in which they lie from left to right on screen."""

_FOREHEAD, _UNDER_NOSE = 10, 2
_OUTER_EYES = (33, 263)
_LIPS_INSIDE, _MOUTH_CORNERS = (13, 14), (78, 308)
CHEEKS = (50, 280)

_LOWER_LID, _UPPER_LID = slice(2, 7), slice(10, 15)
"""The five middle points of each lid in the eye's contour; points 0 and 8 are the corners."""
_CORNERS = (0, 8)

EYE_WIDTH_OVER_BALL_RADIUS = 2.4
"""Width of the lid opening (28-30 mm in adults) over the radius of the eyeball (12 mm)."""


@dataclass(frozen=True, slots=True)
class HeadPose:
    """How a head is turned, seen from the camera (degrees).

    `yaw_deg`: to the person's left is positive. `pitch_deg`: up is positive. `roll_deg`: leaning to the person's left
    shoulder is positive.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class EyeLook:
    """One eye: how far it is open (height of the lid opening over its width), and where it looks in the head."""

    open_ratio: float
    yaw_deg: float
    pitch_deg: float


def head_pose(mesh: Points) -> HeadPose:
    """Return how the head is turned, from the mesh's points (468, 3).

    Two directions that no expression moves make the head's frame (Gram and Schmidt): from eye to eye, and from below
    the nose to the forehead; the chin is left out, so that a yawn nods no head. The forward direction is square to
    both. The zero of the pitch depends on the face's own shape and on the mount: it means something only against the
    person's usual one.
    """
    across = mesh[_OUTER_EYES[1]] - mesh[_OUTER_EYES[0]]
    across = across / np.linalg.norm(across)
    up = mesh[_FOREHEAD] - mesh[_UNDER_NOSE]
    up = up - across * float(across @ up)
    up = up / np.linalg.norm(up)
    forward = np.cross(across, up)
    return HeadPose(
        yaw_deg=degrees(atan2(float(forward[0]), -float(forward[2]))),
        pitch_deg=degrees(asin(float(np.clip(-forward[1], -1.0, 1.0)))),
        roll_deg=degrees(atan2(float(across[1]), float(across[0]))),
    )


def mouth_open(mesh: Points) -> float:
    """Return the height of the mouth's opening over its width, inside of the lips; 0 is shut."""
    height = float(np.linalg.norm(mesh[_LIPS_INSIDE[1]] - mesh[_LIPS_INSIDE[0]]))
    width = float(np.linalg.norm(mesh[_MOUTH_CORNERS[1]] - mesh[_MOUTH_CORNERS[0]]))
    return height / max(width, 1e-6)


def eye_look(contour: Points, iris: Points) -> EyeLook:
    """Return what one eye does: `contour` (71, 2) and `iris` (5, 2), first its middle, in any unit, as on the screen.

    Openness: the mean gap between the lids over the width, after the eye aspect ratio of Soukupová and Čech,
    "Real-Time Eye Blink Detection using Facial Landmarks" (2016), with five pairs of points instead of two. Direction:
    a ball of 12 mm behind an opening of 29 mm, the iris' offset from the corners' middle being the sine.
    """
    first, second = contour[_CORNERS[0]], contour[_CORNERS[1]]
    width = max(float(np.linalg.norm(second - first)), 1e-6)
    gap = float(np.linalg.norm(contour[_UPPER_LID] - contour[_LOWER_LID], axis=1).mean())
    off = (iris[0] - (first + second) / 2) / width * EYE_WIDTH_OVER_BALL_RADIUS
    return EyeLook(gap / width, _arc_deg(float(off[0])), _arc_deg(-float(off[1])))


def _arc_deg(sine: float) -> float:
    return degrees(asin(min(max(sine, -1.0), 1.0)))


def shaded(eye_luma: NDArray[np.uint8], cheek_luma: float) -> bool:
    """Return whether something dark covers the eye: even its bright parts are far darker than the cheek.

    Skin of a closed lid is about as bright as the cheek and the white of an open eye brighter than skin of any
    colour, so the brighter tenth of the opening tells a dark glass from both.
    """
    if cheek_luma < 1.0 or eye_luma.size == 0:
        return False
    return float(np.percentile(eye_luma, 90)) < SHADED_SHARE * cheek_luma


SHADED_SHARE = 0.5
