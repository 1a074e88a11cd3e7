"""Drifting over a marking: who drifts is told at the line, who changes lanes is not."""

from math import pi, sin

import pytest

from bench.road_model import Road
from custodes.core.types import EventUpdate


def ride(**how: float) -> Road:
    """Return a road on which both markings are known, we in the middle of our lane."""
    return Road("lane_departure").drift(**how).drive(8)


def told_m(road: Road) -> float:
    """Return how far (m) our middle was off the lane's when the first departure was told."""
    assert road.lane is not None
    while not road.updates and abs(road.lane.aside_m) < 3:
        road.step()
    return road.lane.aside_m


def evidence(update: EventUpdate, name: str) -> object:
    return {one.name: one.value for one in update.event.evidence}[name]


@pytest.mark.parametrize(("mps", "line", "says"), [(0.3, "on the right", "left"), (-0.3, "on the left", "right")])
def test_who_drifts_hears_it_at_the_line_and_where_to_steer(mps: float, line: str, says: str) -> None:
    road = ride()
    road.drift(sideways_mps=mps)
    assert 0.65 <= abs(told_m(road)) <= 1.1  # the side of 2 m reaches the line of a lane of 3.5 m at 0.75 m
    assert evidence(road.updates[0], "which line") == line
    assert road.alerts() == [f"Out of the lane: steer {says}."]


def test_who_comes_back_is_told_once() -> None:
    road = ride()
    road.drift(sideways_mps=0.3).drive(3.4).drift(sideways_mps=-0.3).drive(4).drift(sideways_mps=0).drive(6)
    assert [phase for phase in road.phases() if phase != "stage"] == ["onset", "end"]


def test_who_drifts_on_is_told_again_once_it_is_grave() -> None:
    road = ride()
    road.drift(sideways_mps=0.3).drive(5)
    assert road.phases()[:2] == ["onset", "stage"]
    assert str(road.updates[1].event.severity) == "critical"


@pytest.mark.parametrize("seconds", [3.0, 4.0, 5.0, 6.0])
def test_who_changes_lanes_hears_nothing(seconds: float) -> None:
    road = ride(noise_m=0.03)
    for step in range(round(seconds * 5)):
        road.drift(sideways_mps=3.5 * pi / 2 / seconds * sin(pi * (step + 0.5) / (seconds * 5))).drive(0.2)
    road.drift(sideways_mps=0).drive(8)
    assert road.phases() == []


def test_who_weaves_inside_the_lane_hears_nothing() -> None:
    road = ride()
    for step in range(300):
        road.drift(sideways_mps=0.35 * 2 * pi / 12 * sin(2 * pi * step / 60 + pi / 2)).drive(0.2)
    assert road.phases() == []


def test_slower_than_asked_or_at_no_known_speed_nothing_is_said() -> None:
    for kmh in (50.0, None):
        road = Road("lane_departure", kmh=kmh).drift().drive(4)
        road.drift(sideways_mps=0.3).drive(6)
        assert road.phases() == []


def test_one_line_alone_is_no_yardstick() -> None:
    road = Road("lane_departure").drift(wide_m=20, aside_m=-8).drive(4)
    road.drift(sideways_mps=0.3).drive(8)
    assert road.phases() == []


def test_the_yardstick_stays_where_one_side_fades() -> None:
    road = ride()
    road.drift(wide_m=30, aside_m=13.25).drive(1)  # the left line is gone, the right one lies where it lay
    road.drift(sideways_mps=0.3)
    while not road.updates and road.lane is not None and road.lane.aside_m < 15:
        road.step()
    assert road.phases() == ["onset"]


def test_a_narrower_lane_or_a_higher_camera_makes_no_difference() -> None:
    for wide_m, camera_m in ((3.25, 2.1), (3.75, 1.2)):
        road = ride(wide_m=wide_m, camera_m=camera_m)
        road.drift(sideways_mps=0.25)
        assert abs(told_m(road)) == pytest.approx(wide_m / 2 - wide_m / 3.5, abs=0.3)


def test_who_rides_on_the_line_from_the_start_did_not_drift_there() -> None:
    road = Road("lane_departure").drift(aside_m=1.0, noise_m=0.02).drive(20)
    assert road.phases() == []
