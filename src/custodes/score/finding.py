"""Find trips in samples: from parked to parked, with what each gave occasion for.

A pure state machine. A trip begins when the vehicle has moved for a while, and ends at the last movement before it
stood for long or fell silent. Times are UTC nanoseconds throughout, so neither midnight nor a border of time zones
is anything to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import asin, cos, radians, sin, sqrt

from custodes.core.types import Event, Sample
from custodes.score.formula import COUNTED_KINDS
from custodes.score.trip import Occasions, PathPoint, Standing, Trip, TripEvent

NS_PER_S = 1_000_000_000
SEVERE = "severe"
"""The evidence by which a decider says that an event is severe."""
EARTH_RADIUS_M = 6_371_008.8
MOVES_MPS = 1.5
STARTS_AFTER_S = 5.0
"""Moving for so long is a start; a parked receiver's jitter is not (the parked filter comes before)."""

PARKED_AFTER_S = 300.0
"""Standing for so long is parked. Traffic lights and level crossings are shorter, most deliveries are not."""

MAX_STEP_S = 10.0
"""Over a longer silence no way is worked out from speeds; positions tell it."""

SHORTEST_M = 300
SHORTEST_S = 60
"""Less is moving the van in the yard: no trip."""

SWING_MPS = 5.5
BACK_MPS = 2.5
"""Losing or gaining 20 km/h is an occasion for harsh braking or acceleration; 9 km/h the other way end it."""

TURN_DEG = 45.0
TURN_WITHIN_S = 12.0
TURN_FROM_MPS = 2.0
"""A change of course by this much within this time is a turn."""

PATH_EVERY_NS = 2 * NS_PER_S
BACKWARDS_NS = 2 * NS_PER_S
"""A clock that goes back by more ends a trip: nothing after it continues what was before."""


@dataclass(frozen=True, slots=True)
class Swing:
    """Follow the speed up and down and count falls and rises."""

    low_mps: float = 0.0
    high_mps: float = 0.0
    falling: bool = False
    rising: bool = False
    falls: int = 0
    rises: int = 0

    def told(self, speed_mps: float) -> "Swing":
        """Take one speed."""
        low, high = min(self.low_mps, speed_mps), max(self.high_mps, speed_mps)
        falling, rising, falls, rises = self.falling, self.rising, self.falls, self.rises
        if not falling and high - speed_mps >= SWING_MPS:
            falling, falls, low = True, falls + 1, speed_mps
        if not rising and speed_mps - low >= SWING_MPS:
            rising, rises, high = True, rises + 1, speed_mps
        if falling and speed_mps - low >= BACK_MPS:
            falling, high = False, speed_mps
        if rising and high - speed_mps >= BACK_MPS:
            rising, low = False, speed_mps
        return Swing(low, high, falling, rising, falls, rises)


@dataclass(frozen=True, slots=True)
class Open:
    """A trip that goes on."""

    start: Sample
    last: Sample
    moved: Sample
    distance_m: float = 0.0
    distance_at_moved_m: float = 0.0
    moving_ns: int = 0
    limited_ns: int = 0
    swing: Swing = field(default_factory=Swing)
    turns: int = 0
    courses: tuple[tuple[int, float], ...] = ()
    path: tuple[PathPoint, ...] = ()
    marks: tuple[tuple[int, int], ...] = ()
    """(wall_ns, metres since the start), once every PATH_EVERY_NS: where an event happened."""


