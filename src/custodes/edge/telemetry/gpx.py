"""GPX tracks (versions 1.0 and 1.1), with speed and course where an extension gives them."""

from datetime import UTC, datetime
from math import isfinite
from typing import Any

import gpxpy
import gpxpy.gpx

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import Sample
from custodes.edge.telemetry.reading import Raw

UERE_M = 5.0
"""One metre of error per unit of dilution of precision, roughly, for a civil receiver."""


def read_gpx(content: bytes, *, name: str) -> Raw:
    """Return every track point. Raises BadInput when the file is no GPX, has no track, or a point has no time."""
    head = content[:4096].upper()
    if b"<!DOCTYPE" in head or b"<!ENTITY" in content.upper():
        raise BadInput(f"{name}: a GPX file has no document type or entities; this one is refused. Export it again.")
    try:
        parsed = gpxpy.parse(content.decode("utf-8-sig", errors="strict"))
    except (gpxpy.gpx.GPXException, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"{name} is not a whole GPX file ({first[:160]}). Export it again.") from error
    points = [point for track in parsed.tracks for segment in track.segments for point in segment.points]
    if not points:
        raise BadInput(f"{name} has no track (<trk>); routes and waypoints carry no times. Export the track.")
    return Raw("GPX", [_sample(point, number, name) for number, point in enumerate(points, 1)])


def _sample(point: Any, number: int, name: str) -> Sample:
    if point.time is None:
        raise BadInput(f"{name}: track point {number} has no <time>. Export the track with times.")
    if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
        raise BadInput(f"{name}: track point {number} is not on earth ({point.latitude}, {point.longitude}).")
    hdop = point.horizontal_dilution
    speed = point.speed if point.speed is not None else _extension(point, "speed")
    course = point.course if point.course is not None else _extension(point, "course")
    return Sample(
        wall_ns=wall_ns_of(point.time),
        lat_deg=point.latitude,
        lon_deg=point.longitude,
        altitude_m=point.elevation,
        speed_mps=speed if speed is not None and speed >= 0 else None,
        course_deg=course % 360 if course is not None else None,
        horizontal_accuracy_m=hdop * UERE_M if hdop is not None else None,
        source="gpx",
    )


def _extension(point: Any, tag: str) -> float | None:
    """Return the number in an extension element called `tag` (Garmin's TrackPointExtension has speed in m/s)."""
    for extension in point.extensions:
        for element in extension.iter():
            if isinstance(element.tag, str) and element.tag.rpartition("}")[2].lower() == tag and element.text:
                try:
                    number = float(element.text)
                except ValueError:
                    return None
                return number if isfinite(number) else None
    return None


def wall_ns_of(moment: datetime) -> int:
    """Return nanoseconds since the epoch; a time without a zone is UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * 1_000
