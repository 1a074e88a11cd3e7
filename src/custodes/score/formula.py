"""The published formula, in exact fractions. docs/design/score.md says where each figure comes from.

score = 90 + earned - lost, kept within 0 and 100, rounded half to even to one tenth

lost   = sum over parts of  points x min(1, rate / worst)
rate   = (events + severe events) / occasions          braking, acceleration, cornering
       = time in speeding events / moving time with a known limit
       = time in phone events / moving time
earned = 10 x stretches of 1 km without an event that counts / all stretches
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from custodes.score.trip import COUNTING, STRETCH_M, Trip

FORMULA = "custodes.score/1"
BASE = 90
EARNABLE = 10
MIN_DISTANCE_M = 5_000
MIN_MOVING_MS = 5 * 60_000
"""A single trip shorter than either is shown, and not scored."""

MIN_PERIOD_DISTANCE_M = 50_000
"""A person is judged by no less than this within the window."""

WINDOW_DAYS = 28
Z_95 = 1.96


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the formula: what it costs at most, at which rate it costs all of it, and the fewest occasions."""

    name: str
    kinds: tuple[str, ...]
    points: int
    worst: Fraction
    fewest: int = 1


PARTS: tuple[Part, ...] = (
    Part("braking", ("harsh_brake",), 24, Fraction(1, 2), fewest=4),
    Part("cornering", ("harsh_cornering",), 18, Fraction(1, 2), fewest=4),
    Part("acceleration", ("harsh_acceleration",), 12, Fraction(1, 2), fewest=4),
    Part("speeding", ("speed", "speeding"), 30, Fraction(1, 4)),
    Part("phone", ("phone_handling",), 24, Fraction(1, 10)),
)
COUNTED_KINDS = frozenset(kind for part in PARTS for kind in part.kinds)


@dataclass(frozen=True, slots=True)
class Share:
    """What one part came to. `occasions` and `happened` are counts, or milliseconds for speeding and the phone."""

    part: str
    happened: int
    severe: int
    occasions: int
    lost: Fraction
    judged: bool
    """False: nobody watched for it, or there was no occasion; it costs and earns nothing."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score and all that it is made of. `value` is None where there was too little driving to judge."""

    formula: str
    value: Fraction | None
    exact: Fraction
    half_band: Fraction
    shares: tuple[Share, ...]
    calm_stretches: int
    stretches: int
    earned: Fraction
    distance_m: int
    moving_ms: int
    trips: int
    needed_distance_m: int
    needed_moving_ms: int = 0


def score_trip(trip: Trip) -> Score:
    """Return the score of one trip."""
    return _score((trip,), MIN_DISTANCE_M, MIN_MOVING_MS)


def score_period(trips: Sequence[Trip], *, until_wall_ns: int) -> Score:
    """Return the score of the trips that began within WINDOW_DAYS before `until_wall_ns`, all pooled."""
    since_ns = until_wall_ns - WINDOW_DAYS * 86_400 * 1_000_000_000
    within = tuple(trip for trip in trips if since_ns < trip.start_wall_ns <= until_wall_ns)
    return _score(within, MIN_PERIOD_DISTANCE_M, 0)


def tenth(value: Fraction) -> Fraction:
    """Return `value` rounded to one tenth, halves to the even one."""
    return Fraction(round(value * 10), 10)


def _score(trips: Sequence[Trip], least_m: int, least_ms: int) -> Score:
    shares = tuple(_share(part, trips) for part in PARTS)
    stretches, calm = _stretches(trips)
    earned = Fraction(EARNABLE * calm, stretches) if stretches else Fraction(0)
    exact = min(Fraction(100), max(Fraction(0), BASE + earned - sum((one.lost for one in shares), Fraction(0))))
    distance_m, moving_ms = sum(trip.distance_m for trip in trips), sum(trip.moving_ms for trip in trips)
    enough = distance_m >= least_m and moving_ms >= least_ms and stretches > 0
    return Score(
        formula=FORMULA,
        value=tenth(exact) if enough else None,
        exact=exact,
        half_band=_half_band(trips, shares, stretches),
        shares=shares,
        calm_stretches=calm,
        stretches=stretches,
        earned=earned,
        distance_m=distance_m,
        moving_ms=moving_ms,
        trips=len(trips),
        needed_distance_m=least_m,
        needed_moving_ms=least_ms,
    )


def _share(part: Part, trips: Sequence[Trip]) -> Share:
    watching = [trip for trip in trips if set(part.kinds) & set(trip.watched)]
    events = [
        event for trip in watching for event in trip.events if event.kind in part.kinds and event.standing in COUNTING
    ]
    severe = sum(event.severe for event in events)
    occasions = sum(_occasions(part, trip) for trip in watching)
    if part.name in ("speeding", "phone"):
        happened, weighed = sum(event.lasted_ms for event in events), sum(event.lasted_ms for event in events)
    else:
        happened, weighed = len(events), len(events) + severe
    base = max(occasions, happened, part.fewest) if occasions or happened else 0
    lost = part.points * min(Fraction(1), Fraction(weighed, base) / part.worst) if base else Fraction(0)
    return Share(part.name, happened, severe, max(occasions, happened), lost, judged=bool(watching) and base > 0)


def _occasions(part: Part, trip: Trip) -> int:
    return {
        "braking": trip.occasions.brakings,
        "acceleration": trip.occasions.accelerations,
        "cornering": trip.occasions.turns,
        "speeding": trip.limited_ms,
        "phone": trip.moving_ms,
    }[part.name]


def _stretches(trips: Sequence[Trip]) -> tuple[int, int]:
    """Return how many whole stretches were driven, and on how many of them nothing that counts happened."""
    stretches = calm = 0
    for trip in trips:
        whole = trip.distance_m // STRETCH_M
        spoilt = {
            min(event.at_m // STRETCH_M, whole - 1)
            for event in trip.events
            if event.kind in COUNTED_KINDS and event.standing in COUNTING
        }
        stretches += whole
        calm += whole - len(spoilt) if whole else 0
    return stretches, calm


def _half_band(trips: Sequence[Trip], shares: Sequence[Share], stretches: int) -> Fraction:
    """Return half the width of the 95 % band: what counting noise alone makes of the score.

    Events are taken as Poisson counts, so a count's variance is the count, and one where none was seen. Speeding and
    the phone are counted in events too; each stands for the mean time of one.
    """
    variance = 0.0
    for part, share in zip(PARTS, shares, strict=True):
        if not share.judged:
            continue
        events = [
            event for trip in trips for event in trip.events if event.kind in part.kinds and event.standing in COUNTING
        ]
        timed = part.name in ("speeding", "phone")
        one = (share.happened // len(events) if events else 60_000) if timed else 1
        base = max(share.occasions, part.fewest)
        slope = float(part.points * Fraction(one, base) / part.worst)
        slope = min(slope, float(part.points)) + (EARNABLE / stretches if stretches else 0.0)
        variance += slope**2 * max(1, len(events))
    return tenth(Fraction(round(Z_95 * sqrt(variance) * 1000), 1000))
