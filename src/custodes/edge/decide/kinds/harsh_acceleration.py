"""Harsh acceleration: warned of at once, from inertial sensor or receiver."""

from typing import Literal

from pydantic import Field

from custodes.core.types import Event
from custodes.edge.decide.driving.harsh import (
    MENTOR_BRAKING_MPS2,
    Force,
    Harsh,
    HarshSettings,
    along_straight,
    said_of,
)
from custodes.edge.decide.driving.motion import Motion
from custodes.edge.decide.rule import KINDS


class HarshAccelerationSettings(HarshSettings):
    """A rule on acceleration."""

    kind: Literal["harsh_acceleration"] = Field(default="harsh_acceleration", description="Harsh acceleration.")
    peak_mps2: float = Field(default=2.1, gt=0, le=20, description="How strong (m/s²) the smoothed push must be.")
    change: float = Field(default=4.5, gt=0, le=100, description="How much speed (m/s) it must add.")
    at_least_s: float = Field(default=1.5, ge=0, le=10, description="How long (s) it must last above half its peak.")
    severe_mps2: float = Field(
        default=MENTOR_BRAKING_MPS2, gt=0, le=20, description="From this peak (m/s²) on it is severe: Mentor's 0.41 g."
    )
    from_kmh: float = Field(default=0.0, ge=0, le=200, description="Slower than this, where speed is known: no event.")

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"acceleration above {self.peak_mps2:g} m/s² that adds {self.change:g} m/s"


@KINDS.register("harsh_acceleration")
class HarshAcceleration(Harsh[HarshAccelerationSettings]):
    """Watch the force along the direction of travel."""

    settings_model = HarshAccelerationSettings
    kind = "harsh_acceleration"
    change_name = "speed gained"
    change_unit = "m/s"

    def force(self, motion: Motion) -> Force | None:
        """Return how hard the vehicle pulls away; unknown while the axis is."""
        return Force(along_straight(motion, motion.along_mps2)) if motion.along_mps2 is not None else None

    def change_per_s(self, motion: Motion, force_mps2: float) -> float:
        """Return the speed gained a second."""
        return force_mps2

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what was felt, and how hard."""
        return said_of("Pulled away hard", event)
