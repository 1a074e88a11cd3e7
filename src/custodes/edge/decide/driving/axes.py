"""Find the vehicle's forward axis in a sensor that is mounted anyhow.

Two things tell it. In a turn, the level force points to the inside of the turn: to the left where the yaw rate is
positive. And where a receiver states speeds, gaining speed presses along the axis. Both are gathered as weighted sums
of complex numbers (real: the sensor's first level axis, imaginary: its second), so that agreement adds up and noise
cancels; the length of the sum over the sum of the lengths says how well the evidence agrees.

Some loggers report in the frame of the earth and not in the sensor's own (`Sample.source` ends with `EARTH`): there the
axis turns with the vehicle, and is followed by the integral of the yaw rate.
"""

from cmath import exp
from dataclasses import dataclass, replace
from math import exp as decay

EARTH = ":earth"
"""How the source of such samples ends."""

BODY_MEMORY_S = 900.0
"""How long evidence counts while the axis stands still in the sensor's frame: a mount moves rarely."""

EARTH_MEMORY_S = 90.0
"""How long it counts in the frame of the earth: the yaw rate's bias turns the estimate away meanwhile."""

ENOUGH_TURNING = 3.0
"""Full weight of turning (rad/s x m/s² x s): one 90° turn at 2 m/s² gives 3.1."""

ENOUGH_SPEEDING = 30.0
"""Full weight of speed changes ((m/s)²): pulling away to 20 km/h once gives 31."""

AGREES_0_1 = 0.35
"""Evidence that agrees less than this names no axis."""

TURNS_RADPS = 0.08
"""A slower yaw rate is the bend of a road and the bias of a gyroscope."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What is known of the forward axis: two weighted sums, and the sums of the lengths.

    `heading_rad` is the yaw rate's integral since the start where samples are in the frame of the earth, else 0.
    `pressed` is the level force's integral since the last stated speed.
    """

    heading_rad: float = 0.0
    left: complex = 0j
    left_weight: float = 0.0
    ahead: complex = 0j
    ahead_weight: float = 0.0
    pressed: complex = 0j

    def moved(self, level: complex, yaw_radps: float | None, dt_s: float, *, earth: bool) -> "Axes":
        """Take the level force (m/s²) and the yaw rate (rad/s, to the left) of `dt_s` seconds."""
        heading = self.heading_rad + (yaw_radps or 0.0) * dt_s if earth else 0.0
        steady = level * exp(-1j * heading) if earth else level
        keep = decay(-dt_s / (EARTH_MEMORY_S if earth else BODY_MEMORY_S))
        left, left_weight = self.left * keep, self.left_weight * keep
        if yaw_radps is not None and abs(yaw_radps) >= TURNS_RADPS:
            left += steady * yaw_radps * dt_s
            left_weight += abs(level) * abs(yaw_radps) * dt_s
        ahead, weight = self.ahead * keep, self.ahead_weight * keep
        return Axes(heading, left, left_weight, ahead, weight, self.pressed + steady * dt_s)

    def sped(self, gained_mps: float) -> "Axes":
        """Take a change of the stated speed since the last one."""
        told = gained_mps * self.pressed
        return replace(self, ahead=self.ahead + told, ahead_weight=self.ahead_weight + abs(told), pressed=0j)

    def forgotten_push(self) -> "Axes":
        """Drop what was pressed since the last stated speed: too long ago to compare."""
        return replace(self, pressed=0j)

    def forward(self) -> complex | None:
        """Return the forward axis now, of length 1, in the sensor's level frame; None while it is not known."""
        total, most = 0j, 0.0
        if self.left_weight > 0:
            counts = min(1.0, self.left_weight / ENOUGH_TURNING)
            total += -1j * self.left / self.left_weight * counts
            most += counts
        if self.ahead_weight > 0:
            counts = min(1.0, self.ahead_weight / ENOUGH_SPEEDING)
            total += self.ahead / self.ahead_weight * counts
            most += counts
        if abs(total) / max(1.0, most) < AGREES_0_1:
            return None
        return total / abs(total) * exp(1j * self.heading_rad)
