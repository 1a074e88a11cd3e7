"""Follow a box: its centre and size, each with a constant speed and seen through noise.

After Kalman (1960), with the noise model of Wojke et al., "Simple Online and Realtime Tracking" with a deep
association metric (2017): both kinds of noise grow with the height of the box. The four values are independent under
that model, so each is a filter of two states and all four are kept in arrays of shape (4,).
"""

import numpy as np
from numpy.typing import NDArray

from custodes.core.types import BoxXyxy

_POSITION_SHARE = 1 / 20  # standard deviation of a measured side, as a share of the box's height
_SPEED_SHARE = 1 / 5  # how much the speed may change in a second, as a share of the box's height


class BoxFilter:
    """A box with a speed (px/s). `position` is (centre x, centre y, width, height) in px."""

    __slots__ = ("_cross", "_position_var", "_speed_var", "position", "speed")

    def __init__(self, box: BoxXyxy) -> None:
        self.position = _centre_size(box)
        self.speed = np.zeros(4)
        spread = self.position[3]
        self._position_var = np.full(4, (2 * _POSITION_SHARE * spread) ** 2)
        self._speed_var = np.full(4, spread**2)
        self._cross = np.zeros(4)

    def predict(self, elapsed_s: float) -> None:
        """Move on by `elapsed_s` (s)."""
        spread = max(float(self.position[3]), 1.0)
        self.position = self.position + self.speed * elapsed_s
        self.position[2:] = np.maximum(self.position[2:], 1.0)
        self._position_var = (
            self._position_var
            + 2 * elapsed_s * self._cross
            + elapsed_s**2 * self._speed_var
            + (_POSITION_SHARE * spread) ** 2 * elapsed_s
        )
        self._cross = self._cross + elapsed_s * self._speed_var
        self._speed_var = self._speed_var + (_SPEED_SHARE * spread) ** 2 * elapsed_s

    def correct(self, box: BoxXyxy) -> None:
        """Take a measured box."""
        seen = _centre_size(box)
        noise_var = (_POSITION_SHARE * max(float(seen[3]), 1.0)) ** 2
        total = self._position_var + noise_var
        gain, speed_gain = self._position_var / total, self._cross / total
        surprise = seen - self.position
        self.position = self.position + gain * surprise
        self.speed = self.speed + speed_gain * surprise
        self._speed_var = self._speed_var - speed_gain * self._cross
        self._cross = (1 - gain) * self._cross
        self._position_var = (1 - gain) * self._position_var

    def stop(self) -> None:
        """Forget the speed: nothing near the box moves."""
        self.speed = np.zeros(4)
        self._cross = np.zeros(4)

    def box(self) -> BoxXyxy:
        """Return the box now, (left, top, right, bottom) in px."""
        x, y, width, height = (float(value) for value in self.position)
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _centre_size(box: BoxXyxy) -> NDArray[np.float64]:
    left, top, right, bottom = box
    return np.array([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
