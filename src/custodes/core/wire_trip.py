"""What a unit tells the hub of one trip: how far, what it gave occasion for, what happened, and the way, thinned.

Also the form of a trip file (`custodes score`). Whole numbers wherever a score is made of them.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from custodes.core.wire import Name, WallNs, WireModel

TRIP_FORMAT = "custodes.trip/1"
MAX_TRIP_BYTES = 512 * 1024
MAX_PATH_POINTS = 2_000
MAX_TRIP_EVENTS = 1_000

Count = Annotated[int, Field(ge=0, lt=2**53)]
Short = Annotated[str, Field(max_length=200)]


class WireTripEvent(WireModel):
    """One event of a trip. `at_m` is the way since the start."""

    event_id: UUID
    kind: Name
    onset_wall_ns: WallNs
    end_wall_ns: WallNs
    at_m: Count
    severe: bool = False
    standing: Literal["counts", "trial", "disputed", "dismissed", "void"] = "counts"
    """A unit says `counts` or `trial`; the rest is the hub's."""
    rule: Short = ""
    evidence: Annotated[list[tuple[Short, Short]], Field(max_length=32)] = []


class WireTripPoint(WireModel):
    """One point of the way."""

    wall_ns: WallNs
    lat_deg: Annotated[float, Field(ge=-90, le=90)]
    lon_deg: Annotated[float, Field(ge=-180, le=180)]
    speed_mps: Annotated[float, Field(ge=0, le=200)] | None = None


class WireOccasions(WireModel):
    """What the trip gave occasion for."""

    brakings: Count = 0
    accelerations: Count = 0
    turns: Count = 0


class WireTrip(WireModel):
    """A whole trip, from parked to parked. POST /api/unit/v1/trips; idempotent by `trip_id`."""

    format: Literal["custodes.trip/1"] = "custodes.trip/1"
    trip_id: UUID
    start_wall_ns: WallNs
    end_wall_ns: WallNs
    distance_m: Count
    moving_ms: Count
    limited_ms: Count = 0
    occasions: WireOccasions = WireOccasions()
    events: Annotated[list[WireTripEvent], Field(max_length=MAX_TRIP_EVENTS)] = []
    path: Annotated[list[WireTripPoint], Field(max_length=MAX_PATH_POINTS)] = []
    watched: Annotated[list[Name], Field(max_length=64)] = []


class TripAnswer(WireModel):
    """The hub's word that a trip is durable there."""

    trip_id: UUID
    events: int
    """How many of its events the hub holds."""
