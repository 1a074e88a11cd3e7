"""Glances off the road that add up; and mirrors, junctions and long looks, which are something else."""

from driver_scene import NOBODY, Drive


def glances(drive: Drive, times: int, *, away_s: float = 1.5, back_s: float = 1.0, **where: float) -> Drive:
    for _ in range(times):
        drive.look(away_s, **(where or {"pitch": -35})).look(back_s)
    return drive


def test_a_message_read_in_bits_is_told_once_the_glances_add_up_to_ten_seconds() -> None:
    drive = glances(Drive("glancing").look(12), 8)
    assert drive.alerts()[0] == ("Many looks off the road.", 1)
    assert 12 + 10 / 1.5 * 2.5 - 1.5 <= drive.seconds_of(drive.updates[0]) <= 12 + 10 / 1.5 * 2.5 + 2


def test_who_goes_on_is_told_gravely_and_who_looks_up_again_is_done() -> None:
    drive = glances(Drive("glancing").look(12), 16, away_s=2.0, back_s=0.8)
    assert [stage for _, stage in drive.alerts()] == [1, 2]
    assert drive.look(6).phases() == ["onset", "stage", "end"]


def test_mirrors_every_few_seconds_never_add_up() -> None:
    drive = Drive("glancing").look(12)
    for _ in range(20):
        drive.look(1.0, yaw=40).look(2.2).look(0.8, yaw=-45).look(2.2).look(0.6, pitch=-25).look(3)
    assert drive.phases() == []


def test_a_mirror_and_a_shoulder_before_a_change_of_lanes_are_good_driving() -> None:
    drive = Drive("glancing").look(12)
    for _ in range(5):
        drive.look(0.8, yaw=40).look(0.7).look(1, yaw=60).look(0.8, NOBODY).look(6)
    assert drive.phases() == []


def test_one_long_look_is_left_to_the_rule_on_long_looks() -> None:
    assert Drive("glancing").look(12).look(14, pitch=-35).look(3).phases() == []


def test_at_the_lights_and_in_a_roundabout_glances_are_free() -> None:
    assert glances(Drive("glancing").look(12).at(0).look(1), 12).phases() == []
    assert glances(Drive("glancing", speed_kmh=25).look(12).turning(-20).look(1), 12, yaw=50).phases() == []
