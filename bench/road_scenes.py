"""Rides with known truth for `bench.road_eval`: what happens, whether it should be told, and whose doing it is.

Each ride draws its speeds, gaps, sizes and the error of the camera's stated focal length at random; boxes scatter by
3 % of their size at each edge, as the default detector's do on vehicles that are 60 px wide and more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import pi, sin
from random import Random
from typing import Any

from bench.road_model import Car, Post, Road
from custodes.core.types import Lamp, ObjectClass

NOISE = 0.03
FOCAL_ERROR = 0.08
TTC_S = 2.4


@dataclass(frozen=True, slots=True)
class Scene:
    """One way that a ride goes. `told` is what should be told of it, `doing` whose doing it is."""

    name: str
    kind: str
    told: bool
    ride: Callable[[Random], Road]
    doing: str = ""


def road(kind: str, chance: Random, *, kmh: float = 100.0) -> Road:
    """Return an empty road, seen through a lens whose focal length is stated with an error."""
    made = Road(kind, kmh=kmh, noise=NOISE, seed=chance.randrange(10**9))
    made.focal_error = 1 + chance.uniform(-FOCAL_ERROR, FOCAL_ERROR)
    return made


def scenes() -> Iterator[Scene]:
    """Yield every scene."""
    yield Scene("a slower or standing vehicle ahead, nobody brakes", "forward_collision", told=True, ride=_run_into)
    yield Scene("the vehicle ahead brakes at 4 to 8 m/s²", "forward_collision", told=True, ride=_brakes)
    yield Scene("a minute behind one vehicle", "forward_collision", told=False, ride=_follow)
    yield Scene("past vehicles in the next lane and at the kerb", "forward_collision", told=False, ride=_pass)
    yield Scene("closing up to a standing queue and stopping", "forward_collision", told=False, ride=_queue)
    yield Scene("somebody cuts in close at our speed", "forward_collision", told=False, ride=_cut_in)
    yield Scene("0.3 to 0.6 s behind for 10 s", "tailgating", told=True, ride=_too_close, doing="our own")
    yield Scene("1.1 to 2 s behind for a minute", "tailgating", told=False, ride=_far_enough)
    yield Scene("0.95 to 1.5 s behind a truck for a minute", "tailgating", told=False, ride=_truck)
    yield Scene("somebody cuts in, we fall back within 4 s", "tailgating", told=False, ride=_fall_back)
    yield Scene("somebody cuts in, we stay close", "tailgating", told=True, ride=_stay, doing="the other's")
    yield Scene("we change lanes close behind somebody", "tailgating", told=True, ride=_own_change, doing="our own")
    yield Scene("we drift over a line at 0.1 to 0.4 m/s", "lane_departure", told=True, ride=_drift)
    yield Scene("a minute in the lane, weaving by 0.4 m", "lane_departure", told=False, ride=_weave)
    yield Scene("we change lanes in 3 to 6 s", "lane_departure", told=False, ride=_change_lanes)
    yield Scene("we change lanes at leisure, in 6 to 9 s", "lane_departure", told=False, ride=_change_slowly)
    yield Scene("past a stop sign at 12 to 50 km/h", "stop_sign", told=True, ride=_past_sign)
    yield Scene("we stop at a stop sign, and go on", "stop_sign", told=False, ride=_stop_at_sign)
    yield Scene("past a red light at 20 to 60 km/h", "red_light", told=True, ride=_past_red)
    yield Scene("past a light that goes green 15 to 30 m before it", "red_light", told=False, ride=_past_green)
    yield Scene("we wait at a red light until it is green", "red_light", told=False, ride=_wait_at_red)


def _size(chance: Random) -> dict[str, Any]:
    return {"width_m": chance.uniform(1.65, 2.0), "height_m": chance.uniform(1.4, 1.8)}


def _run_into(chance: Random) -> Road:
    mps = chance.uniform(5, 28)
    made = road("forward_collision", chance, kmh=max(mps * 3.6, 30))
    made.put(Car(1, ahead_m=mps * 5, aside_m=chance.uniform(-0.4, 0.4), closing_mps=mps, **_size(chance)))
    return made.drive(4.9)


def _brakes(chance: Random) -> Road:
    made = road("forward_collision", chance)
    car = Car(1, ahead_m=chance.uniform(20, 40), **_size(chance))
    made.put(car).drive(3).turn(1, braking_mps2=chance.uniform(4, 8))
    while made.cars[1].ahead_m > 2:
        made.step()
    return made


def _follow(chance: Random) -> Road:
    made = road("forward_collision", chance).put(Car(1, ahead_m=chance.uniform(12, 45), **_size(chance)))
    for _ in range(10):
        made.turn(1, closing_mps=chance.uniform(-0.6, 0.6)).drive(6)
    return made


def _pass(chance: Random) -> Road:
    aside_m = chance.choice([-3.5, 3.2, 5.5]) + chance.uniform(-0.3, 0.3)
    mps = chance.uniform(8, 28)
    made = road("forward_collision", chance, kmh=mps * 3.6)
    return made.put(Car(1, ahead_m=mps * 5, aside_m=aside_m, closing_mps=mps, **_size(chance))).drive(4.9)


def _queue(chance: Random) -> Road:
    mps = chance.uniform(8, 16)
    slows_mps2 = chance.uniform(1.0, min(2.2, mps / 2 / TTC_S))  # begun well before the warning is due
    ahead_m = mps * mps / (2 * slows_mps2) + chance.uniform(4, 7) + mps * 2
    made = road("forward_collision", chance).put(Car(1, ahead_m=ahead_m, closing_mps=mps, **_size(chance)))
    made.kmh = mps * 3.6
    made.drive(2).turn(1, braking_mps2=-slows_mps2)
    while made.cars[1].closing_mps > 0:
        made.kmh = made.cars[1].closing_mps * 3.6
        made.step()
    return made


def _beside(kind: str, chance: Random) -> tuple[Road, int]:
    """Return a road with somebody ahead and somebody else close ahead in a lane beside; and which side that is."""
    side = chance.choice([-1, 1])
    made = road(kind, chance).put(
        Car(1, ahead_m=chance.uniform(50, 60), **_size(chance)),
        Car(2, ahead_m=chance.uniform(10, 15), aside_m=3.5 * side, **_size(chance)),
    )
    return made.drive(4), side


def _cut_in(chance: Random) -> Road:
    made, side = _beside("forward_collision", chance)
    return made.turn(2, sideways_mps=-1.2 * side).drive(2.8).turn(2, sideways_mps=0.0).drive(10)


def _too_close(chance: Random) -> Road:
    return road("tailgating", chance).put(Car(1, ahead_m=chance.uniform(0.3, 0.6) * 27.8, **_size(chance))).drive(10)


def _far_enough(chance: Random) -> Road:
    return road("tailgating", chance).put(Car(1, ahead_m=chance.uniform(1.1, 2) * 27.8, **_size(chance))).drive(60)


def _truck(chance: Random) -> Road:
    truck = Car(1, chance.uniform(0.95, 1.5) * 27.8, width_m=chance.uniform(2.2, 2.55), height_m=3.4, length_m=9)
    return road("tailgating", chance).put(truck).drive(60)


def _fall_back(chance: Random) -> Road:
    made, side = _beside("tailgating", chance)
    made.turn(2, sideways_mps=-1.2 * side).drive(2.8).turn(2, sideways_mps=0.0, closing_mps=-5.0).drive(4)
    return made.turn(2, closing_mps=0.0).drive(20)


def _stay(chance: Random) -> Road:
    made, side = _beside("tailgating", chance)
    return made.turn(2, sideways_mps=-1.2 * side).drive(2.8).turn(2, sideways_mps=0.0).drive(14)


def _own_change(chance: Random) -> Road:
    made, side = _beside("tailgating", chance)
    return made.everybody(sideways_mps=-1.2 * side).drive(2.8).everybody(sideways_mps=0.0).drive(10)


def _lane(chance: Random) -> Road:
    """Return a road between markings of which some are faded: half to all of the looks see them."""
    made = road("lane_departure", chance)
    return made.drift(
        wide_m=chance.uniform(3.25, 3.75), camera_m=chance.uniform(1.2, 2.0), seen_0_1=chance.uniform(0.6, 1.0)
    ).drive(10)


def _drift(chance: Random) -> Road:
    return _lane(chance).drift(sideways_mps=chance.choice([-1, 1]) * chance.uniform(0.1, 0.4)).drive(12)


def _weave(chance: Random) -> Road:
    made, takes_s, wide_m = _lane(chance), chance.uniform(8, 20), chance.uniform(0.1, 0.4)
    for step in range(300):
        made.drift(sideways_mps=wide_m * 2 * pi / takes_s * sin(2 * pi * step / 5 / takes_s + pi / 2)).drive(0.2)
    return made


def _changed(made: Road, side: int, seconds: float) -> Road:
    assert made.lane is not None
    wide_m, looks = made.lane.wide_m, round(seconds * made.looks_per_s)
    for step in range(looks):
        made.drift(sideways_mps=side * wide_m * pi / 2 / seconds * sin(pi * (step + 0.5) / looks)).drive(0.2)
    return made.drift(sideways_mps=0.0).drive(10)


def _change_lanes(chance: Random) -> Road:
    return _changed(_lane(chance), chance.choice([-1, 1]), chance.uniform(3, 6))


def _change_slowly(chance: Random) -> Road:
    return _changed(_lane(chance), chance.choice([-1, 1]), chance.uniform(6, 9))


def _to(kind: str, chance: Random, kmh: float, lamp: Lamp | None = None) -> Road:
    """Return a road to a post 50 to 80 m ahead; a detector finds it in half to nine tenths of the looks."""
    made = road(kind, chance, kmh=kmh)
    made.found_0_1 = chance.uniform(0.5, 0.9)
    ahead_m, aside_m = chance.uniform(50, 80), chance.uniform(2, 4)
    if lamp is None:
        return made.stand(Post(1, ahead_m, ObjectClass.STOP_SIGN, aside_m, chance.uniform(0.5, 1.5)))
    high_m = chance.uniform(0.8, 1.1)
    return made.stand(Post(1, ahead_m, ObjectClass.TRAFFIC_LIGHT, aside_m, chance.uniform(1, 2.5), high_m, lamp))


def _until(made: Road, left_m: float) -> Road:
    while made.posts[1].ahead_m > left_m:
        made.step()
    return made


def _halt(made: Road, chance: Random) -> Road:
    """Slow down so as to stand 3 to 8 m before the post."""
    assert made.kmh is not None
    slows_mps2, before_m = chance.uniform(1.5, 2.5), chance.uniform(3, 8)
    _until(made, before_m + (made.kmh / 3.6) ** 2 / (2 * slows_mps2))
    while made.kmh > 0:
        made.kmh = max(made.kmh - slows_mps2 * 3.6 / made.looks_per_s, 0.0)
        made.step()
    return made


def _past_sign(chance: Random) -> Road:
    kmh = chance.uniform(12, 50)
    return _to("stop_sign", chance, kmh).drive(90 / kmh * 3.6 + 3)


def _stop_at_sign(chance: Random) -> Road:
    made = _halt(_to("stop_sign", chance, chance.uniform(25, 50)), chance).drive(chance.uniform(0.5, 4))
    made.kmh = chance.uniform(15, 30)
    return made.drive(8)


def _past_red(chance: Random) -> Road:
    kmh = chance.uniform(20, 60)
    return _to("red_light", chance, kmh, "red").drive(90 / kmh * 3.6 + 3)


def _past_green(chance: Random) -> Road:
    made = _until(_to("red_light", chance, chance.uniform(20, 60), "red"), chance.uniform(15, 30))
    return made.stand(replace(made.posts[1], lamp="green")).drive(10)


def _wait_at_red(chance: Random) -> Road:
    made = _halt(_to("red_light", chance, chance.uniform(25, 50), "red"), chance).drive(chance.uniform(2, 40))
    made.stand(replace(made.posts[1], lamp="green")).drive(1.5)
    made.kmh = chance.uniform(15, 40)
    return made.drive(8)
