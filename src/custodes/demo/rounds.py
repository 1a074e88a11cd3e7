"""A week of drives for the demo, made by a physical model: pieces of a round with a force along and a rate of turn.

Nobody drove them, and the unit they stand under says so. They go through the same finder, rules and formula as any.
"""

import math
from collections.abc import Iterator
from datetime import datetime
from random import Random

from custodes.core.types import Sample
from custodes.edge.trips import trips_of
from custodes.score.trip import Trip

RATE_HZ = 2.0
START_LAT_LON = (51.5206, -0.1285)
METRES_PER_DEG = 111_320.0
CRUISE_MPS = 12.5
NS_PER_S = 1_000_000_000


def drive(begins: datetime, *, seed: int, hard: int, kilometres: float = 11.0) -> Trip:
    """Return one drive with about `hard` harsh moments, as the unit's own finder and rules see it."""
    chance = Random(seed)  # noqa: S311  # a model of a town, no secret
    samples = list(_samples(begins, chance, hard, kilometres))
    (trip, *_rest) = trips_of(samples)
    return trip


def _samples(begins: datetime, chance: Random, hard: int, kilometres: float) -> Iterator[Sample]:
    lat, lon = START_LAT_LON
    start_ns = round(begins.timestamp()) * NS_PER_S
    speed = heading = gone_m = 0.0
    tick = 0
    for force, turn_radps, seconds in _pieces(chance, hard, kilometres):
        for _ in range(round(seconds * RATE_HZ)):
            dt_s = 1 / RATE_HZ
            speed = min(20.0, max(0.0, speed + force * dt_s))
            heading += turn_radps * dt_s if speed > 1 else 0.0
            gone_m += speed * dt_s
            lat += speed * dt_s * math.cos(heading) / METRES_PER_DEG
            lon += speed * dt_s * math.sin(heading) / (METRES_PER_DEG * math.cos(math.radians(lat)))
            tick += 1
            yield Sample(
                start_ns + round(tick * dt_s * NS_PER_S),
                lat_deg=lat,
                lon_deg=lon,
                speed_mps=max(0.0, speed + chance.gauss(0, 0.05)),
                course_deg=math.degrees(heading) % 360,
                horizontal_accuracy_m=4.0,
                source="model",
            )


def _pieces(chance: Random, hard: int, kilometres: float) -> Iterator[tuple[float, float, float]]:
    """Yield (force along m/s², turn rad/s, seconds): blocks of a town, each with a stop and a corner."""
    blocks = round(kilometres * 1000 / 560)
    harsh_at = set(chance.sample(range(1, blocks), min(hard, blocks - 1)))
    for block in range(blocks):
        yield CRUISE_MPS / 9, 0.0, 9.0
        yield 0.0, 0.0, chance.uniform(22, 32)
        if block in harsh_at:
            yield -chance.uniform(3.6, 4.8), 0.0, 2.5
            yield 0.0, 0.0, 6.0
            yield 1.2, 0.0, 8.0
        side = 1 if block % 4 else -1
        yield -1.4, 0.0, 4.0
        yield 0.0, side * math.pi / 2 / 6, 6.0
        yield -1.5, 0.0, 9.0
        yield 0.0, 0.0, chance.uniform(4, 20)
