"""Three-dimensional vectors as plain tuples: a unit does this a hundred times a second without NumPy's overhead."""

from math import sqrt
from typing import TypeAlias

Vector: TypeAlias = tuple[float, float, float]


def dot(a: Vector, b: Vector) -> float:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Return the vector product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def norm(a: Vector) -> float:
    """Return the length."""
    return sqrt(dot(a, a))


def scaled(a: Vector, factor: float) -> Vector:
    """Return `a` times `factor`."""
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def toward(a: Vector, b: Vector, share: float) -> Vector:
    """Return the point that is `share` of the way from `a` to `b`."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def lies_level(up: Vector) -> int:
    """Return which of the sensor's own axes (0, 1, 2) stands least upright."""
    return min(range(3), key=lambda index: abs(up[index]))


def level_axes(up: Vector, own_axis: int) -> tuple[Vector, Vector, Vector]:
    """Return two level directions and the unit vector up, right-handed: `(first, second, up)`.

    The first is the sensor's own axis `own_axis` laid level; the caller keeps to one axis, so that directions stay
    put while `up` drifts.
    """
    unit = scaled(up, 1 / norm(up))
    own = (float(own_axis == 0), float(own_axis == 1), float(own_axis == 2))
    along_up = dot(own, unit)
    first = (own[0] - along_up * unit[0], own[1] - along_up * unit[1], own[2] - along_up * unit[2])
    first = scaled(first, 1 / norm(first))
    return first, cross(unit, first), unit
