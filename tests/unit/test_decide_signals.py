"""Stop signs and lights: who stops hears nothing, who drives on is told once they are past."""

import pytest

from bench.road_model import Post, Road
from custodes.core.types import Lamp, ObjectClass


def sign(ahead_m: float = 60.0, **how: float) -> Post:
    return Post(1, ahead_m, ObjectClass.STOP_SIGN, **how)  # type: ignore[arg-type]


def light(lamp: Lamp | None, ahead_m: float = 60.0, *, number: int = 2, aside_m: float = 2.0) -> Post:
    return Post(number, ahead_m, ObjectClass.TRAFFIC_LIGHT, aside_m, up_m=1.5, high_m=0.95, lamp=lamp)


def to_the_post(road: Road, track_id: int = 1, *, until_m: float = 6.0) -> Road:
    while road.posts[track_id].ahead_m > until_m:
        road.step()
    return road


def slowed(road: Road, kmh: float) -> Road:
    """Let it slow down over the last metres, to this speed, and go on."""
    assert road.kmh is not None
    while road.kmh > kmh:
        road.kmh = max(road.kmh - 2.5, kmh)
        road.step()
    road.drive(1)
    road.kmh = 25.0
    return road.drive(5)


@pytest.mark.parametrize("kmh", [20, 30, 50])
def test_who_drives_past_a_stop_sign_is_told_once(kmh: float) -> None:
    road = Road("stop_sign", kmh=kmh, noise=0.03).stand(sign()).drive(60 / kmh * 3.6 + 4)
    assert road.phases() == ["onset", "end"]
    assert road.alerts() == ["That was a stop sign."]
    assert road.facts(road.updates[0])["slowest before the sign"] == kmh
    assert "lasted" not in road.facts(road.updates[1])


def test_who_stops_hears_nothing_and_who_rolls_through_does() -> None:
    stopped = slowed(to_the_post(Road("stop_sign", kmh=25).stand(sign()), until_m=20), 0.0)
    rolled = slowed(to_the_post(Road("stop_sign", kmh=25).stand(sign()), until_m=20), 12.0)
    assert stopped.phases() == []
    assert rolled.phases() == ["onset", "end"]


def test_a_detector_that_loses_the_sign_now_and_then_tells_it_all_the_same() -> None:
    for seed in range(10):
        road = Road("stop_sign", kmh=30, noise=0.05, seed=seed).stand(sign())
        road.found_0_1 = 0.5
        assert road.drive(12).phases() == ["onset", "end"], seed


def test_a_sign_that_was_only_seen_far_off_or_hardly_is_none_of_ours() -> None:
    turned_off = Road("stop_sign", kmh=40).stand(sign())
    to_the_post(turned_off, until_m=32).posts.clear()
    assert turned_off.drive(20).phases() == []
    once = Road("stop_sign", kmh=40)
    for _ in range(2):
        once.stand(sign(15)).step()
    once.posts.clear()
    assert once.drive(10).phases() == []


def test_without_a_speed_nothing_is_said() -> None:
    road = Road("stop_sign", "red_light", kmh=40).stand(sign(), light("red"))
    road.drive(1).kmh = None
    for post in road.posts.values():
        road.stand(Post(post.track_id, 15.0, post.kind, lamp=post.lamp))
    assert road.drive(8).phases() == []


@pytest.mark.parametrize("kmh", [20, 50])
def test_who_passes_a_red_light_is_told(kmh: float) -> None:
    road = Road("red_light", kmh=kmh, noise=0.03).stand(light("red")).drive(60 / kmh * 3.6 + 4)
    assert road.phases() == ["onset", "end"]
    assert road.alerts() == ["That light was red."]


@pytest.mark.parametrize("lamp", ["green", "amber", None])
def test_any_other_lamp_is_none_of_it(lamp: Lamp | None) -> None:
    assert Road("red_light", kmh=40).stand(light(lamp)).drive(10).phases() == []


def test_who_waits_until_it_is_green_hears_nothing() -> None:
    road = to_the_post(Road("red_light", kmh=40).stand(light("red")), 2, until_m=16)
    road.kmh = 0.0
    road.drive(20).stand(light("green", road.posts[2].ahead_m)).drive(1)
    road.kmh = 30.0
    assert road.drive(6).phases() == []


def test_a_light_that_turns_green_before_we_pass_it_is_green() -> None:
    road = to_the_post(Road("red_light", kmh=30).stand(light("red")), 2, until_m=14)
    road.stand(light("green", road.posts[2].ahead_m)).drive(0.4)
    assert road.drive(6).phases() == []


def test_where_one_light_is_green_a_red_one_beside_it_is_for_somebody_else() -> None:
    both = Road("red_light", kmh=40).stand(light("red"), light("green", number=3, aside_m=-2.0))
    assert both.drive(10).phases() == []


def test_who_creeps_round_the_corner_on_red_hears_nothing() -> None:
    creeping = Road("red_light", kmh=10).stand(light("red", 20)).drive(12)
    assert creeping.phases() == []


def test_two_signs_one_after_the_other_are_two() -> None:
    road = Road("stop_sign", kmh=30).stand(sign(30)).drive(6)
    road.stand(Post(5, 60, ObjectClass.STOP_SIGN)).drive(12)
    assert road.phases() == ["onset", "end", "onset", "end"]
