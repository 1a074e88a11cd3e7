"""Eyes off the road, an empty seat, a covered lens; and what is none of it: mirrors, shoulder checks, junctions."""

import pytest

from custodes.core.clock import NS_PER_S
from driver_scene import COVERED, NOBODY, START_NS, Drive, face


def test_the_driver_reads_a_message_and_is_warned_at_three_five_and_eleven_seconds() -> None:
    drive = Drive("looking_away").look(12).look(12, pitch=-35).look(3)
    assert drive.phases() == ["onset", "stage", "stage", "end"]
    assert [drive.seconds_of(one) - 12.1 for one in drive.updates[:3]] == pytest.approx([3, 5, 11], abs=0.25)
    assert [stage for _, stage in drive.alerts()] == [1, 2, 3]
    assert drive.alerts()[-1][0] == "Look at the road, now."
    assert drive.clips() == [False, False, True]


def test_a_glance_up_for_half_a_second_does_not_begin_the_count_anew() -> None:
    drive = Drive("looking_away").look(12)
    for _ in range(4):
        drive.look(1.2, pitch=-35).look(0.5)
    assert drive.phases()[:1] == ["onset"]


def test_mirrors_every_few_seconds_are_good_driving() -> None:
    drive = Drive("looking_away").look(12)
    for _ in range(20):
        drive.look(1.0, yaw=40).look(2).look(0.8, yaw=-45).look(2).look(0.6, pitch=-25).look(3)
    assert drive.phases() == []


def test_a_shoulder_check_before_pulling_out_is_short() -> None:
    assert Drive("looking_away").look(12).look(1, yaw=60).look(1.2, NOBODY).look(5).phases() == []


def test_who_looks_into_a_turn_looks_where_they_should() -> None:
    drive = Drive("looking_away", speed_kmh=25).look(12).turning(-20)
    assert drive.look(1).look(6, yaw=50).turning(0).look(5).phases() == []


def test_who_looks_out_of_the_turn_does_not() -> None:
    drive = Drive("looking_away", speed_kmh=25).look(12).turning(-20)
    assert drive.look(1).look(4, yaw=-50).phases() == ["onset"]


def test_at_the_lights_and_while_parking_nobody_is_blamed() -> None:
    assert Drive("looking_away").look(12).at(0).look(1).look(15, pitch=-35).phases() == []
    assert Drive("looking_away").look(12).at(6).look(1).look(8, yaw=70).phases() == []


@pytest.mark.parametrize("mount_deg", [-30, 35])
def test_a_lens_in_the_corner_learns_where_straight_ahead_is(mount_deg: float) -> None:
    drive = Drive("looking_away", mount_deg=mount_deg)
    assert drive.look(5).standing() == "getting to know the driver"
    assert drive.look(60).phases() == []
    assert drive.standing() == "knows the driver's usual look"
    assert drive.look(4, yaw=-40).phases() == ["onset"]


def test_before_the_driver_is_known_nothing_is_said_of_where_they_look() -> None:
    assert Drive("looking_away").look(8, yaw=40).phases() == []


def test_looking_away_for_long_does_not_become_straight_ahead() -> None:
    drive = Drive("looking_away").look(12)
    for _ in range(10):
        drive.look(10, yaw=45).look(1.5)
    assert drive.phases().count("onset") == 10


def test_a_new_driver_is_got_to_know_anew() -> None:
    drive = Drive("looking_away").look(12).look(40, NOBODY)
    assert drive.standing() == "nobody in view"
    assert drive.look(2).standing() == "getting to know the driver"


def test_a_head_turned_out_of_sight_goes_on_counting() -> None:
    assert Drive("looking_away").look(12).look(1.5, yaw=60).look(3, NOBODY).phases() == ["onset"]


def test_a_face_that_cannot_be_read_ends_what_it_began() -> None:
    drive = Drive("looking_away").look(12).look(4, yaw=60)
    unreadable = face(eyes=None, doubt="the picture is too poor to read the face")
    poor = type(unreadable)(unreadable.sight, doubt=unreadable.doubt)
    assert drive.look(4, poor).phases() == ["onset", "end"]


def test_the_unit_stops_and_what_lasted_is_over() -> None:
    drive = Drive("looking_away").look(12).look(4, yaw=60)
    drive.updates += drive.decider.finish()
    assert drive.phases() == ["onset", "end"]


def test_a_lens_that_falls_silent_ends_it() -> None:
    drive = Drive("looking_away").look(12).look(4, yaw=60)
    drive.updates += drive.decider.on_tick(drive.at_ns + 11 * NS_PER_S)
    assert drive.phases() == ["onset", "end"]
    assert drive.decider.on_tick(START_NS + 10**12) == ()


def test_a_clock_that_is_set_back_forgets_the_sitting() -> None:
    drive = Drive("looking_away").look(12)
    drive.at_ns -= 3600 * NS_PER_S
    assert drive.look(1).standing() == "getting to know the driver"


def test_the_van_rolls_with_nobody_at_the_wheel() -> None:
    drive = Drive("no_driver").look(12).look(9, NOBODY)
    assert drive.alerts() == [("Nobody in view at the wheel.", 1)]
    assert Drive("no_driver", speed_kmh=0).look(60, NOBODY).phases() == []
    assert Drive("no_driver", speed_kmh=None).look(60, NOBODY).phases() == []


def test_what_an_idle_lens_sees_once_a_keyframe_counts_too() -> None:
    dark = Drive("lens_covered").keyframes(14, COVERED)
    assert dark.phases() == ["onset"]
    assert dark.standing() == "nothing to see: the lens is covered, or it is dark"
    assert Drive("lens_covered").look(12).keyframes(14, COVERED, every_s=5.0).phases() == ["onset"]
    assert Drive("no_driver").look(12).keyframes(14, NOBODY).phases() == ["onset"]


def test_a_hand_over_the_lens_is_said_and_its_end_too() -> None:
    drive = Drive("lens_covered").look(12).look(11, COVERED).look(5)
    assert drive.phases() == ["onset", "end"]
    assert drive.updates[0].event.severity == "note"
    assert drive.alerts() == [("The driver lens is covered, or it is dark.", 1)]
    assert Drive("lens_covered").look(12).look(6, COVERED).look(5).phases() == []
