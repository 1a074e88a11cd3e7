"""Drifting over a marking of the lane: slowly, as nobody changes lanes. The unit knows no indicator."""

from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from custodes.core.types import Event, Evidence, Observation, RoadLook
from custodes.edge.decide.road.frame import Finding, Own, RoadRule, RoadSettings, Stretch
from custodes.edge.decide.road.lane import Lane, Nearing, follow_markings, nearing
from custodes.edge.decide.rule import KINDS

WELL_INSIDE_M = 0.15
"""Who never was this far from the line did not come over it: they ride on it, or it was found too late."""
PAST_M = 2.2
"""Our middle this far past it: we are in the next lane, and the line is behind us."""


def rising(values: tuple[float, float]) -> tuple[float, float]:
    """Return stages that rise. Raises ValueError."""
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError("stages must rise")
    return values


class LaneDepartureSettings(RoadSettings):
    """A rule on the markings. ISO 17361 warns from 60 km/h on, and no later than 0.3 m past the line."""

    kind: Literal["lane_departure"] = Field(default="lane_departure", description="Drifting out of the lane.")
    over_m: Annotated[tuple[float, float], AfterValidator(rising)] = Field(
        default=(0.0, 0.4), description="How far (m) our side is over the line at the first warning and at the last."
    )
    vehicle_width_m: float = Field(default=2.0, gt=1, le=3, description="How wide (m) the vehicle is, without mirrors.")
    drift_mps: float = Field(
        default=0.5,
        gt=0,
        le=3,
        description="Who comes to the line faster than this (m/s), over the last second, changes lanes on purpose.",
    )
    from_kmh: float = Field(
        default=60.0, ge=0, le=200, description="Slower than this (km/h), or at no known speed, nothing is said."
    )

    def label(self) -> str:
        """Return the name, or a sentence."""
        return self.name or "drifts out of the lane"


@KINDS.register("lane_departure")
class LaneDeparture(RoadRule[LaneDepartureSettings, Lane]):
    """Watch how near the markings are, and how fast they come nearer."""

    settings_model = LaneDepartureSettings
    kind = "lane_departure"
    urgency = 1

    @property
    def stages(self) -> tuple[float, float]:
        """Return how far (m) we are over the line at each stage."""
        return self.settings.over_m

    def begin(self) -> Lane:
        """Return a road of which nothing is known."""
        return Lane()

    def look(
        self, memory: Lane, seen: Observation, road: RoadLook, own: Own, stretch: Stretch | None
    ) -> tuple[Lane, Finding]:
        """Return the markings after a look, and whether we are over one."""
        lane = follow_markings(memory, road.markings, seen.wall_ns)
        half_m = self.settings.vehicle_width_m / 2
        first_m = self.settings.over_m[0]
        over = [one for one in nearing(lane, seen.wall_ns) if half_m - one.away_m >= first_m and one.away_m > -PAST_M]
        if stretch is None or not stretch.stage:
            fast = {one.marking for one in over if one.nears_mps > self.settings.drift_mps}
            marked = tuple(replace(one, deliberate=True) if one in fast else one for one in lane.markings)
            lane = replace(lane, markings=marked)
            over = [one for one in over if one.marking not in fast]
        own_kmh = None if own.speed_mps is None else own.speed_mps * 3.6
        came = [one for one in over if one.was_m >= half_m - first_m + WELL_INSIDE_M and not one.marking.deliberate]
        if own_kmh is None or own_kmh < self.settings.from_kmh or not came:
            return lane, Finding(on=False)
        return lane, self._finding(min(came, key=_away_m), half_m)

    def _finding(self, one: Nearing, half_m: float) -> Finding:
        evidence = (
            Evidence("over the line by", round(max(half_m - one.away_m, 0.0), 1), self.settings.over_m[0], "m"),
            Evidence("which line", "on the left" if one.marking.left else "on the right"),
            Evidence("drifts", round(one.nears_mps, 1), self.settings.drift_mps, "m/s"),
        )
        return Finding(on=True, value=half_m - one.away_m, evidence=evidence)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        left = any(one.name == "which line" and one.value == "on the left" for one in event.evidence)
        return "Out of the lane: steer right." if left else "Out of the lane: steer left."


def _away_m(one: Nearing) -> float:
    return one.away_m
