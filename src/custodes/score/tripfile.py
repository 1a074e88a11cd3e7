"""A trip as a JSON file: what `custodes score` reads, what a page exports, what a unit sends. Strict."""

from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from custodes.core.errors import BadInput
from custodes.core.wire_trip import (
    MAX_PATH_POINTS,
    TRIP_FORMAT,
    WireOccasions,
    WireTrip,
    WireTripEvent,
    WireTripPoint,
)
from custodes.score.trip import Occasions, PathPoint, Standing, Trip, TripEvent


def trip_of(file: WireTrip) -> Trip:
    """Return the trip that a file describes."""
    return Trip(
        trip_id=str(file.trip_id),
        start_wall_ns=file.start_wall_ns,
        end_wall_ns=file.end_wall_ns,
        distance_m=file.distance_m,
        moving_ms=file.moving_ms,
        limited_ms=file.limited_ms,
        occasions=Occasions(**file.occasions.model_dump()),
        events=tuple(
            TripEvent(
                event_id=str(line.event_id),
                kind=line.kind,
                onset_wall_ns=line.onset_wall_ns,
                end_wall_ns=line.end_wall_ns,
                at_m=line.at_m,
                severe=line.severe,
                standing=Standing(line.standing),
                rule=line.rule,
                evidence=tuple(line.evidence),
            )
            for line in file.events
        ),
        path=tuple(PathPoint(**line.model_dump()) for line in file.path),
        watched=tuple(file.watched),
    )


def file_of(trip: Trip) -> WireTrip:
    """Return the file that describes a trip; its way is thinned to MAX_PATH_POINTS."""
    every = max(1, -(-len(trip.path) // MAX_PATH_POINTS))
    return WireTrip(
        trip_id=UUID(trip.trip_id),
        start_wall_ns=trip.start_wall_ns,
        end_wall_ns=trip.end_wall_ns,
        distance_m=trip.distance_m,
        moving_ms=trip.moving_ms,
        limited_ms=trip.limited_ms,
        occasions=WireOccasions(
            brakings=trip.occasions.brakings,
            accelerations=trip.occasions.accelerations,
            turns=trip.occasions.turns,
        ),
        events=[
            WireTripEvent(
                event_id=UUID(event.event_id),
                kind=event.kind,
                onset_wall_ns=event.onset_wall_ns,
                end_wall_ns=event.end_wall_ns,
                at_m=event.at_m,
                severe=event.severe,
                standing=event.standing.value,
                rule=event.rule,
                evidence=list(event.evidence),
            )
            for event in trip.events
        ],
        path=[
            WireTripPoint(wall_ns=one.wall_ns, lat_deg=one.lat_deg, lon_deg=one.lon_deg, speed_mps=one.speed_mps)
            for one in trip.path[::every]
        ],
        watched=list(trip.watched),
    )


def read_trip(path: Path) -> Trip:
    """Read a trip file. Raises BadInput, in one line, when it is missing or wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}. Give a trip file (JSON, {TRIP_FORMAT}).") from error
    try:
        return trip_of(WireTrip.model_validate_json(content))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{path}: {field}: {first['msg']}. A trip file is JSON of the form {TRIP_FORMAT}.") from None
