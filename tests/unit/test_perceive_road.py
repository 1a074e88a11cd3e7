"""A road lens looks closely at what lies straight ahead, and says how it sees the road."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.core.clock import NS_PER_S
from custodes.core.types import Detection, ModelIdentity, ObjectClass
from custodes.edge.perceive import PerceiveSettings, RoadPerceiver


class Eye:
    """A detector that remembers how wide its pictures were, and sees one car in each that is `car_0_1` of it wide."""

    side_px = 300
    usual_score_0_1 = 0.4
    classes = frozenset({ObjectClass.CAR})
    identity = ModelIdentity("eye", "objects", "0" * 64)

    def __init__(self, car_px: float) -> None:
        self.widths_px: list[int] = []
        self.car_px = car_px

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        height_px, width_px = rgb.shape[:2]
        self.widths_px.append(width_px)
        half = self.car_px / 2
        box = (width_px / 2 - half, height_px / 2 - half, width_px / 2 + half, height_px / 2 + half)
        return [Detection(ObjectClass.CAR, 0.8, box)]


@dataclass
class Frame:
    """A picture in which everything moves, as from a moving vehicle."""

    wall_ns: int
    width_px: int = 1280
    height_px: int = 720
    is_keyframe: bool = True

    @property
    def mono_ns(self) -> int:
        return self.wall_ns

    def luma(self) -> NDArray[np.uint8]:
        noise = np.random.default_rng(self.wall_ns // 10**8)
        return noise.integers(0, 255, (90, 160), np.uint8).repeat(8, 0).repeat(8, 1)

    def rgb(self) -> NDArray[np.uint8]:
        return np.zeros((self.height_px, self.width_px, 3), np.uint8)


def looked(car_px: float) -> Eye:
    eye = Eye(car_px)
    lens = RoadPerceiver(lens="road", settings=PerceiveSettings(), detector=eye, ahead=(0.5, 0.5))
    for number in range(12):
        seen = lens.look(Frame(NS_PER_S + number * NS_PER_S // 5))
    assert seen.road is not None
    assert seen.road.ahead_px == (640, 360)
    assert seen.road.focal_px == pytest.approx(1108.5, abs=0.1)
    assert [one.box_px_xyxy[0] + one.box_px_xyxy[2] for one in seen.objects] == pytest.approx([1280], abs=8)
    return eye


def test_most_looks_are_at_what_is_straight_ahead_and_the_whole_is_seen_every_second() -> None:
    widths_px = looked(60).widths_px
    assert len(widths_px) == 12
    assert widths_px.count(1280) in range(3, 6)
    assert widths_px.count(512) >= 6


def test_a_vehicle_too_large_for_the_close_look_is_seen_whole() -> None:
    assert looked(400).widths_px[4:] == [1280] * 8