@dataclass(frozen=True, slots=True)
class Finder:
    """What is known so far. `trip` is open while the vehicle is under way; `hint` holds what may become one."""

    trip: Open | None = None
    hint: Open | None = None
    newest_ns: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A finished trip without its events, and the way at each moment, to place them."""

    trip: Trip
    marks: tuple[tuple[int, int], ...]

    def with_events(self, events: Iterable[Event], *, trip_id: str, watched: Iterable[str]) -> Trip:
        """Return the trip with those of `events` that fall into it, each where it happened."""
        inside = sorted(
            (one for one in events if self.trip.start_wall_ns <= one.onset_wall_ns <= self.trip.end_wall_ns),
            key=lambda one: (one.onset_wall_ns, one.event_id),
        )
        placed = tuple(
            TripEvent(
                event_id=one.event_id,
                kind=one.kind,
                onset_wall_ns=one.onset_wall_ns,
                end_wall_ns=one.end_wall_ns or one.onset_wall_ns,
                at_m=self.at_m(one.onset_wall_ns),
                severe=any(fact.name == SEVERE and fact.value == "yes" for fact in one.evidence),
                standing=Standing.COUNTS if one.kind in COUNTED_KINDS else Standing.TRIAL,
                rule=one.rule[:200],
                evidence=tuple((fact.name, f"{fact.value} {fact.unit}".strip()) for fact in one.evidence),
            )
            for one in inside
        )
        return replace(self.trip, trip_id=trip_id, events=placed, watched=tuple(sorted(set(watched))))

    def at_m(self, wall_ns: int) -> int:
        """Return how far the trip had gone at a moment."""
        gone = 0
        for at_ns, metres in self.marks:
            if at_ns > wall_ns:
                break
            gone = metres
        return gone


def told(finder: Finder, sample: Sample, *, limited: bool = False) -> tuple[Finder, Found | None]:
    """Return the next state, and the trip that ended. Samples without a speed pass.

    `limited` says that the speed limit is known where this sample was taken.
    """
    if sample.speed_mps is None:
        return finder, None
    now_ns = sample.wall_ns
    if finder.newest_ns and now_ns <= finder.newest_ns:
        if finder.newest_ns - now_ns <= BACKWARDS_NS:
            return finder, None
        return Finder(newest_ns=now_ns), finished(finder)
    finder = replace(finder, newest_ns=now_ns)
    if finder.trip is None:
        return _before(finder, sample, limited=limited), None
    trip = finder.trip
    if now_ns - trip.moved.wall_ns > PARKED_AFTER_S * NS_PER_S:
        return _before(Finder(newest_ns=now_ns), sample, limited=limited), finished(finder)
    return replace(finder, trip=_grown(trip, sample, limited=limited)), None


def finished(finder: Finder) -> Found | None:
    """Return the open trip as it stands, cut at its last movement; None where there is none or it is too short."""
    trip = finder.trip
    if trip is None:
        return None
    lasted_ns = trip.moved.wall_ns - trip.start.wall_ns
    if trip.distance_at_moved_m < SHORTEST_M or lasted_ns < SHORTEST_S * NS_PER_S:
        return None
    return Found(
        Trip(
            trip_id="",
            start_wall_ns=trip.start.wall_ns,
            end_wall_ns=trip.moved.wall_ns,
            distance_m=int(trip.distance_at_moved_m),
            moving_ms=trip.moving_ns // 1_000_000,
            limited_ms=trip.limited_ns // 1_000_000,
            occasions=Occasions(trip.swing.falls, trip.swing.rises, trip.turns),
            path=tuple(point for point in trip.path if point.wall_ns <= trip.moved.wall_ns),
        ),
        trip.marks,
    )


def find_trips(samples: Iterable[Sample]) -> list[Found]:
    """Return every trip of a whole recording; one that is still open at its end is taken as ended there."""
    finder, found = Finder(), []
    for sample in samples:
        finder, ended = told(finder, sample)
        if ended is not None:
            found.append(ended)
    last = finished(finder)
    return [*found, last] if last is not None else found


def _before(finder: Finder, sample: Sample, *, limited: bool) -> Finder:
    speed = sample.speed_mps or 0.0
    hint = finder.hint
    if speed < MOVES_MPS:
        return replace(finder, hint=None)
    if hint is None or sample.wall_ns - hint.last.wall_ns > MAX_STEP_S * NS_PER_S:
        return replace(finder, hint=_grown(Open(sample, sample, sample), sample, limited=limited))
    hint = _grown(hint, sample, limited=limited)
    if sample.wall_ns - hint.start.wall_ns >= STARTS_AFTER_S * NS_PER_S:
        return replace(finder, trip=hint, hint=None)
    return replace(finder, hint=hint)


def _grown(trip: Open, sample: Sample, *, limited: bool) -> Open:
    speed, before = sample.speed_mps or 0.0, trip.last.speed_mps or 0.0
    dt_ns = sample.wall_ns - trip.last.wall_ns
    moves = speed >= MOVES_MPS
    metres = (speed + before) / 2 * dt_ns / NS_PER_S
    if dt_ns > MAX_STEP_S * NS_PER_S:
        metres = _between_m(trip.last, sample) or 0.0
    distance_m = trip.distance_m + metres
    turns, courses = _turned(trip, sample) if moves else (0, ())
    path, marks = trip.path, trip.marks
    moved_ns = dt_ns if moves and dt_ns <= MAX_STEP_S * NS_PER_S else 0
    if not marks or sample.wall_ns - marks[-1][0] >= PATH_EVERY_NS:
        marks = (*marks, (sample.wall_ns, int(distance_m)))
        if sample.lat_deg is not None and sample.lon_deg is not None:
            path = (*path, PathPoint(sample.wall_ns, sample.lat_deg, sample.lon_deg, speed))
    return Open(
        start=trip.start,
        last=sample,
        moved=sample if moves else trip.moved,
        distance_m=distance_m,
        distance_at_moved_m=distance_m if moves else trip.distance_at_moved_m,
        moving_ns=trip.moving_ns + moved_ns,
        limited_ns=trip.limited_ns + (moved_ns if limited else 0),
        swing=trip.swing.told(speed),
        turns=trip.turns + turns,
        courses=courses,
        path=path,
        marks=marks,
    )


def _turned(trip: Open, sample: Sample) -> tuple[int, tuple[tuple[int, float], ...]]:
    """Return 1 when a turn has just been completed, and the courses to compare the next with (unwrapped)."""
    if sample.course_deg is None or (sample.speed_mps or 0.0) < TURN_FROM_MPS:
        return 0, trip.courses
    course = sample.course_deg
    if trip.courses:
        last = trip.courses[-1][1]
        course = last + (course - last + 180) % 360 - 180
    since_ns = sample.wall_ns - round(TURN_WITHIN_S * NS_PER_S)
    courses = (*(one for one in trip.courses if one[0] >= since_ns), (sample.wall_ns, course))
    if max(abs(course - one) for _, one in courses) >= TURN_DEG:
        return 1, ((sample.wall_ns, course),)
    return 0, courses


def _between_m(before: Sample, after: Sample) -> float | None:
    if before.lat_deg is None or before.lon_deg is None or after.lat_deg is None or after.lon_deg is None:
        return None
    north = radians(after.lat_deg - before.lat_deg)
    east = radians(after.lon_deg - before.lon_deg)
    level = cos(radians(before.lat_deg)) * cos(radians(after.lat_deg))
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(sin(north / 2) ** 2 + level * sin(east / 2) ** 2)))
