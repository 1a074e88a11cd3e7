"""Add up what a driver lens saw over a film: for a summary, and for judging on labelled film."""

from collections import defaultdict
from dataclasses import dataclass

from custodes.core.types import DriverSight, Observation
from custodes.edge.decide.driver.attention import AttentionState, follow
from custodes.edge.decide.kinds.drowsy import P80_0_1
from custodes.edge.decide.kinds.eyes_closed import Lids, closed_after
from custodes.edge.decide.kinds.yawning import Mouth, mouth_after

CLOSURE_S = 1.0
"""Eyes closed for this long are no blink."""


@dataclass(frozen=True, slots=True)
class DriverSummary:
    """What was seen of the driver. `perclos` is the share of the time with known eyes in which they were 80 % shut.

    `uncertain_s` says, by reason, for how long the eyes could not be told although somebody was there.
    """

    seen_s: float
    eyes_known_s: float
    perclos: float | None
    blinks: int
    closures: int
    longest_closure_s: float
    yawns: int
    nobody_s: float
    covered_s: float
    uncertain_s: dict[str, float]
    standing: str


class DriverTally:
    """Add up one lens. `take` wants its observations in order."""

    def __init__(self) -> None:
        self.state = AttentionState()
        self._sight_s: defaultdict[DriverSight, float] = defaultdict(float)
        self._doubts_s: defaultdict[str, float] = defaultdict(float)
        self._known_s = self._shut_s = self._closed_s = self._longest_s = 0.0
        self._lids, self._mouth = Lids(), Mouth()
        self._closures = self._yawns = 0

    @property
    def closed(self) -> bool:
        """Return whether the eyes count as closed now."""
        return self._lids.closed

    def take(self, seen: Observation) -> None:
        """Add one observation; those of other lenses than the driver's are passed over."""
        if seen.driver is None:
            return
        self.state, look = follow(self.state, seen.driver, seen.wall_ns)
        self._sight_s[look.sight] += look.dt_s
        self._lids = closed_after(self._lids, look)
        if look.openness_0_1 is not None:
            self._known_s += look.dt_s
            self._shut_s += look.dt_s if look.openness_0_1 <= P80_0_1 else 0.0
            self._close(look.dt_s)
        elif look.sight is DriverSight.SEEN:
            why = "no blink for minutes" if self.state.lifeless else seen.driver.doubt or "the eyes are not known yet"
            self._doubts_s[why] += look.dt_s
        yawned = self._mouth.counted
        self._mouth = mouth_after(self._mouth, look)
        self._yawns += self._mouth.counted and not yawned

    def _close(self, dt_s: float) -> None:
        if not self._lids.closed:
            self._closed_s = 0.0
            return
        before_s, self._closed_s = self._closed_s, self._closed_s + dt_s
        self._closures += before_s < CLOSURE_S <= self._closed_s
        self._longest_s = max(self._longest_s, self._closed_s)

    def summary(self) -> DriverSummary:
        """Return what it came to."""
        return DriverSummary(
            seen_s=round(self._sight_s[DriverSight.SEEN], 1),
            eyes_known_s=round(self._known_s, 1),
            perclos=round(self._shut_s / self._known_s, 3) if self._known_s else None,
            blinks=self.state.blinks,
            closures=self._closures,
            longest_closure_s=round(self._longest_s, 1),
            yawns=self._yawns,
            nobody_s=round(self._sight_s[DriverSight.NOBODY], 1),
            covered_s=round(self._sight_s[DriverSight.COVERED], 1),
            uncertain_s={why: round(seconds, 1) for why, seconds in self._doubts_s.items()},
            standing=self.state.words(),
        )
