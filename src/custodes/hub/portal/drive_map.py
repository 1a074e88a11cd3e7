"""A trip as a drawing: its way coloured and widened by speed, its events as numbered pins. No map of a third party."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from custodes.core.clock import NS_PER_S
from custodes.core.wire_trip import WireTrip, WireTripPoint

WIDTH = 1000
MOST_HEIGHT = 700
LEAST_HEIGHT = 240
MARGIN = 40
MOST_SPOTS = 2000
STEPS_MPS = (5.0, 10.0, 16.0, 25.0)
"""The bounds of the five widths: 18, 36, 58 and 90 km/h."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A piece of the way at one step of speed; `points` as SVG wants them."""

    step: int
    points: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Where an event was."""

    number: int
    event_id: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A moment of the way: seconds after its first, where in the drawing, how fast (m/s; 0 where it is not known)."""

    at_s: float
    x: float
    y: float
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole drawing, in units of its own; `track` is the way in time, thinned to at most MOST_SPOTS."""

    width: int
    height: int
    strokes: tuple[Stroke, ...]
    pins: tuple[Pin, ...]
    start: tuple[float, float] | None
    end: tuple[float, float] | None
    first_wall_ns: int
    track: tuple[Spot, ...]

    @property
    def lasts_s(self) -> float:
        """Return how long the way lasted (s)."""
        return self.track[-1].at_s

    @property
    def told(self) -> str:
        """Return the track as the script of the page reads it: `seconds,x,y,m/s` with blanks between."""
        return " ".join(f"{one.at_s:g},{one.x:g},{one.y:g},{one.speed_mps:g}" for one in self.track)


def draw(trip: WireTrip) -> Drawing | None:
    """Return a trip's drawing; None where it has no way."""
    path = trip.path
    if len(path) < 2:
        return None
    shrink = cos(radians(path[0].lat_deg))
    east = [point.lon_deg * shrink for point in path]
    north = [point.lat_deg for point in path]
    wide, high = max(east) - min(east), max(north) - min(north)
    room = WIDTH - 2 * MARGIN
    scale = min(room / max(wide, 1e-6), (MOST_HEIGHT - 2 * MARGIN) / max(high, 1e-6))
    height = max(LEAST_HEIGHT, round(high * scale) + 2 * MARGIN)
    left, top = (WIDTH - wide * scale) / 2, (height - high * scale) / 2
    places = [
        (round(left + (x - min(east)) * scale, 1), round(top + (max(north) - y) * scale, 1))
        for x, y in zip(east, north, strict=True)
    ]
    pins = tuple(
        Pin(number, str(event.event_id), *_place_at(path, places, event.onset_wall_ns))
        for number, event in enumerate(trip.events, start=1)
    )
    track = tuple(_track(path, places))
    strokes = tuple(_strokes(path, places))
    return Drawing(WIDTH, height, strokes, pins, places[0], places[-1], path[0].wall_ns, track)


def step_of(speed_mps: float | None) -> int:
    """Return the step of a speed, 0 to 4."""
    return sum((speed_mps or 0.0) >= bound for bound in STEPS_MPS)


def _track(path: Sequence[WireTripPoint], places: Sequence[tuple[float, float]]) -> list[Spot]:
    step = -(-len(path) // MOST_SPOTS)
    kept = sorted({*range(0, len(path), step), len(path) - 1})
    first_ns = path[0].wall_ns
    spots = []
    for n in kept:
        x, y = places[n]
        at_s = round((path[n].wall_ns - first_ns) / NS_PER_S, 1)
        spots.append(Spot(at_s, x, y, round(path[n].speed_mps or 0.0, 1)))
    return spots


def _strokes(path: Sequence[WireTripPoint], places: Sequence[tuple[float, float]]) -> list[Stroke]:
    strokes: list[Stroke] = []
    step, piece = step_of(path[0].speed_mps), [places[0]]
    for point, place in zip(path[1:], places[1:], strict=True):
        piece.append(place)
        here = step_of(point.speed_mps)
        if here != step:
            strokes.append(_stroke(step, piece))
            step, piece = here, [place]
    return [*strokes, _stroke(step, piece)] if len(piece) > 1 else strokes


def _stroke(step: int, piece: Sequence[tuple[float, float]]) -> Stroke:
    return Stroke(step, " ".join(f"{x},{y}" for x, y in piece))


def _place_at(
    path: Sequence[WireTripPoint], places: Sequence[tuple[float, float]], wall_ns: int
) -> tuple[float, float]:
    nearest = min(range(len(path)), key=lambda index: abs(path[index].wall_ns - wall_ns))
    return places[nearest]
