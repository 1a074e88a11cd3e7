"""A trip as a JSON file: what `custodes score` reads, what a page exports. Strict: an unknown key is an error."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from custodes.core.errors import BadInput
from custodes.score.trip import Occasions, PathPoint, Standing, Trip, TripEvent

FORMAT = "custodes.trip/1"
Count = Annotated[int, Field(ge=0, lt=2**53)]
WallNs = Annotated[int, Field(ge=0, lt=2**63)]
Short = Annotated[str, Field(max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventLine(_Model):
    """One event of a trip file."""

    event_id: Annotated[str, Field(max_length=64)]
    kind: Annotated[str, Field(max_length=64)]
    onset_wall_ns: WallNs
    end_wall_ns: WallNs
    at_m: Count
    severe: bool = False
    standing: Standing = Standing.COUNTS
    rule: Short = ""
    evidence: Annotated[list[tuple[Short, Short]], Field(max_length=32)] = []


class PointLine(_Model):
    """One point of the way."""

    wall_ns: WallNs
    lat_deg: Annotated[float, Field(ge=-90, le=90)]
    lon_deg: Annotated[float, Field(ge=-180, le=180)]
    speed_mps: Annotated[float, Field(ge=0, le=200)] | None = None


class OccasionLine(_Model):
    """What the trip gave occasion for."""

    brakings: Count = 0
    accelerations: Count = 0
    turns: Count = 0


class TripFile(_Model):
    """A whole trip."""

    format: Literal["custodes.trip/1"] = "custodes.trip/1"
    trip_id: Annotated[str, Field(max_length=64)]
    start_wall_ns: WallNs
    end_wall_ns: WallNs
    distance_m: Count
    moving_ms: Count
    limited_ms: Count = 0
    occasions: OccasionLine = OccasionLine()
    events: Annotated[list[EventLine], Field(max_length=10_000)] = []
    path: Annotated[list[PointLine], Field(max_length=20_000)] = []
    watched: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=64)] = []


def trip_of(file: TripFile) -> Trip:
    """Return the trip that a file describes."""
    return Trip(
        trip_id=file.trip_id,
        start_wall_ns=file.start_wall_ns,
        end_wall_ns=file.end_wall_ns,
        distance_m=file.distance_m,
        moving_ms=file.moving_ms,
        limited_ms=file.limited_ms,
        occasions=Occasions(**file.occasions.model_dump()),
        events=tuple(TripEvent(**{**line.model_dump(), "evidence": tuple(line.evidence)}) for line in file.events),
        path=tuple(PathPoint(**line.model_dump()) for line in file.path),
        watched=tuple(file.watched),
    )


def file_of(trip: Trip) -> TripFile:
    """Return the file that describes a trip."""
    return TripFile(
        trip_id=trip.trip_id,
        start_wall_ns=trip.start_wall_ns,
        end_wall_ns=trip.end_wall_ns,
        distance_m=trip.distance_m,
        moving_ms=trip.moving_ms,
        limited_ms=trip.limited_ms,
        occasions=OccasionLine(
            brakings=trip.occasions.brakings,
            accelerations=trip.occasions.accelerations,
            turns=trip.occasions.turns,
        ),
        events=[
            EventLine(
                event_id=event.event_id,
                kind=event.kind,
                onset_wall_ns=event.onset_wall_ns,
                end_wall_ns=event.end_wall_ns,
                at_m=event.at_m,
                severe=event.severe,
                standing=event.standing,
                rule=event.rule,
                evidence=list(event.evidence),
            )
            for event in trip.events
        ],
        path=[
            PointLine(wall_ns=one.wall_ns, lat_deg=one.lat_deg, lon_deg=one.lon_deg, speed_mps=one.speed_mps)
            for one in trip.path
        ],
        watched=list(trip.watched),
    )


def read_trip(path: Path) -> Trip:
    """Read a trip file. Raises BadInput, in one line, when it is missing or wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}. Give a trip file (JSON, {FORMAT}).") from error
    try:
        return trip_of(TripFile.model_validate_json(content))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{path}: {field}: {first['msg']}. A trip file is JSON of the form {FORMAT}.") from None
