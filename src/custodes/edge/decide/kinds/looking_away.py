"""The driver looks away from the road. Mirrors and shoulder checks are short, or go with a turn."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import DriverSight, Event, Sample
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverSettings, DriverState, Gauge, LensMind, Staged, held, rising
from custodes.edge.decide.driving.motion import MotionState, follow
from custodes.edge.decide.kinds.eyes_closed import CLOSED_0_1
from custodes.edge.decide.rule import KINDS

TURN_RADPS = 0.1
"""A vehicle that turns faster than this (a junction, no bend of a country road) has its driver look into the turn."""
TURN_STAYS_S = 2.0


class LookingAwaySettings(DriverSettings):
    """A rule on eyes off the road. Stages after Euro NCAP's driver monitoring (2023), as openpilot has them."""

    kind: Literal["looking_away"] = Field(default="looking_away", description="Eyes off the road.")
    stages_s: Annotated[tuple[float, float, float], AfterValidator(rising)] = Field(
        default=(3.0, 5.0, 11.0), description="How long (s) they look away at each of the three stages."
    )
    aside_deg: float = Field(
        default=25.0, gt=0, le=90, description="How far (°) to the side still counts as the road; mirrors lie further."
    )
    down_deg: float = Field(default=18.0, gt=0, le=90, description="How far (°) down still counts as the road.")
    up_deg: float = Field(default=25.0, gt=0, le=90, description="How far (°) up still counts as the road.")

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"eyes off the road for {self.stages_s[0]:g} s"


@dataclass(frozen=True, slots=True)
class Road:
    """The vehicle's own motion: which way it turned last, and when."""

    motion: MotionState = field(default_factory=MotionState)
    turn_radps: float = 0.0
    turned_ns: int | None = None


@KINDS.register("looking_away")
class LookingAway(Staged[LookingAwaySettings, None]):
    """Watch the direction of head and eyes against what is straight ahead for this person."""

    settings_model = LookingAwaySettings
    kind = "looking_away"
    measured = "eyes off the road for"

    def memory(self) -> None:
        """Return nothing: the spell is all that this kind remembers."""
        return

    @property
    def stages(self) -> tuple[float, float, float]:
        """Return how long (s) they look away at each stage."""
        return self.settings.stages_s

    def rode(self, state: DriverState[None], sample: Sample) -> DriverState[None]:
        """Follow the vehicle's turning."""
        road = state.road if isinstance(state.road, Road) else Road()
        motion_state, motion = follow(road.motion, sample)
        road = replace(road, motion=motion_state)
        if motion is not None and motion.yaw_radps is not None and abs(motion.yaw_radps) >= TURN_RADPS:
            road = replace(road, turn_radps=motion.yaw_radps, turned_ns=sample.wall_ns)
        return replace(state, road=road)

    def gauge(self, mind: LensMind[None], look: Attention, state: DriverState[None]) -> tuple[None, Gauge]:
        """Return how long the driver has looked away."""
        return None, held(mind, look, on=self._away(mind, look, state))

    def _away(self, mind: LensMind[None], look: Attention, state: DriverState[None]) -> bool | None:
        if look.sight is DriverSight.NOBODY and mind.spell is not None:
            return True  # turned so far that the face is out of sight
        if look.yaw_deg is None or look.pitch_deg is None:
            return None
        if look.openness_0_1 is not None and look.openness_0_1 < CLOSED_0_1:
            looked_away = mind.spell is not None and look.wall_ns - mind.spell.last_ns <= look.dt_s * NS_PER_S + 1
            return True if looked_away else None  # who blinks while looking away still does
        settings = self.settings
        aside = abs(look.yaw_deg) > settings.aside_deg
        away = aside or look.pitch_deg < -settings.down_deg or look.pitch_deg > settings.up_deg
        return None if away and aside and self._into_turn(look.yaw_deg, state, look.wall_ns) else away

    @staticmethod
    def _into_turn(yaw_deg: float, state: DriverState[None], wall_ns: int) -> bool:
        """Return whether the vehicle turns to the side to which the driver looks, or did a moment ago."""
        road = state.road
        if not isinstance(road, Road) or road.turned_ns is None:
            return False
        return road.turn_radps * yaw_deg > 0 and abs(wall_ns - road.turned_ns) <= TURN_STAYS_S * NS_PER_S

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "Look at the road, now." if str(event.severity) == "critical" else "Eyes on the road."
