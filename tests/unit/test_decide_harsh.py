"""Harsh driving, told as drives: what is felt in a van with a crooked phone, and what is not."""

from math import cos, sin
from random import Random

import numpy as np
import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.types import EventUpdate, Sample
from custodes.edge.decide import Decider, alert_for, id_source, parse_rule

G = 9.80665
KINDS = ("harsh_brake", "harsh_acceleration", "harsh_cornering")
START_NS = 1_767_268_800 * NS_PER_S
CROOKED = np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))[0]
if np.linalg.det(CROOKED) < 0:
    CROOKED = -CROOKED


class Van:
    """A van with a sensor at `rate_hz` in any mount, and a receiver once a second (unless it has none)."""

    def __init__(
        self, *, rate_hz: float = 50, receiver: bool = True, sensor: bool = True, uneven: bool = False
    ) -> None:
        self.decider = Decider([parse_rule({"kind": kind}) for kind in KINDS], new_id=id_source(Random(1)))
        self.rate_hz, self.receiver, self.sensor, self.uneven = rate_hz, receiver, sensor, uneven
        self.noise = np.random.default_rng(3)
        self.at_s, self.speed, self.heading, self.said_s = 0.0, 0.0, 0.0, -1.0
        self.shake_mps2 = 0.4
        self.turned_by = np.eye(3)
        self.updates: list[EventUpdate] = []

    def go(self, seconds: float, *, along: float = 0.0, yaw: float = 0.0, bumps: float = 0.0) -> "Van":
        """Drive so for a while: a force along (m/s²), a yaw rate (rad/s, left), and shaking on top."""
        until_s, began_s = self.at_s + seconds, self.at_s
        while self.at_s < until_s:
            dt_s = 1 / self.rate_hz * (self.noise.uniform(0.3, 1.9) if self.uneven else 1)
            self.at_s += dt_s
            rise = min(1.0, (self.at_s - began_s) / 0.3, max(0.0, until_s - self.at_s) / 0.3)
            push = along * rise if self.speed > 0 or along > 0 else 0.0
            self.speed = max(0.0, self.speed + push * dt_s)
            self.heading += yaw * rise * dt_s
            self._read(push, yaw * rise, bumps)
        return self

    def _read(self, push: float, yaw: float, bumps: float) -> None:
        wall_ns = START_NS + round(self.at_s * NS_PER_S)
        if self.receiver and self.at_s - self.said_s >= 1:
            self.said_s = self.at_s
            course = -np.degrees(self.heading) % 360
            self.updates += self.decider.on_sample(
                Sample(wall_ns - 1, lat_deg=48.0, lon_deg=2.0, speed_mps=self.speed, course_deg=float(course))
            )
        if not self.sensor:
            return
        shake = self.shake_mps2 * sin(38 * self.at_s) if self.speed > 0 else 0.0
        force = np.array([push + shake, self.speed * yaw + shake, G]) + self.noise.normal(0, 0.1 + bumps, 3)
        mount = CROOKED @ self.turned_by
        self.updates += self.decider.on_sample(
            Sample(
                wall_ns,
                accel_mps2_xyz=tuple(map(float, mount @ force)),  # type: ignore[arg-type]
                gyro_radps_xyz=tuple(map(float, mount @ np.array([0, 0, yaw + 0.003]))),  # type: ignore[arg-type]
            )
        )

    def warm(self) -> "Van":
        """Pull away, take two turns: the axes are known after that. Nothing of it is harsh."""
        self.go(6).go(9, along=1.3).go(4).go(4, yaw=0.25).go(4).go(4, yaw=-0.25).go(4)
        assert self.kinds() == []
        return self

    def kinds(self) -> list[str]:
        return [update.event.kind for update in self.updates if update.phase == "onset"]


