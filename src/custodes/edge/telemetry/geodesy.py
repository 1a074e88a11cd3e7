"""Distance and course on the earth, as exact as a receiver deserves."""

from math import asin, atan2, cos, degrees, radians, sin, sqrt

MEAN_EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius; a sphere errs by at most 0.6 %


def distance_m(lat_a_deg: float, lon_a_deg: float, lat_b_deg: float, lon_b_deg: float) -> float:
    """Return the great-circle distance (m), by the haversine formula."""
    lat_a, lat_b = radians(lat_a_deg), radians(lat_b_deg)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(lon_b_deg - lon_a_deg) / 2
    chord = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * MEAN_EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))


def course_deg(lat_a_deg: float, lon_a_deg: float, lat_b_deg: float, lon_b_deg: float) -> float:
    """Return the initial course from a to b (degrees clockwise from north, 0 to 360)."""
    lat_a, lat_b, turn = radians(lat_a_deg), radians(lat_b_deg), radians(lon_b_deg - lon_a_deg)
    east = sin(turn) * cos(lat_b)
    north = cos(lat_a) * sin(lat_b) - sin(lat_a) * cos(lat_b) * cos(turn)
    return degrees(atan2(east, north)) % 360
