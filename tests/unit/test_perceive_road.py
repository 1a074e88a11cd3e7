"""A road lens looks closely at what lies straight ahead, and says how it sees the road."""

import io
import json
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.core.clock import NS_PER_S, SystemClock
from custodes.core.types import Detection, ModelIdentity, ObjectClass
from custodes.edge.build import SiteWork, note_what_is_not_told
from custodes.edge.perceive import Perceiver, PerceiveSettings, RoadPerceiver
from custodes.edge.report import JsonReporter
from custodes.edge.settings import UnitSettings


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


class RedLight(Eye):
    """A detector that sees the light in the middle, and a stop sign on its left."""

    classes = frozenset({ObjectClass.TRAFFIC_LIGHT, ObjectClass.STOP_SIGN})

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        height_px, width_px = rgb.shape[:2]
        middle = (width_px / 2 - 20, height_px / 2 - 50, width_px / 2 + 20, height_px / 2 + 50)
        return [
            Detection(ObjectClass.TRAFFIC_LIGHT, 0.8, middle),
            Detection(ObjectClass.STOP_SIGN, 0.8, (middle[0] - 100, middle[1], middle[0] - 20, middle[3])),
        ]


@dataclass
class LightAhead(Frame):
    """A dark light on a grey street, red on top."""

    def rgb(self) -> NDArray[np.uint8]:
        street = np.full((self.height_px, self.width_px, 3), 120, np.uint8)
        street[310:410, 620:660] = 20
        street[320:345, 628:652] = (255, 30, 30)
        return street


def test_a_road_lens_says_what_lights_show_in_its_own_pixels_and_in_those_of_a_sub_stream() -> None:
    for main_size_px in (None, (2560, 1440)):
        lens = RoadPerceiver(
            lens="road", settings=PerceiveSettings(), detector=RedLight(0), ahead=(0.5, 0.5), main_size_px=main_size_px
        )
        for number in range(8):
            seen = lens.look(LightAhead(NS_PER_S + number * NS_PER_S // 5))
        assert seen.road is not None
        light = next(one for one in seen.objects if one.object_class is ObjectClass.TRAFFIC_LIGHT)
        assert dict(seen.road.lamps) == {light.track_id: "red"}


def test_lenses_that_look_elsewhere_pass_signs_and_lights_over() -> None:
    lens = Perceiver(lens="porch", settings=PerceiveSettings(), detector=RedLight(0))
    seen = [lens.look(LightAhead(NS_PER_S + number * NS_PER_S // 5)) for number in range(8)]
    assert [one.objects for one in seen] == [()] * 8


def test_a_rule_that_the_detector_cannot_serve_is_named_at_the_start(tmp_path: Path) -> None:
    lens = {"name": "road", "facing": "road", "source": "road.mp4"}
    rules = [{"kind": kind} for kind in ("red_light", "stop_sign", "tailgating")]
    settings = UnitSettings.model_validate({"unit": {"name": "van"}, "lens": [lens], "rule": rules})
    said = io.StringIO()
    work = SiteWork(settings, tmp_path, SystemClock(), JsonReporter(said), threading.Event())
    note_what_is_not_told(work, RedLight(60))
    assert said.getvalue() == ""
    note_what_is_not_told(work, Eye(60))
    first, second = (json.loads(line)["text"] for line in said.getvalue().splitlines())
    assert first.startswith("rule red_light will tell nothing: the detector eye knows no traffic light.")
    assert second.startswith("rule stop_sign will tell nothing: the detector eye knows no stop sign.")
