"""Harsh braking: warned of at once, from inertial sensor or receiver."""

from typing import Literal

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event
from custodes.edge.decide.driving.harsh import (
    MENTOR_BRAKING_MPS2,
    STRAIGHT_RADPS,
    Episode,
    Force,
    Harsh,
    HarshSettings,
    along_straight,
    said_of,
)
from custodes.edge.decide.driving.motion import Motion
from custodes.edge.decide.rule import KINDS

BRAKING_MPS3 = 1.35
"""Where the axis is not known: labelled brakings are short and strong (peak over length 1.4 and more), labelled
accelerations long and weak."""


class HarshBrakeSettings(HarshSettings):
    """A rule on braking."""

    kind: Literal["harsh_brake"] = Field(default="harsh_brake", description="Harsh braking.")
    peak_mps2: float = Field(default=2.8, gt=0, le=20, description="How strong (m/s²) the smoothed braking must be.")
    change: float = Field(default=3.0, gt=0, le=100, description="How much speed (m/s) it must take away.")
    severe_mps2: float = Field(
        default=MENTOR_BRAKING_MPS2, gt=0, le=20, description="From this peak (m/s²) on it is severe: Mentor's 0.41 g."
    )

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"braking above {self.peak_mps2:g} m/s² that takes {self.change:g} m/s"


@KINDS.register("harsh_brake")
class HarshBrake(Harsh[HarshBrakeSettings]):
    """Watch the force against the direction of travel."""

    settings_model = HarshBrakeSettings
    kind = "harsh_brake"
    change_name = "speed lost"
    change_unit = "m/s"

    def force(self, motion: Motion) -> Force | None:
        """Return how hard the vehicle brakes; of unknown direction while the axis is not known."""
        if motion.along_mps2 is not None:
            return Force(-along_straight(motion, motion.along_mps2))
        straight = motion.yaw_radps is not None and abs(motion.yaw_radps) < STRAIGHT_RADPS
        return Force(motion.level_mps2, unsigned=True) if straight and motion.level_mps2 is not None else None

    def shaped(self, episode: Episode) -> bool:
        """Return whether an episode of unknown direction is as short and strong as only brakings are."""
        return episode.peak_mps2 >= BRAKING_MPS3 * (episode.last_ns - episode.start_ns) / NS_PER_S

    def change_per_s(self, motion: Motion, force_mps2: float) -> float:
        """Return the speed lost a second."""
        return force_mps2

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what was felt, and how hard."""
        return said_of("Braked hard", event)
