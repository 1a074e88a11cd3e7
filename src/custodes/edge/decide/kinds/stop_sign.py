"""Past a stop sign without having stopped: the least speed before it. Needs a detector that knows stop signs."""

from typing import Literal

from pydantic import Field

from custodes.core.types import Event, Evidence, ObjectClass, Observation, RoadLook
from custodes.edge.decide.road.frame import Finding, Own, RoadRule, RoadSettings, Stretch
from custodes.edge.decide.road.signals import PAST_M, Ahead, Sight, approach, gap_m
from custodes.edge.decide.rule import KINDS

HIGH_M = 0.75
"""A stop sign is 0.75 m high (MUTCD R1-1: 30 inches on a single lane; 0.6 to 0.9 m by the Vienna Convention)."""


class StopSignSettings(RoadSettings):
    """A rule on stop signs; the detector must know them (YOLOX does), and the speed must be known."""

    kind: Literal["stop_sign"] = Field(default="stop_sign", description="Past a stop sign without stopping.")
    rolling_kmh: float = Field(
        default=8.0,
        gt=0,
        le=30,
        description="Who came down to this speed (km/h) before the sign has stopped: receivers tell zero late.",
    )

    def label(self) -> str:
        """Return the name, or the figure in a sentence."""
        return self.name or f"past a stop sign at more than {self.rolling_kmh:g} km/h"


@KINDS.register("stop_sign")
class StopSign(RoadRule[StopSignSettings, Ahead | None]):
    """Follow the nearest stop sign until we are past it, and remember the least speed on the way."""

    settings_model = StopSignSettings
    kind = "stop_sign"
    needs = frozenset({ObjectClass.STOP_SIGN})
    least_looks = 1

    @property
    def stages(self) -> tuple[float]:
        """Return the speed (m/s) from which on it was no stop."""
        return (self.settings.rolling_kmh / 3.6,)

    def begin(self) -> Ahead | None:
        """Return a road without a sign."""
        return None

    def look(
        self, memory: Ahead | None, seen: Observation, road: RoadLook, own: Own, stretch: Stretch | None
    ) -> tuple[Ahead | None, Finding]:
        """Return which sign is ahead after a look, and whether we have just passed one without stopping."""
        del stretch
        if own.speed_mps is None:
            return None, Finding(on=False)
        size_px = (seen.width_px, seen.height_px)
        gaps = [
            gap_m(one.box_px_xyxy, high_m=HIGH_M, focal_px=road.focal_px, picture_px=size_px)
            for one in seen.objects
            if one.confirmed and one.object_class is ObjectClass.STOP_SIGN
        ]
        ahead = approach(memory, [Sight(gap) for gap in gaps if gap is not None], own.speed_mps, seen.wall_ns)
        if ahead is None or ahead.left_m > PAST_M:
            return ahead, Finding(on=False)
        least_mps = ahead.slowest_mps
        if not ahead.known or least_mps is None or least_mps < self.stages[0]:
            return None, Finding(on=False)
        evidence = (
            Evidence("slowest before the sign", round(least_mps * 3.6, 1), self.settings.rolling_kmh, "km/h"),
            Evidence("speed past it", round(own.speed_mps * 3.6, 1), None, "km/h"),
            Evidence("sign seen from", round(ahead.nearest_m, 0), None, "m"),
        )
        return None, Finding(on=True, value=least_mps, evidence=evidence)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what was passed."""
        del event
        return "That was a stop sign."
