"""Hide in a film's pictures what `mask_orders` planned, and keep a few stills. In the child: it loads OpenCV."""

import json

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.redact.fill import hide
from custodes.redact.heads import Look, MaskPlan, Place

STILL_WIDTH_PX = 400
A_ROW = 3


class Masker:
    """Hides what the plan says in each picture, and keeps stills of what is left to see."""

    def __init__(self, handed: bytes) -> None:
        """Read the plan."""
        said = json.loads(handed)
        looks = [Look(at, {int(track): Place(*box) for track, *box in people}) for at, people in said["looks"]]
        self._plan = MaskPlan(looks, aspect=said["aspect"])
        self._wanted_s: list[float] = said["stills_s"]
        self._stills: list[NDArray[np.uint8]] = []

    def alter(self, planes: NDArray[np.uint8], time_s: float) -> None:
        """Hide what is hidden at this moment, in place."""
        hide(planes, self._plan.at(time_s))
        if len(self._stills) < len(self._wanted_s) and time_s >= self._wanted_s[len(self._stills)]:
            picture = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
            high = max(2, round(picture.shape[0] * STILL_WIDTH_PX / picture.shape[1]))
            self._stills.append(
                np.asarray(cv2.resize(picture, (STILL_WIDTH_PX, high), interpolation=cv2.INTER_AREA), np.uint8)
            )

    def sheet(self) -> bytes:
        """Return the stills side by side, as one JPEG; empty where there is none."""
        if not self._stills:
            return b""
        high = self._stills[0].shape[0]
        rows = -(-len(self._stills) // A_ROW)
        sheet = np.zeros((rows * high, min(A_ROW, len(self._stills)) * STILL_WIDTH_PX, 3), np.uint8)
        for number, still in enumerate(self._stills):
            top, left = number // A_ROW * high, number % A_ROW * STILL_WIDTH_PX
            sheet[top : top + high, left : left + STILL_WIDTH_PX] = still
        _fine, encoded = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 80])
        return bytes(encoded)