@pytest.fixture(scope="module", params=[False, True], ids=["even", "changing rate"])
def day(request: pytest.FixtureRequest) -> Van:
    """One drive with everything in it, in a crooked mount."""
    van = Van(uneven=request.param).warm()
    van.go(2.2, along=-4.0).go(8)  # a child's ball
    van.go(4, along=2.8).go(8)  # a green light, late for lunch
    van.go(3.0, yaw=0.38).go(8)  # the roundabout, too fast
    van.go(5, along=-1.8).go(6)  # an ordinary stop
    return van


def test_each_moment_of_the_day_is_told_once(day: Van) -> None:
    assert day.kinds() == ["harsh_brake", "harsh_acceleration", "harsh_cornering"]


def test_the_warning_comes_while_it_lasts(day: Van) -> None:
    """Not a second after: the driver is warned of what is happening."""
    brake = next(update.event for update in day.updates if update.event.kind == "harsh_brake")
    end = next(update.event for update in day.updates if update.phase == "end")
    assert end.end_wall_ns is not None
    assert 1.0 < (end.end_wall_ns - brake.onset_wall_ns) / NS_PER_S < 2.6
    peak = float(end.evidence[0].value)
    assert peak == pytest.approx(4.0, abs=0.5)
    assert alert_for(brake).text.startswith("Braked hard: ")


def test_a_pothole_is_no_braking() -> None:
    van = Van().warm()
    for _ in range(6):
        van.go(0.2, bumps=6.0).go(3)
    assert van.kinds() == []


def test_cobblestones_are_no_driving() -> None:
    van = Van().warm()
    van.shake_mps2 = 2.5
    assert van.go(30, bumps=0.8).kinds() == []


def test_a_long_motorway_bend_is_no_corner() -> None:
    van = Van().warm().go(10, along=1.0)
    assert van.go(12, yaw=2.2 / van.speed).kinds() == []


def test_without_a_receiver_turns_tell_the_axes() -> None:
    van = Van(receiver=False).warm()
    assert van.go(2.2, along=-4.0).go(6).kinds() == ["harsh_brake"]


def test_before_the_axes_are_known_only_a_braking_is_told() -> None:
    """Straight from the yard: short and strong is a braking; long and weak could be either, and is neither."""
    van = Van(receiver=False).go(6).go(7, along=1.4).go(5)
    assert van.go(5, along=2.6).go(4).kinds() == []
    assert van.go(2.0, along=-4.2).go(4).kinds() == ["harsh_brake"]


def test_a_receiver_alone_tells_it_too() -> None:
    van = Van(sensor=False).go(5).go(9, along=1.5).go(4)
    assert van.go(2.5, along=-4.6).go(5).kinds() == ["harsh_brake"]


def test_one_leap_of_the_receiver_is_no_braking() -> None:
    decider = Decider([parse_rule({"kind": kind}) for kind in KINDS])
    speeds = [15.0] * 10 + [2.0] + [15.0] * 10
    told = [
        update
        for second, speed in enumerate(speeds)
        for update in decider.on_sample(Sample(START_NS + second * NS_PER_S, speed_mps=speed, course_deg=90.0))
    ]
    assert told == []


def test_a_sensor_turned_in_its_mount_is_no_driving_and_learns_anew() -> None:
    """The phone slides into the footwell: no event from the fall, and the next braking is told again."""
    van = Van().warm()
    van.turned_by = np.array([[1, 0, 0], [0, cos(1.3), -sin(1.3)], [0, sin(1.3), cos(1.3)]])
    assert van.go(20).kinds() == []
    van.go(5, yaw=0.2).go(4).go(5, yaw=-0.2).go(4)
    assert van.go(2.2, along=-4.0).go(4).kinds() == ["harsh_brake"]


def test_manoeuvring_in_the_yard_is_not_judged() -> None:
    van = Van().warm().go(12, along=-1.2).go(4)
    van.speed = 1.5
    assert van.go(0.7, along=-3.4).go(5).kinds() == []
