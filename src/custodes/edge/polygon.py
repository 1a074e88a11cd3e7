"""Parts of a picture: polygons whose corners are shares of its width and height."""

from itertools import pairwise
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Polygon: TypeAlias = tuple[Point, ...]

MAX_CORNERS = 100
MIN_AREA_0_1 = 1e-5


def check_polygon(polygon: Polygon, *, called: str) -> None:
    """Raise ValueError naming `called` unless the polygon has corners in the picture, an area and no crossing."""
    if not 3 <= len(polygon) <= MAX_CORNERS:
        raise ValueError(f"{called} has {len(polygon)} corners; give 3 to {MAX_CORNERS}")
    for x, y in polygon:
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"{called}: corner [{x:g}, {y:g}] is outside the picture; give shares from 0 to 1")
    sides = [*pairwise(polygon), (polygon[-1], polygon[0])]
    for number, one in enumerate(sides):
        for other in sides[number + 2 : len(sides) - (number == 0)]:
            if _cross(*one, *other):
                raise ValueError(f"{called} crosses itself; give the corners in order around it")
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in sides) / 2
    if abs(area) < MIN_AREA_0_1:
        raise ValueError(f"{called} has no area")


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether the segments ab and cd cross in a point inside both."""
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, point: Point) -> float:
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
