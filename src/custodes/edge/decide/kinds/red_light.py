"""Past a light that was red when it was last seen. Needs a detector that knows traffic lights."""

from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, Evidence, ObjectClass, Observation, RoadLook
from custodes.edge.decide.road.frame import Finding, Own, RoadRule, RoadSettings, Stretch
from custodes.edge.decide.road.signals import PAST_M, Ahead, Sight, approach, gap_m
from custodes.edge.decide.rule import KINDS

HIGH_M = 0.95
"""A head with three lamps of 200 to 300 mm is 0.8 to 1.1 m high (EN 12368; MUTCD 4D.07)."""
FRESH_S = 2.0
"""What it showed longer ago is not known to have lasted: it leaves the picture some ten metres before we pass it."""
RED_S = 0.8
"""For so long it was red at least: one look may err."""


@dataclass(frozen=True, slots=True)
class Lights:
    """The nearest light ahead, and when one of them all was last green."""

    ahead: Ahead | None = None
    green_ns: int = 0


class RedLightSettings(RoadSettings):
    """A rule on traffic lights; the detector must know them (YOLOX does), and the speed must be known."""

    kind: Literal["red_light"] = Field(default="red_light", description="Past a light that was red.")
    from_kmh: float = Field(
        default=15.0, ge=0, le=100, description="Slower than this (km/h) nothing is said: who turns on red may creep."
    )

    def label(self) -> str:
        """Return the name, or a sentence."""
        return self.name or "past a red light"


@KINDS.register("red_light")
class RedLight(RoadRule[RedLightSettings, Lights]):
    """Follow the nearest light until we are past it. Where any light was green of late, nothing is said."""

    settings_model = RedLightSettings
    kind = "red_light"
    needs = frozenset({ObjectClass.TRAFFIC_LIGHT})
    least_looks = 1

    @property
    def stages(self) -> tuple[float]:
        """Return the speed (m/s) from which on it is said."""
        return (self.settings.from_kmh / 3.6,)

    def begin(self) -> Lights:
        """Return a road without a light."""
        return Lights()

    def look(
        self, memory: Lights, seen: Observation, road: RoadLook, own: Own, stretch: Stretch | None
    ) -> tuple[Lights, Finding]:
        """Return which light is ahead after a look, and whether we have just passed it on red."""
        del stretch
        if own.speed_mps is None:
            return Lights(), Finding(on=False)
        size_px = (seen.width_px, seen.height_px)
        sights = [
            Sight(gap, road.lamps.get(one.track_id))
            for one in seen.objects
            if one.confirmed
            and one.object_class is ObjectClass.TRAFFIC_LIGHT
            and (gap := gap_m(one.box_px_xyxy, high_m=HIGH_M, focal_px=road.focal_px, picture_px=size_px)) is not None
        ]
        green_ns = seen.wall_ns if "green" in road.lamps.values() else memory.green_ns
        ahead = approach(memory.ahead, sights, own.speed_mps, seen.wall_ns)
        lights = replace(memory, ahead=ahead, green_ns=green_ns)
        if ahead is None or ahead.left_m > PAST_M:
            return lights, Finding(on=False)
        gone = replace(lights, ahead=None)
        ago_s, red_s = (seen.wall_ns - ahead.lamp_ns) / NS_PER_S, (ahead.lamp_ns - ahead.lamp_since_ns) / NS_PER_S
        was_red = ahead.lamp == "red" and red_s >= RED_S and ago_s <= FRESH_S
        went_green = seen.wall_ns - green_ns <= FRESH_S * NS_PER_S
        if not ahead.known or not was_red or went_green or own.speed_mps < self.stages[0]:
            return gone, Finding(on=False)
        evidence = (
            Evidence("red for", round(red_s, 1), RED_S, "s"),
            Evidence("last seen red", round(ago_s, 1), FRESH_S, "s ago"),
            Evidence("speed past it", round(own.speed_mps * 3.6, 1), self.settings.from_kmh, "km/h"),
        )
        return gone, Finding(on=True, value=own.speed_mps, evidence=evidence)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what was passed."""
        del event
        return "That light was red."
