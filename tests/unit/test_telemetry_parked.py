"""Parked receivers do not move; drives lose nothing."""

import math
from random import Random

import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.types import EventUpdate, Sample
from custodes.edge.decide import Decider, parse_rule
from custodes.edge.telemetry.clean import with_speed
from custodes.edge.telemetry.parked import hold_parked

DEGREE_M = 111_195.08
LAT, LON = 48.8, 2.3


def at(second: float, east_m: float, north_m: float, speed_mps: float | None, accuracy_m: float | None = 5.0) -> Sample:
    return Sample(
        wall_ns=round(second * NS_PER_S),
        lat_deg=LAT + north_m / DEGREE_M,
        lon_deg=LON + east_m / DEGREE_M / math.cos(math.radians(LAT)),
        speed_mps=speed_mps,
        course_deg=0.0,
        horizontal_accuracy_m=accuracy_m,
    )


def parked(
    seconds: int,
    *,
    jitter_m: float,
    speed_mps: float = 0.4,
    seed: int = 1,
    drift_mps: float = 0.0,
    start: int = 0,
) -> list[Sample]:
    """Return a receiver at rest: each fix off by a little, the whole wandering slowly, small speeds reported."""
    random = Random(seed)
    east = north = 0.0
    samples = []
    for second in range(start, start + seconds):
        east = 0.95 * east + random.gauss(0, jitter_m)
        north = 0.95 * north + random.gauss(0, jitter_m)
        speed = abs(random.gauss(0, speed_mps))
        samples.append(at(second, east + drift_mps * (second - start), north, speed, max(5.0, 5 * jitter_m)))
    return samples


def drive(legs: list[tuple[int, float]], *, start: int = 0, jitter_m: float = 0.5, seed: int = 2) -> list[Sample]:
    """Return a drive north: (seconds, m/s at the end of the leg), speed linear in between."""
    random = Random(seed)
    samples: list[Sample] = []
    north, speed, second = 0.0, 0.0, start
    for lasts, target in legs:
        step = (target - speed) / lasts
        for _ in range(lasts):
            speed += step
            north += speed
            samples.append(at(second, random.gauss(0, jitter_m), north + random.gauss(0, jitter_m), max(0.0, speed)))
            second += 1
        speed = target
    return samples


def assert_still(samples: list[Sample]) -> None:
    assert {sample.speed_mps for sample in samples} == {0.0}
    assert len({(sample.lat_deg, sample.lon_deg) for sample in samples}) == 1
    assert {sample.course_deg for sample in samples} == {None}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("jitter_m", "speed_mps"), [(0.3, 0.1), (1.0, 0.5), (2.0, 1.2)])
def test_a_parked_receiver_stands_still(jitter_m: float, speed_mps: float, seed: int) -> None:
    assert_still(hold_parked(parked(600, jitter_m=jitter_m, speed_mps=speed_mps, seed=seed), worked_out=False))


def test_a_cold_receiver_settles_by_tens_of_metres() -> None:
    """20 m in a minute while it says 0.1 m/s: the almanac's doing, not the van's."""
    assert_still(hold_parked(parked(60, jitter_m=0.3, speed_mps=0.1, drift_mps=0.33), worked_out=False))


def test_a_single_wild_speed_is_no_departure() -> None:
    samples = parked(60, jitter_m=0.5)
    samples[30] = at(30, 1.0, 1.0, 14.0)
    assert_still(hold_parked(samples, worked_out=False))


@pytest.mark.parametrize("seed", range(20))
def test_parked_without_stated_speeds(seed: int) -> None:
    """Speeds worked out from a wandering position wander with it."""
    bare = [at(one.wall_ns / NS_PER_S, 0, 0, None) for one in parked(300, jitter_m=1.0)]
    random = Random(seed)
    bare = [at(number, random.gauss(0, 2.5), random.gauss(0, 2.5), None) for number in range(len(bare))]
    assert_still(hold_parked(with_speed(bare), worked_out=True))


def test_parked_jitter_makes_no_speeding() -> None:
    """What the filter is for: without it the same log speeds past a limit of 5 km/h, with it nothing happens."""
    rule = parse_rule({"kind": "speed", "limit_kmh": 5, "over_by": 0, "over_s": 0})
    samples = parked(600, jitter_m=2.0, speed_mps=1.2)

    def updates(told: list[Sample]) -> list[EventUpdate]:
        decider = Decider([rule])
        return [update for sample in told for update in decider.on_sample(sample)]

    assert updates(samples)
    assert updates(hold_parked(samples, worked_out=False)) == []


def test_a_drive_keeps_its_speed() -> None:
    samples = drive([(10, 14.0), (60, 14.0), (8, 25.0), (60, 25.0)])
    held = hold_parked(samples, worked_out=False)
    moved = [sample for sample in samples if sample.speed_mps is not None and sample.speed_mps >= 1.5]
    assert [held[samples.index(sample)] for sample in moved] == moved


def test_a_log_that_begins_on_the_motorway() -> None:
    samples = [at(second, 0, 30.0 * second, 30.0) for second in range(30)]
    assert hold_parked(samples, worked_out=False) == samples


def test_parked_drive_parked() -> None:
    before = parked(60, jitter_m=0.5)
    trip = drive([(10, 14.0), (60, 14.0), (10, 0.0)], start=60)
    end_north_m = 10 * 7.7 + 60 * 14 + 10 * 6.3
    after = [
        at(one.wall_ns / NS_PER_S, 0.2, end_north_m + 0.3 * (number % 2), one.speed_mps)
        for number, one in enumerate(parked(120, jitter_m=0.5, start=140))
    ]
    held = hold_parked([*before, *trip, *after], worked_out=False)
    assert_still(held[:60])
    assert max(one.speed_mps or 0 for one in held[60:140]) == pytest.approx(14.0)
    assert_still(held[150:])


def test_a_red_light_is_a_stop_and_the_start_after_it_is_not_late() -> None:
    go = drive([(10, 14.0), (30, 14.0), (6, 0.0), (30, 0.0), (6, 14.0), (30, 14.0)], jitter_m=0.3)
    held = hold_parked(go, worked_out=False)
    assert {one.speed_mps for one in held[56:74]} == {0.0}
    assert [one.speed_mps for one in held[78:]] == [one.speed_mps for one in go[78:]]


def test_stop_and_go_at_walking_pace_is_movement() -> None:
    samples = [at(second, 0.1 * (second % 2), 1.0 * second, 1.0) for second in range(120)]
    held = hold_parked(samples, worked_out=False)
    assert sum(one.speed_mps == 1.0 for one in held) > 100


def test_a_poor_fix_needs_more_proof() -> None:
    """With 40 m of error a walk of 30 m is nothing."""
    samples = [at(second, 0, 2.0 * second, 2.0, 40.0) for second in range(15)]
    assert_still(hold_parked(samples, worked_out=False))


def test_towed_away_without_speed_the_place_follows() -> None:
    here = [at(second, 0, 0, 0.1) for second in range(30)]
    there = [at(second, 0, 500, 0.1) for second in range(400, 430)]
    held = hold_parked([*here, *there], worked_out=False)
    assert {one.speed_mps for one in held} == {0.0}
    assert held[-1].lat_deg == there[-1].lat_deg


def test_readings_without_a_position_pass_unchanged() -> None:
    bare = [Sample(second * NS_PER_S, speed_mps=20.0) for second in range(10)]
    assert hold_parked(bare, worked_out=False) == bare
