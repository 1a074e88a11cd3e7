"""About to run into somebody: told in time, and not for those who only pass."""

import pytest

from bench.road_model import Car, Road


def closing(mps: float, *, ahead_m: float = 60, **how: float) -> Road:
    return Road("forward_collision", **how).put(Car(1, ahead_m=ahead_m, closing_mps=mps))  # type: ignore[arg-type]


@pytest.mark.parametrize("mps", [6, 12, 25])
def test_a_slower_car_ahead_is_told_of_between_two_and_two_and_a_half_seconds_before(mps: float) -> None:
    road = closing(mps, ahead_m=mps * 6).drive(5)
    left_s = 6 - road.onset_s()[0]
    assert 1.7 <= left_s <= 2.6
    assert road.alerts()[0] == "Vehicle ahead: brake."
    assert road.facts(road.updates[0])["whose doing"] == "our own"


def test_who_does_not_brake_is_told_again() -> None:
    road = closing(12).drive(4.6)
    assert road.alerts() == ["Vehicle ahead: brake.", "Brake!"]
    assert [one.stage for one in road.updates] == [2, 3]


def test_the_car_ahead_brakes_hard_and_we_brake_in_time() -> None:
    road = Road("forward_collision").put(Car(1, ahead_m=25, braking_mps2=5)).drive(2.4)
    assert road.alerts() != []
    road.turn(1, braking_mps2=-7).drive(2).turn(1, closing_mps=0, braking_mps2=0).drive(4)
    assert road.phases()[-1] == "end"


@pytest.mark.parametrize(("slows_mps2", "told"), [(0.9, False), (2.0, False), (1.2, True)])
def test_who_brakes_for_a_queue_is_not_told_unless_they_brake_too_little(slows_mps2: float, told: bool) -> None:
    """Ten metres a second, and room enough for what they brake with, or for a third of what it takes."""
    room_m = 100 / (2 * slows_mps2) * (0.4 if told else 1) + 5
    road = Road("forward_collision").put(Car(1, ahead_m=room_m, closing_mps=10, braking_mps2=-slows_mps2))
    while road.cars[1].closing_mps > 0.1 and road.cars[1].ahead_m > 2:
        road.kmh = road.cars[1].closing_mps * 3.6  # the other stands: our speed is what we close in by
        road.step()
    assert bool(road.phases()) == told


def test_whom_we_pass_in_the_next_lane_and_at_the_kerb_is_no_danger() -> None:
    for aside_m in (-3.5, 2.9, 5.0):
        road = Road("forward_collision").put(Car(1, ahead_m=80, aside_m=aside_m, closing_mps=20)).drive(4.5)
        assert road.phases() == [], aside_m


def test_a_car_that_pulls_out_in_front_of_us_is_told_and_is_their_doing() -> None:
    road = Road("forward_collision").put(Car(1, ahead_m=45, aside_m=3.5, closing_mps=12)).drive(0.4)
    road.turn(1, sideways_mps=-2.2).drive(1.6).turn(1, sideways_mps=0).drive(1.2)
    assert road.phases()[:1] == ["onset"]
    facts = road.facts(road.updates[0])
    assert (facts["whose doing"], facts["came ahead of us"]) == ("the other's", "from the right")


def test_a_shaking_box_at_a_steady_distance_is_no_danger() -> None:
    """Ten minutes behind one car, with edges that scatter by 3 % of its size."""
    assert Road("forward_collision", noise=0.03).put(Car(1, ahead_m=25)).drive(600).phases() == []


def test_standing_still_or_creeping_nothing_is_said_and_where_no_speed_is_known_it_is() -> None:
    assert closing(6, ahead_m=30, kmh=5).drive(4.5).phases() == []
    assert closing(6, ahead_m=30, kmh=None).drive(4.5).phases()[:1] == ["onset"]


def test_a_broken_time_line_forgets_the_traffic() -> None:
    road = closing(12).drive(2)
    road.at_ns -= 3600 * 10**9
    assert road.drive(0.4).phases() == []
