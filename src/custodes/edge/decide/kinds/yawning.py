"""The driver yawns again and again."""

from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverSettings, DriverState, Gauge, LensMind, Staged
from custodes.edge.decide.repeat import NS_PER_MIN
from custodes.edge.decide.rule import KINDS

WIDE = 0.4
"""Height of the mouth's opening over its width from which it is wide open. Talk passes it for moments only."""
YAWN_S = 1.5
"""A mouth that is wide open for this long yawns; no word and no laugh on the film that we have lasts so long."""
FLICKER_NS = NS_PER_S // 5


class YawningSettings(DriverSettings):
    """A rule on yawns."""

    kind: Literal["yawning"] = Field(default="yawning", description="Several yawns within some minutes.")
    count: int = Field(default=3, ge=1, le=20, description="How many yawns.")
    within_min: float = Field(default=10.0, gt=0, le=120, description="Within how many minutes.")

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"{self.count} yawns in {self.within_min:g} min"


@dataclass(frozen=True, slots=True)
class Mouth:
    """How long the mouth has been wide open, and when the last yawns were."""

    wide_s: float = 0.0
    wide_ns: int | None = None
    counted: bool = False
    yawns_ns: tuple[int, ...] = ()


@KINDS.register("yawning")
class Yawning(Staged[YawningSettings, Mouth]):
    """Count yawns."""

    settings_model = YawningSettings
    kind = "yawning"
    measured = "yawns"
    unit = ""

    def memory(self) -> Mouth:
        """Return a mouth that has not been seen."""
        return Mouth()

    @property
    def stages(self) -> tuple[float]:
        """Return the one count at which it is said."""
        return (float(self.settings.count),)

    def gauge(self, mind: LensMind[Mouth], look: Attention, state: DriverState[Mouth]) -> tuple[Mouth, Gauge]:
        """Return how many yawns there were lately. Once said, counting begins anew."""
        mouth = mouth_after(mind.own, look)
        since_ns = look.wall_ns - round(self.settings.within_min * NS_PER_MIN)
        mouth = replace(mouth, yawns_ns=tuple(one for one in mouth.yawns_ns if one > since_ns))
        yawns = len(mouth.yawns_ns)
        if mind.spell is not None and mind.spell.event is not None:
            return replace(mouth, yawns_ns=()), Gauge(on=False)
        return mouth, Gauge(on=yawns >= self.settings.count, value=float(yawns))

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "You are yawning a lot: take a break."


def mouth_after(mouth: Mouth, look: Attention) -> Mouth:
    """Return the mouth after a look: a yawn is counted once, when it has lasted long enough."""
    wide = look.mouth_open is not None and look.mouth_open >= WIDE
    if not wide:
        shut = mouth.wide_ns is None or look.wall_ns - mouth.wide_ns > FLICKER_NS
        return replace(mouth, wide_s=0.0, wide_ns=None, counted=False) if shut else mouth
    wide_s = mouth.wide_s + (look.dt_s if mouth.wide_ns is not None else 0.0)
    mouth = replace(mouth, wide_s=wide_s, wide_ns=look.wall_ns)
    if mouth.counted or wide_s < YAWN_S:
        return mouth
    return replace(mouth, counted=True, yawns_ns=(*mouth.yawns_ns, look.wall_ns))
