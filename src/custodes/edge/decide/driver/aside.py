"""Whether the driver looks off the road, for the kinds that count it: long, or again and again."""

from dataclasses import dataclass, field, replace

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import DriverSight, Sample
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverSettings
from custodes.edge.decide.driving.motion import MotionState, follow
from custodes.edge.decide.kinds.eyes_closed import CLOSED_0_1

TURN_RADPS = 0.1
"""A vehicle that turns faster than this (a junction, no bend of a country road) has its driver look into the turn."""
TURN_STAYS_S = 2.0


class AsideSettings(DriverSettings):
    """What still counts as the road."""

    aside_deg: float = Field(
        default=25.0, gt=0, le=90, description="How far (°) to the side still counts as the road; mirrors lie further."
    )
    down_deg: float = Field(default=18.0, gt=0, le=90, description="How far (°) down still counts as the road.")
    up_deg: float = Field(default=25.0, gt=0, le=90, description="How far (°) up still counts as the road.")


@dataclass(frozen=True, slots=True)
class Turning:
    """The vehicle's own motion: which way it turned last, and when."""

    motion: MotionState = field(default_factory=MotionState)
    turn_radps: float = 0.0
    turned_ns: int | None = None


def turned(before: object, sample: Sample) -> Turning:
    """Return which way the vehicle turned last, after a reading; `before` may be anything else at the beginning."""
    turning = before if isinstance(before, Turning) else Turning()
    motion_state, motion = follow(turning.motion, sample)
    turning = replace(turning, motion=motion_state)
    if motion is not None and motion.yaw_radps is not None and abs(motion.yaw_radps) >= TURN_RADPS:
        turning = replace(turning, turn_radps=motion.yaw_radps, turned_ns=sample.wall_ns)
    return turning


def off_road(look: Attention, settings: AsideSettings, turning: object, *, was_away_ns: int | None) -> bool | None:
    """Return whether the look is off the road; None: cannot be told. `was_away_ns` is when it last was, lately."""
    if look.sight is DriverSight.NOBODY and was_away_ns is not None:
        return True  # turned so far that the face is out of sight
    if look.yaw_deg is None or look.pitch_deg is None:
        return None
    if look.openness_0_1 is not None and look.openness_0_1 < CLOSED_0_1:
        looked_away = was_away_ns is not None and look.wall_ns - was_away_ns <= look.dt_s * NS_PER_S + 1
        return True if looked_away else None  # who blinks while looking away still does
    aside = abs(look.yaw_deg) > settings.aside_deg
    away = aside or look.pitch_deg < -settings.down_deg or look.pitch_deg > settings.up_deg
    return None if away and aside and _into_turn(look.yaw_deg, turning, look.wall_ns) else away


def _into_turn(yaw_deg: float, turning: object, wall_ns: int) -> bool:
    """Return whether the vehicle turns to the side to which the driver looks, or did a moment ago."""
    if not isinstance(turning, Turning) or turning.turned_ns is None:
        return False
    return turning.turn_radps * yaw_deg > 0 and abs(wall_ns - turning.turned_ns) <= TURN_STAYS_S * NS_PER_S
