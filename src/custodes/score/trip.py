"""The facts of one trip that a score is computed from. Whole numbers only, so that a recomputation cannot differ."""

from dataclasses import dataclass
from enum import StrEnum

STRETCH_M = 1_000
"""Calm driving is counted in stretches of this length."""


class Standing(StrEnum):
    """Whether an event counts in a score."""

    COUNTS = "counts"
    TRIAL = "trial"
    DISPUTED = "disputed"
    DISMISSED = "dismissed"
    VOID = "void"


COUNTING = frozenset({Standing.COUNTS, Standing.DISPUTED})
"""A disputed event counts until it is answered or its clock runs out: else everybody would dispute everything."""


@dataclass(frozen=True, slots=True)
class TripEvent:
    """One event of a trip. `at_m` is the way since the start; `lasted_ms` matters for speeding and the phone."""

    event_id: str
    kind: str
    onset_wall_ns: int
    end_wall_ns: int
    at_m: int
    severe: bool = False
    standing: Standing = Standing.COUNTS
    rule: str = ""
    evidence: tuple[tuple[str, str], ...] = ()

    @property
    def lasted_ms(self) -> int:
        """Return how long it lasted."""
        return max(0, self.end_wall_ns - self.onset_wall_ns) // 1_000_000


@dataclass(frozen=True, slots=True)
class Occasions:
    """What a trip gave occasion for: each could have been harsh, and was or was not."""

    brakings: int = 0
    accelerations: int = 0
    turns: int = 0


@dataclass(frozen=True, slots=True)
class PathPoint:
    """Where the vehicle was, thinned for a map."""

    wall_ns: int
    lat_deg: float
    lon_deg: float
    speed_mps: float | None


@dataclass(frozen=True, slots=True)
class Trip:
    """One trip from parked to parked. `limited_ms` is the moving time in which the limit was known."""

    trip_id: str
    start_wall_ns: int
    end_wall_ns: int
    distance_m: int
    moving_ms: int
    limited_ms: int
    occasions: Occasions
    events: tuple[TripEvent, ...] = ()
    path: tuple[PathPoint, ...] = ()
    watched: tuple[str, ...] = ()
    """The kinds that were looked for: a part that nobody watched is not called good."""
