"""Too close for long, and whose doing it is: scenes on a road with known truth."""

from bench.road_model import Car, Road

LEAD = Car(1, ahead_m=50)


def too_close(**how: float) -> Road:
    """A road at 100 km/h: 14 m are 0.5 s."""
    return Road("tailgating", **how).put(Car(1, ahead_m=14))  # type: ignore[arg-type]


def test_two_seconds_behind_somebody_is_good_driving() -> None:
    assert Road("tailgating").put(Car(1, ahead_m=56)).drive(60).phases() == []


def test_half_a_second_behind_somebody_is_told_after_five_seconds_and_ends_when_we_fall_back() -> None:
    road = too_close().drive(8)
    assert road.onset_s() == [5.2]
    assert road.alerts() == ["Too close: fall back."]
    facts = road.facts(road.updates[0])
    assert facts["time gap likely"] == 0.5
    assert facts["whose doing"] == "our own"
    road.turn(1, closing_mps=-6).drive(6)
    assert road.phases() == ["onset", "end"]


def test_who_stays_there_for_twenty_seconds_is_told_again_and_gravely() -> None:
    road = too_close().drive(22)
    assert [str(one.event.severity) for one in road.updates] == ["warning", "critical"]


def test_a_moment_too_close_while_pulling_out_to_overtake_is_no_tailgating() -> None:
    road = Road("tailgating").put(Car(1, ahead_m=30, closing_mps=4)).drive(4)
    assert road.turn(1, sideways_mps=1.2).drive(6).phases() == []


def test_somebody_cuts_in_and_we_fall_back_within_four_seconds_nobodys_fault_is_booked() -> None:
    road = Road("tailgating").put(LEAD, Car(2, ahead_m=14, aside_m=-3.5)).drive(4)
    road.turn(2, sideways_mps=1.2).drive(2.8).turn(2, sideways_mps=0, closing_mps=-4).drive(4)
    assert road.turn(2, closing_mps=0).drive(20).phases() == []


def test_somebody_cuts_in_and_we_stay_on_their_bumper() -> None:
    road = Road("tailgating").put(LEAD, Car(2, ahead_m=14, aside_m=3.5)).drive(4)
    road.turn(2, sideways_mps=-1.2).drive(2.8).turn(2, sideways_mps=0).drive(12)
    assert road.phases() == ["onset"]
    cut_in_s = 4 + 1.9  # when it was 1.2 m off our middle
    assert road.onset_s()[0] >= cut_in_s + 4 + 5
    facts = road.facts(road.updates[0])
    assert (facts["whose doing"], facts["came ahead of us"]) == ("the other's", "from the right")


def test_we_change_lanes_onto_somebodys_bumper_and_that_is_ours() -> None:
    road = Road("tailgating").put(LEAD, Car(2, ahead_m=14, aside_m=-3.5)).drive(4)
    road.everybody(sideways_mps=1.2).drive(2.8).everybody(sideways_mps=0).drive(9)
    assert road.phases() == ["onset"]
    facts = road.facts(road.updates[0])
    assert (facts["whose doing"], facts["came ahead of us"]) == ("our own", "we changed lanes")
    assert road.onset_s()[0] < 6.8 + 5.5


def test_a_tracker_that_renumbers_who_cut_in_takes_nothing_away() -> None:
    road = Road("tailgating").put(LEAD, Car(2, ahead_m=14, aside_m=-3.5)).drive(4)
    road.turn(2, sideways_mps=1.2).drive(2.8).turn(2, sideways_mps=0)
    road.turn(2, seen=False).put(Car(7, ahead_m=14, closing_mps=-4)).drive(12)
    assert road.phases() == []


def test_in_a_jam_close_is_no_fault() -> None:
    assert too_close(kmh=20).drive(30).phases() == []
    assert too_close(kmh=None).drive(30).phases() == []


def test_a_wide_truck_looks_nearer_than_it_is_and_is_not_told_for_that() -> None:
    truck = Car(1, ahead_m=27, width_m=2.5, height_m=3.6, length_m=9)  # 0.97 s; by a car's width 0.7 s
    assert Road("tailgating").put(truck).drive(30).phases() == []


def test_a_car_beside_us_is_nobody_we_follow() -> None:
    assert Road("tailgating").put(Car(1, ahead_m=8, aside_m=-3.3)).drive(30).phases() == []


def test_film_is_kept_of_the_second_one() -> None:
    road = too_close().drive(8).turn(1, closing_mps=-8).drive(5).turn(1, closing_mps=8).drive(5)
    road.turn(1, closing_mps=0).drive(8)
    assert [one.cuts_clip for one in road.updates if one.phase == "onset"] == [False, True]


def test_a_lens_that_falls_silent_ends_it() -> None:
    road = too_close().drive(8)
    assert [one.phase for one in road.decider.on_tick(road.at_ns + 6 * 10**9)] == ["end"]
    assert [one.phase for one in too_close().drive(8).decider.finish()] == ["end"]


def test_an_event_says_that_it_is_on_trial() -> None:
    road = too_close().drive(8)
    assert road.facts(road.updates[0])["on trial"] == "counts for no score"
