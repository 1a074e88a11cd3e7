"""Trips from parked to parked: what begins one, what ends one, and what it gave occasion for."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.types import Sample
from custodes.edge.telemetry import read_telemetry
from custodes.edge.trips import trips_of
from custodes.score.finding import find_trips

NOON_NS = int(datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()) * NS_PER_S


class Round:
    """A drive told in legs, one reading a second, northwards."""

    def __init__(self, start_ns: int = NOON_NS) -> None:
        self.at_ns, self.lat_deg, self.course_deg, self.speed = start_ns, 48.0, 0.0, 0.0
        self.samples: list[Sample] = []

    def leg(self, seconds: int, to_mps: float, *, turn_deg: float = 0.0) -> "Round":
        step = (to_mps - self.speed) / seconds
        for _ in range(seconds):
            self.speed += step
            self.course_deg = (self.course_deg + turn_deg / seconds) % 360
            self.lat_deg += self.speed / 111_320
            self.at_ns += NS_PER_S
            self.samples.append(
                Sample(self.at_ns, self.lat_deg, 2.0, speed_mps=max(0.0, self.speed), course_deg=self.course_deg)
            )
        self.speed = to_mps
        return self

    def parked(self, seconds: int) -> "Round":
        return self.leg(seconds, 0.0)

    def silent(self, seconds: int) -> "Round":
        self.at_ns += seconds * NS_PER_S
        self.lat_deg += self.speed * seconds / 111_320
        return self


def drive() -> Round:
    return Round().parked(60).leg(10, 14).leg(120, 14).leg(10, 0)


def test_a_delivery_round_is_two_trips_not_one_a_traffic_light() -> None:
    told = drive().parked(90).leg(10, 14).leg(120, 14).leg(10, 0).parked(400).leg(10, 14).leg(120, 14).leg(10, 0)
    first, second = (found.trip for found in find_trips(told.samples))
    assert first.distance_m == pytest.approx(2 * 1820, abs=30)
    assert first.occasions.brakings == 2
    assert second.distance_m == pytest.approx(1820, abs=20)
    assert first.start_wall_ns > NOON_NS + 60 * NS_PER_S - NS_PER_S, "parked time is no part of it"
    assert first.moving_ms == pytest.approx(275_000, abs=5000), "nor is the light part of the moving time"


def test_over_midnight_is_one_trip() -> None:
    late = int(datetime(2026, 1, 31, 23, 58, tzinfo=UTC).timestamp()) * NS_PER_S
    (found,) = find_trips(Round(late).leg(10, 14).leg(300, 14).leg(10, 0).samples)
    assert found.trip.distance_m == pytest.approx(4340, abs=40)


def test_a_tunnel_is_driven_through_and_a_ferry_is_not() -> None:
    (found,) = find_trips(Round().leg(10, 14).leg(60, 14).silent(120).leg(60, 14).leg(10, 0).samples)
    assert found.trip.distance_m == pytest.approx(980 + 1680 + 840, rel=0.03)
    assert len(find_trips(Round().leg(10, 14).leg(60, 14).silent(900).leg(60, 14).leg(10, 0).samples)) == 2


def test_a_clock_set_back_ends_the_trip_and_a_late_fix_does_not() -> None:
    samples = drive().samples
    set_back = [replace(one, wall_ns=one.wall_ns - 3600 * NS_PER_S) for one in samples]
    assert len(find_trips([*samples, *set_back])) == 2
    late = [*samples[:100], samples[98], *samples[100:]]
    assert [one.trip for one in find_trips(late)] == [one.trip for one in find_trips(samples)]


def test_moving_the_van_in_the_yard_is_no_trip() -> None:
    assert find_trips(Round().parked(30).leg(6, 4).leg(20, 4).leg(6, 0).parked(400).samples) == []


def test_occasions_are_what_the_road_asked_for() -> None:
    told = Round().leg(8, 14).leg(30, 14).leg(6, 5, turn_deg=45).leg(4, 5, turn_deg=45).leg(8, 14)
    told.leg(60, 14, turn_deg=80).leg(8, 12).leg(8, 14).leg(60, 14).leg(10, 0)
    (found,) = find_trips(told.samples)
    assert found.trip.occasions.brakings == 2, "the turn and the stop; 7 km/h are no occasion"
    assert found.trip.occasions.accelerations == 2
    assert found.trip.occasions.turns == 2, "90° in ten seconds are two halves of a turn; 80° in a minute are a bend"


def test_mph_and_jumps_in_a_file(tmp_path: Path) -> None:
    """A CSV in mph with a leap to the Gulf of Guinea in it is one trip of the length that was driven."""
    rows = ["time_unix_s,lat,lon,speed_mph"]
    for number, one in enumerate(drive().parked(20).samples):
        lat = 0.0 if number == 130 else one.lat_deg
        rows.append(f"{one.wall_ns // NS_PER_S},{lat},2.0,{(one.speed_mps or 0) / 0.44704:.2f}")
    path = tmp_path / "drive.csv"
    path.write_text("\n".join(rows))
    (trip,) = trips_of(read_telemetry(path).samples)
    assert trip.distance_m == pytest.approx(1820, abs=60)
    assert trip.events == ()
