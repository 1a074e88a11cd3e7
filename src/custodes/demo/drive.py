"""The demo van's round: an invented drive through real streets, once around in a little over two minutes."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

CORNERS_LAT_LON = (
    (51.52060, -0.12850),
    (51.52330, -0.12470),
    (51.52170, -0.12080),
    (51.51850, -0.12230),
    (51.51880, -0.12680),
    (51.52060, -0.12850),
)
"""A closed round near a big square in London; degrees, WGS 84."""

SPEED_KMH_AT_S = (
    (0, 52),
    (3, 63),
    (6, 67),
    (9, 64),
    (14, 44),
    (25, 30),
    (45, 41),
    (70, 46),
    (104, 44),
    (128, 46),
)
"""Speed along the round: soon well over 30 MPH, so that a demo has something to say."""

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius, IUGG."""


def write_drive(path: Path, *, rate_hz: float = 5.0) -> None:
    """Write the round as telemetry CSV (time, lat, lon, speed_kmh)."""
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    lines = ["time,lat,lon,speed_kmh"]
    for second, lat_deg, lon_deg, speed_kmh in ride(rate_hz):
        moment = (start + timedelta(seconds=second)).isoformat(timespec="milliseconds")
        lines.append(f"{moment},{lat_deg:.7f},{lon_deg:.7f},{speed_kmh:.2f}")
    path.write_text("\n".join(lines) + "\n")


def ride(rate_hz: float) -> Iterator[tuple[float, float, float, float]]:
    """Yield (s, lat °, lon °, km/h) once around the corners."""
    legs = [(start, end, distance_m(start, end)) for start, end in pairwise(CORNERS_LAT_LON)]
    round_m = sum(length for _, _, length in legs)
    second = along_m = 0.0
    while along_m < round_m:
        left_m = along_m
        for (lat_a, lon_a), (lat_b, lon_b), length in legs:
            if left_m <= length:
                share = left_m / length
                yield second, lat_a + share * (lat_b - lat_a), lon_a + share * (lon_b - lon_a), speed_kmh_at(second)
                break
            left_m -= length
        along_m += speed_kmh_at(second) / 3.6 / rate_hz
        second += 1 / rate_hz


def speed_kmh_at(second: float) -> float:
    """Return the speed (km/h) at a moment of the round, linear between the figures above."""
    for (from_s, from_kmh), (to_s, to_kmh) in pairwise(SPEED_KMH_AT_S):
        if from_s <= second < to_s:
            return from_kmh + (to_kmh - from_kmh) * (second - from_s) / (to_s - from_s)
    return SPEED_KMH_AT_S[-1][1]


def distance_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the distance (m) between two near points given in degrees (equirectangular)."""
    mean_lat = math.radians((start[0] + end[0]) / 2)
    north = math.radians(end[0] - start[0])
    east = math.radians(end[1] - start[1]) * math.cos(mean_lat)
    return EARTH_RADIUS_M * math.hypot(north, east)
