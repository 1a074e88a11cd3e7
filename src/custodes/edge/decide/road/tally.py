"""Add up what a road lens saw over a film, for a summary."""

from collections.abc import Sequence
from dataclasses import dataclass

from custodes.core.clock import NS_PER_S
from custodes.core.types import Observation, Sample
from custodes.edge.decide.road.frame import SPEED_STAYS_S
from custodes.edge.decide.road.traffic import Lead, Leading, Traffic, follow

MOVES_MPS = 3.0
LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class RoadSummary:
    """What was seen ahead. Gaps are likely ones; the time to collision counts growth beyond doubt alone."""

    led_s: float
    nearest_m: float | None
    least_gap_s: float | None
    least_ttc_s: float | None
    cut_ins: int
    own_changes: int


class RoadTally:
    """Add up one lens. `take` wants its observations in order, `measure` the samples up to them."""

    def __init__(self) -> None:
        self._traffic = Traffic()
        self._led_s = 0.0
        self._last_ns: int | None = None
        self._who: Leading | None = None
        self._came = {"ahead": 0, "cut_in": 0, "own_change": 0}
        self._speed: Sample | None = None
        self._nearest_m: list[float] = []
        self._gaps_s: list[float] = []
        self._ttcs_s: list[float] = []

    def measure(self, samples: Sequence[Sample]) -> None:
        """Take the speed from samples."""
        self._speed = next((one for one in reversed(samples) if one.speed_mps is not None), self._speed)

    def take(self, seen: Observation) -> None:
        """Add one observation; those of other lenses than the road's are passed over."""
        if seen.road is None:
            return
        self._traffic, lead = follow(self._traffic, seen, seen.road)
        step_s = 0.0 if self._last_ns is None else (seen.wall_ns - self._last_ns) / NS_PER_S
        self._last_ns = seen.wall_ns
        if lead is not None:
            self._led_s += step_s if 0 < step_s <= LOOK_S else 0.0
            self._lead(lead)

    def _lead(self, lead: Lead) -> None:
        if self._who is None or (lead.who.since_ns, lead.who.came) != (self._who.since_ns, self._who.came):
            self._came[lead.who.came] += 1
        self._who = lead.who
        self._nearest_m.append(lead.gap_m)
        speed = self._speed
        fresh = speed is not None and abs(lead.wall_ns - speed.wall_ns) <= SPEED_STAYS_S * NS_PER_S
        if fresh and speed is not None and speed.speed_mps is not None and speed.speed_mps >= MOVES_MPS:
            self._gaps_s.append(lead.gap_m / speed.speed_mps)
        closing = lead.closing
        if closing is not None and closing.course_m is not None and closing.sure_per_s > 0:
            self._ttcs_s.append(1 / closing.rate_per_s)

    def summary(self) -> RoadSummary:
        """Return what it came to."""
        return RoadSummary(
            led_s=round(self._led_s, 1),
            nearest_m=round(min(self._nearest_m), 1) if self._nearest_m else None,
            least_gap_s=round(min(self._gaps_s), 2) if self._gaps_s else None,
            least_ttc_s=round(min(self._ttcs_s), 1) if self._ttcs_s else None,
            cut_ins=self._came["cut_in"],
            own_changes=self._came["own_change"],
        )
