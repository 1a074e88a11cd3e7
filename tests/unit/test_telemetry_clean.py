"""What cannot be is thrown out and counted: time running backwards, leaps across the map, impossible speeds."""

from dataclasses import replace

import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.types import Sample
from custodes.edge.telemetry.clean import in_order, plausible, with_speed
from custodes.edge.telemetry.geodesy import course_deg, distance_m
from custodes.edge.telemetry.reading import Reason, Tally

DEGREE_M = 111_195.08


def north(second: float, metres: float, speed_mps: float | None = None) -> Sample:
    return Sample(round(second * NS_PER_S), lat_deg=48.8 + metres / DEGREE_M, lon_deg=2.3, speed_mps=speed_mps)


def seconds(samples: list[Sample]) -> list[float]:
    return [sample.wall_ns / NS_PER_S for sample in samples]


def test_time_running_backwards() -> None:
    tally = Tally()
    kept = in_order([north(second, 0) for second in (1, 2, 5, 3, 4, 6)], tally)
    assert seconds(kept) == [1, 2, 5, 6]
    assert tally[Reason.BACKWARDS] == 2


def test_two_readings_of_one_moment_are_joined() -> None:
    tally = Tally()
    first = Sample(NS_PER_S, lat_deg=1.0, lon_deg=2.0)
    second = Sample(NS_PER_S, lat_deg=9.0, lon_deg=9.0, speed_mps=3.0)
    assert in_order([first, second], tally) == [Sample(NS_PER_S, lat_deg=1.0, lon_deg=2.0, speed_mps=3.0)]
    assert tally.total == 0


def test_a_leap_across_the_map_and_back() -> None:
    tally = Tally()
    kept = plausible([north(0, 0), north(1, 20), north(2, 5000), north(3, 60), north(4, 80)], tally)
    assert seconds(kept) == [0, 1, 3, 4]
    assert tally[Reason.JUMP] == 1


def test_a_fast_train_is_no_leap() -> None:
    tally = Tally()
    assert len(plausible([north(second, 85 * second) for second in range(20)], tally)) == 20
    assert tally.total == 0


def test_ten_fixes_a_second_may_tremble() -> None:
    tally = Tally()
    assert len(plausible([north(number / 10, 25 * (number % 2)) for number in range(20)], tally)) == 20


def test_a_wrong_first_fix_does_not_condemn_the_drive() -> None:
    """A receiver that wakes up in another town: the first fix is the leap, not all that follow."""
    tally = Tally()
    kept = plausible([north(0, 90_000), *[north(second, 10 * second) for second in range(1, 30)]], tally)
    assert seconds(kept) == list(range(1, 30))
    assert tally[Reason.JUMP] == 1


def test_after_a_ferry_the_drive_goes_on_elsewhere() -> None:
    """Many fixes that agree with each other are the truth; what was before them stays."""
    tally = Tally()
    before = [north(second, 10 * second) for second in range(20)]
    after = [north(second, 50_000 + 10 * second) for second in range(20, 40)]
    assert len(plausible(before + after, tally)) == 40
    assert tally.total == 0


def test_wild_fixes_that_agree_with_nothing() -> None:
    tally = Tally()
    wild = [north(10 + number, 7_000 * (number + 1) * (-1) ** number) for number in range(6)]
    kept = plausible([*[north(second, 0) for second in range(10)], *wild, north(16, 0)], tally)
    assert seconds(kept) == [*range(10), 16]
    assert tally[Reason.JUMP] == 6


def test_an_impossible_speed() -> None:
    tally = Tally()
    assert seconds(plausible([north(0, 0, 10), north(1, 10, 121), north(2, 20, 10)], tally)) == [0, 2]
    assert tally[Reason.TOO_FAST] == 1


def test_speed_is_worked_out_only_when_none_was_stated() -> None:
    worked = with_speed([north(second, 12 * second) for second in range(5)])
    assert [sample.speed_mps for sample in worked] == pytest.approx([12] * 5, abs=0.01)
    stated = [north(0, 0, 3), north(1, 12)]
    assert with_speed(stated) == stated


def test_speed_at_ten_hertz_is_not_the_noise_between_neighbours() -> None:
    """A metre of noise from fix to fix is 10 m/s between neighbours, and less than 2 m/s over half a second."""
    worked = with_speed([north(number / 10, number % 2) for number in range(100)])
    speeds = [sample.speed_mps for sample in worked if sample.speed_mps is not None]
    assert len(speeds) == 100
    assert max(speeds) < 2


def test_nobody_knows_what_happened_in_a_gap() -> None:
    worked = with_speed([north(0, 0), north(1, 10), north(600, 3000), north(601, 3010)])
    assert [sample.speed_mps is None for sample in worked] == [False, False, False, False]
    assert worked[2].speed_mps == pytest.approx(10, abs=0.1)


def test_distance_and_course() -> None:
    """Paris to London, by the usual great-circle figure: 343.5 km, setting out to the north-west."""
    assert distance_m(48.8566, 2.3522, 51.5074, -0.1278) == pytest.approx(343_556, rel=0.001)
    assert course_deg(48.8566, 2.3522, 51.5074, -0.1278) == pytest.approx(330.0, abs=0.2)
    assert distance_m(10, 179.9, 10, -179.9) == pytest.approx(21_901, rel=0.001), "across the date line"


def test_a_corner_is_not_cut() -> None:
    """One fix a second around a right angle at 8 m/s: the chord over two of them would say 5.7."""
    east = [replace(north(second, 80), lon_deg=2.3 + 8 * (second - 10) / 73_243) for second in range(11, 20)]
    worked = with_speed([*[north(second, 8 * second) for second in range(11)], *east])
    assert [sample.speed_mps for sample in worked] == pytest.approx([8] * 20, abs=0.05)
