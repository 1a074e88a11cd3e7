"""Closed eyes, drowsiness and yawns: who sleeps is woken, who blinks, laughs or cannot be seen is left in peace."""

import pytest

from custodes.core.clock import NS_PER_S
from custodes.edge.decide import KINDS
from custodes.score.formula import COUNTED_KINDS
from driver_scene import COVERED, OPEN, SHUT, Drive, face


def test_the_driver_nods_off_is_warned_after_a_second_and_loudly_after_three() -> None:
    drive = Drive("eyes_closed").look(12).look(3.6, eyes=SHUT).look(5)
    assert drive.phases() == ["onset", "stage", "end"]
    onset, stage, end = drive.updates
    assert drive.seconds_of(onset) == pytest.approx(13.1, abs=0.11)
    assert drive.seconds_of(stage) == pytest.approx(15.1, abs=0.11)
    assert drive.alerts() == [("Eyes on the road: stay awake.", 2), ("Eyes closed: stop and rest.", 3)]
    assert (onset.event.severity, stage.event.severity) == ("warning", "critical")
    assert onset.event.event_id == stage.event.event_id == end.event.event_id
    assert end.event.end_wall_ns is not None
    assert any(one.name == "on trial" for one in onset.event.evidence)


def test_blinks_and_a_hard_squint_are_nothing() -> None:
    drive = Drive("eyes_closed").look(30)
    for _ in range(10):
        drive.look(0.4, eyes=SHUT).look(1.5)
    assert drive.look(20, eyes=0.6 * OPEN).phases() == []


def test_narrow_eyes_are_measured_against_their_own_opening() -> None:
    assert Drive("eyes_closed").look(60, eyes=0.17).phases() == []
    assert Drive("eyes_closed").look(12, eyes=0.19).look(2, eyes=0.07).phases() == ["onset"]


@pytest.mark.parametrize("why", ["dark glasses or a shadow hide the eyes", "it is too dark to see the eyes"])
def test_eyes_that_cannot_be_seen_are_never_called_closed(why: str) -> None:
    drive = Drive("eyes_closed").look(12).look(20, face(eyes=None, doubt=why))
    assert drive.phases() == []
    assert drive.standing() == f"uncertain: {why}"


def test_a_picture_held_to_the_lens_never_blinks_and_that_is_said() -> None:
    drive = Drive("eyes_closed").look(170, face())
    assert drive.standing() == "knows the driver's usual look"
    drive.look(15, face())
    assert drive.standing().startswith("uncertain: no blink for 3 minutes")
    assert drive.look(1, eyes=SHUT).look(1, eyes=OPEN).standing() == "knows the driver's usual look"


def test_too_few_looks_a_second_to_see_a_blink_are_no_lack_of_blinks() -> None:
    drive = Drive("eyes_closed").look(20)
    for _ in range(400 * 4):
        drive.at_ns += 3 * NS_PER_S // 20
        drive.look(0.1, face())  # one look in a quarter of a second
    assert drive.standing() == "knows the driver's usual look"


def test_the_lens_is_covered_while_the_eyes_were_closed_and_the_event_ends() -> None:
    drive = Drive("eyes_closed").look(12).look(1.5, eyes=SHUT).look(5, COVERED)
    assert drive.phases() == ["onset", "end"]


def test_who_sleeps_in_the_parked_van_is_not_woken() -> None:
    assert Drive("eyes_closed", speed_kmh=0).look(12).look(60, eyes=SHUT).phases() == []


def test_where_the_speed_is_not_known_the_rule_counts() -> None:
    assert Drive("eyes_closed", speed_kmh=None).look(12).look(2, eyes=SHUT).phases() == ["onset"]


def test_the_first_is_warned_of_and_only_the_second_is_filmed() -> None:
    drive = Drive("eyes_closed").look(12)
    drive.look(1.5, eyes=SHUT).look(60).look(1.5, eyes=SHUT).look(60)
    assert drive.clips() == [False, True]
    drive.look(20 * 60).look(1.5, eyes=SHUT).look(5)
    assert drive.clips() == [False, True, False]


def test_who_nods_off_again_and_again_is_not_filmed_each_time() -> None:
    drive = Drive("eyes_closed").look(12)
    for _ in range(6):
        drive.look(1.5, eyes=SHUT).look(70)
    assert drive.clips() == [False, True, False, False, False, False]
    assert drive.look(1.5, eyes=SHUT).clips()[-1]


def test_a_grave_one_is_filmed_at_once_and_once_only() -> None:
    assert Drive("eyes_closed").look(12).look(6, eyes=SHUT).look(3).clips() == [False, True]
    assert Drive("eyes_closed", record="first").look(12).look(6, eyes=SHUT).look(3).clips() == [True, False]
    assert Drive("eyes_closed", clip=False).look(12).look(6, eyes=SHUT).look(3).clips() == [False, False]


def test_heavy_lids_for_a_sixth_of_a_minute_are_drowsiness() -> None:
    drive = Drive("drowsy").look(60)
    for _ in range(14):
        drive.look(0.8, eyes=SHUT).look(3.2, eyes=OPEN)
    assert drive.phases() == ["onset"]
    assert drive.alerts() == [("You are getting drowsy: take a break.", 1)]


def test_usual_blinking_is_no_drowsiness() -> None:
    assert Drive("drowsy").look(180).phases() == []


def test_three_yawns_in_ten_minutes_are_said_once() -> None:
    drive = Drive("yawning").look(12)
    for _ in range(3):
        drive.look(3, mouth=0.6).look(40)
    assert drive.phases() == ["onset", "end"]
    assert drive.alerts() == [("You are yawning a lot: take a break.", 1)]


def test_talk_and_a_laugh_are_no_yawns() -> None:
    drive = Drive("yawning", count=1).look(12)
    for _ in range(40):
        drive.look(0.4, mouth=0.55).look(0.4, mouth=0.1).look(1.1, mouth=0.5).look(0.5, mouth=0.2)
    assert drive.phases() == []


def test_what_is_on_trial_counts_for_no_score() -> None:
    trial = {kind for kind in KINDS if KINDS.get(kind).trial}
    of_the_driver = {"eyes_closed", "drowsy", "yawning", "looking_away", "glancing", "no_driver", "lens_covered"} | {
        "phone_in_hand"
    }
    of_the_bus = {"unbelted", "reversing", "door_open"}
    of_the_road = {"forward_collision", "tailgating", "lane_departure", "stop_sign", "red_light"}
    assert trial == of_the_driver | of_the_bus | of_the_road
    assert trial & COUNTED_KINDS == set()
