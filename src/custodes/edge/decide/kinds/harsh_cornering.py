"""Harsh cornering: warned of at once, from inertial sensor or receiver."""

from math import degrees
from typing import Literal

from pydantic import Field

from custodes.core.types import Event
from custodes.edge.decide.driving.harsh import (
    MENTOR_CORNERING_MPS2,
    SURELY_0_1,
    Force,
    Harsh,
    HarshSettings,
    said_of,
)
from custodes.edge.decide.driving.motion import Motion
from custodes.edge.decide.rule import KINDS

TURNING_RADPS = 0.2


class HarshCorneringSettings(HarshSettings):
    """A rule on cornering."""

    kind: Literal["harsh_cornering"] = Field(default="harsh_cornering", description="Harsh cornering.")
    peak_mps2: float = Field(default=3.4, gt=0, le=20, description="How strong (m/s²) the smoothed pull must be.")
    change: float = Field(default=25.0, gt=0, le=360, description="How far (degrees) it must turn to one side.")
    at_least_s: float = Field(default=0.8, ge=0, le=10, description="How long (s) it must last above half its peak.")
    severe_mps2: float = Field(
        default=MENTOR_CORNERING_MPS2, gt=0, le=20, description="From this peak (m/s²) on it is severe: Mentor's 0.5 g."
    )

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"cornering above {self.peak_mps2:g} m/s² through {self.change:g}°"


@KINDS.register("harsh_cornering")
class HarshCornering(Harsh[HarshCorneringSettings]):
    """Watch the force across the vehicle while it turns."""

    settings_model = HarshCorneringSettings
    kind = "harsh_cornering"
    change_name = "turned"
    change_unit = "°"

    def force(self, motion: Motion) -> Force | None:
        """Return the pull to the inside of the turn; the whole level force where the axis does not contradict."""
        if motion.yaw_radps is None or abs(motion.yaw_radps) < TURNING_RADPS or motion.level_mps2 is None:
            return None
        if motion.across_mps2 is None:
            return Force(motion.level_mps2)
        inside = motion.across_mps2 if motion.yaw_radps > 0 else -motion.across_mps2
        return Force(motion.level_mps2 if inside >= SURELY_0_1 * motion.level_mps2 else inside)

    def change_per_s(self, motion: Motion, force_mps2: float) -> float:
        """Return the degrees turned a second, to the left positive."""
        return degrees(motion.yaw_radps or 0.0)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what was felt, and how hard."""
        return said_of("Took a corner hard", event)
