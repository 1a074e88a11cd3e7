"""Reports by period: each driver and all together, from rows that the caller may be shown. Scores by the formula."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from custodes.hub.driving import scores
from custodes.hub.driving.models import Dispute, Trip
from custodes.hub.driving.scores import KindRecord
from custodes.hub.fleet.models import Person
from custodes.score.formula import COUNTED_KINDS, WINDOW_DAYS, Score

DAY_NS = 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One driver over a period, or all together (`driver` None). `score` is of the formula's window up to its end."""

    driver: Person | None
    trips: int
    distance_m: int
    moving_ms: int
    score: Score
    told: dict[str, int]
    """Kind -> events in the period, of the kinds that may count."""
    disputes: dict[str, int]
    """State -> disputes about events in the period."""


@dataclass(frozen=True, slots=True)
class Report:
    """A period: (since, until], a line a driver by name, all together, and how often each kind was wrong."""

    since_wall_ns: int
    until_wall_ns: int
    lines: tuple[Line, ...]
    together: Line
    records: tuple[KindRecord, ...]
    kinds: tuple[str, ...]


def first_needed_ns(since_wall_ns: int, until_wall_ns: int) -> int:
    """Return from when on trips are needed: those of the period, and those of the score's window."""
    return min(since_wall_ns, until_wall_ns - WINDOW_DAYS * DAY_NS)


def build(trips: Sequence[Trip], *, since_wall_ns: int, until_wall_ns: int) -> Report:
    """Return the report of trips that were loaded with events, from `first_needed_ns` on."""
    by_driver: dict[Person, list[Trip]] = {}
    for trip in trips:
        if trip.driver is not None:
            by_driver.setdefault(trip.driver, []).append(trip)
    states = _states(trips)
    span = (since_wall_ns, until_wall_ns)
    by_name = sorted(by_driver.items(), key=lambda one: str(one[0]))
    lines = [_line(driver, rows, states, span) for driver, rows in by_name]
    together = _line(None, trips, states, span)
    return Report(
        since_wall_ns,
        until_wall_ns,
        tuple(line for line in lines if line.trips),
        together,
        tuple(_records(trips, states, span)),
        tuple(sorted(together.told)),
    )


def _states(trips: Sequence[Trip]) -> dict[object, str]:
    """Return event -> state of its dispute."""
    rows = Dispute.objects.filter(event__trip__in=[trip.pk for trip in trips])
    return dict(rows.values_list("event_id", "state"))


def _line(driver: Person | None, rows: Sequence[Trip], states: dict[object, str], span: tuple[int, int]) -> Line:
    within = [trip for trip in rows if span[0] < trip.start_wall_ns <= span[1]]
    counted = [event for trip in within for event in trip.events.all() if event.kind in COUNTED_KINDS]
    return Line(
        driver=driver,
        trips=len(within),
        distance_m=sum(trip.distance_m for trip in within),
        moving_ms=sum(trip.moving_ms for trip in within),
        score=scores.of_driver(rows, until_wall_ns=span[1]),
        told=dict(Counter(event.kind for event in counted)),
        disputes=dict(Counter(states[event.pk] for event in counted if event.pk in states)),
    )


def _records(trips: Sequence[Trip], states: dict[object, str], span: tuple[int, int]) -> list[KindRecord]:
    within = [trip for trip in trips if span[0] < trip.start_wall_ns <= span[1]]
    events = [event for trip in within for event in trip.events.all() if event.kind in COUNTED_KINDS]
    told = Counter(event.kind for event in events)
    ended = Counter((event.kind, states[event.pk]) for event in events if event.pk in states)
    return scores.records_of(told, ended)
