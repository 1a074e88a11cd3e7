"""What a real minute gives the road lens's evaluation: radar of real traffic, and one photograph that comes nearer."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.road_model import START_NS, Car, Road
from custodes.core.clock import NS_PER_S
from custodes.edge.decide import Decider, parse_rule
from custodes.edge.decide.road.traffic import Traffic, follow
from custodes.edge.perceive import PerceiveSettings, RoadPerceiver
from custodes.vision.objects import Detector

SEGMENT = "telematics/comma2k19/Example_1/b0c9d2329ad1606b_2018-08-02--08-34-47/40"
STANDING_MPS = 2.0
LANE_M = 1.2
"""What radar says to be this close to our middle is in our path."""
LOOKS_PER_S = 5
CAMERA_FOCAL_PX, CAMERA_AHEAD = 910.0, (0.51, 0.46)
"""comma2k19's camera, by its README; where the road vanishes in the photograph, by eye."""


@dataclass
class RadarMinute:
    """What became of the minute: truth by radar, and what was told."""

    seconds: float = 0.0
    led_s: float = 0.0
    fastest_mps: float = 0.0
    least_gap_s: float = np.inf
    least_ttc_s: float = np.inf
    told_of: Counter[str] = field(default_factory=Counter)
    gap_errors: list[float] = field(default_factory=list)

    @property
    def told(self) -> int:
        """Return how many events were told."""
        return self.told_of.total()

    @property
    def gap_error(self) -> float:
        """Return by how much (share) the lead's distance is off in the median."""
        return median(self.gap_errors) if self.gap_errors else 0.0


def radar_minute(folder: Path) -> RadarMinute:
    """Play the minute to the rules: each moving vehicle that radar knows is a box of a width of its own."""
    bus = folder / SEGMENT / "processed_log" / "CAN"
    at_s, seen = np.load(bus / "radar" / "t"), np.load(bus / "radar" / "value")
    speed_s, speed_mps = np.load(bus / "speed" / "t"), np.load(bus / "speed" / "value").ravel()
    minute, chance = RadarMinute(seconds=float(at_s[-1] - at_s[0])), Random(1)
    road = Road("forward_collision", "tailgating", noise=0.03)
    widths_m: dict[int, float] = {}
    traffic = Traffic()
    for step in range(int(minute.seconds * LOOKS_PER_S)):
        now_s = at_s[0] + step / LOOKS_PER_S
        mps = float(np.interp(now_s, speed_s, speed_mps))
        near = (at_s > now_s - 0.15) & (at_s <= now_s)
        road.cars, road.kmh = {}, mps * 3.6
        for ahead_m, left_m, rel_mps, _, _, number, _ in seen[near]:
            if abs(mps + rel_mps) > STANDING_MPS:
                wide_m = widths_m.setdefault(int(number), chance.uniform(1.65, 2.0))
                road.put(Car(int(number), float(ahead_m), float(-left_m), float(-rel_mps), width_m=wide_m))
        truth = min((car for car in road.cars.values() if abs(car.aside_m) < LANE_M), key=_ahead_m, default=None)
        for number in road.cars:
            road.turn(number, closing_mps=0.0)  # the next step's radar moves it
        minute.told_of.update(one.event.kind for one in road.step() if one.phase == "onset")
        minute.fastest_mps = max(minute.fastest_mps, mps)
        if truth is not None:
            traffic = _compare(minute, road, traffic, truth, mps)
    return minute


def _ahead_m(car: Car) -> float:
    return car.ahead_m


def _compare(minute: RadarMinute, road: Road, traffic: Traffic, truth: Car, mps: float) -> Traffic:
    minute.led_s += 1 / LOOKS_PER_S
    if mps > 3:
        minute.least_gap_s = min(minute.least_gap_s, truth.ahead_m / mps)
    minute.least_ttc_s = min(minute.least_ttc_s, truth.ttc_s or np.inf)
    seen = road.seen()
    assert seen.road is not None
    traffic, lead = follow(traffic, seen, seen.road)
    if lead is not None and lead.who.track_id == truth.track_id:
        minute.gap_errors.append(abs(lead.gap_m / truth.ahead_m - 1))
    return traffic


@dataclass(frozen=True, slots=True)
class Approach:
    """One approach to the car in the photograph. Times from its begin; `left_s` is what was truly left."""

    closing_mps: float
    true_gap_m: float
    first_gap_m: float | None
    warned_s: float | None
    left_s: float | None


@dataclass
class Still:
    """A picture for the perceiver."""

    pixels: NDArray[np.uint8]
    wall_ns: int
    mono_ns: int
    width_px: int
    height_px: int
    is_keyframe: bool = True

    def luma(self) -> NDArray[np.uint8]:
        """Return the grey picture."""
        return np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), np.uint8)

    def rgb(self) -> NDArray[np.uint8]:
        """Return the picture."""
        return self.pixels


def approach(folder: Path, detector: Detector, *, closing_mps: float, until_m: float = 6.0) -> Approach:
    """Let the photograph grow around what is straight ahead as if we closed in on its lead, and see what is told.

    The whole picture grows as the lead does; what stands nearer would grow faster. It is the lead that is judged.
    """
    bgr = cv2.imread(str(folder / SEGMENT / "preview.png"))
    if bgr is None:
        raise ValueError(f"{folder / SEGMENT / 'preview.png'} is no picture")
    rgb = np.ascontiguousarray(bgr[:, :, ::-1], np.uint8)
    gap_m = _radar_gap_m(folder)
    degrees = 2 * np.degrees(np.arctan(rgb.shape[1] / 2 / CAMERA_FOCAL_PX))
    eye = RoadPerceiver(
        lens="road",
        settings=PerceiveSettings(),
        detector=detector,
        field_of_view_deg=float(degrees),
        ahead=CAMERA_AHEAD,
    )
    decider, traffic, first_m = Decider([parse_rule({"kind": "forward_collision"})]), Traffic(), None
    waits_s = 2.0  # before it comes nearer, so that the lens knows the scene
    for step in range(1000):
        now_s = step / LOOKS_PER_S
        true_m = gap_m - closing_mps * max(now_s - waits_s, 0.0)
        if true_m < until_m:
            break
        at_ns = START_NS + step * NS_PER_S // LOOKS_PER_S
        height_px, width_px = rgb.shape[:2]
        seen = eye.look(Still(nearer(rgb, gap_m / true_m, step), at_ns, at_ns, width_px, height_px))
        assert seen.road is not None
        traffic, lead = follow(traffic, seen, seen.road)
        if first_m is None and lead is not None:
            first_m = lead.gap_m
        if any(one.phase == "onset" for one in decider.on_observation(seen)):
            return Approach(closing_mps, gap_m, first_m, now_s - waits_s, true_m / closing_mps)
    return Approach(closing_mps, gap_m, first_m, None, None)


def nearer(rgb: NDArray[np.uint8], scale: float, step: int) -> NDArray[np.uint8]:
    """Return the picture grown around what is straight ahead, shaken by a pixel as a camera on a road is."""
    height_px, width_px = rgb.shape[:2]
    x, y = CAMERA_AHEAD[0] * width_px, CAMERA_AHEAD[1] * height_px
    chance = Random(step)
    move = np.array(
        [
            [scale, 0, x * (1 - scale) + chance.uniform(-2, 2)],
            [0, scale, y * (1 - scale) + chance.uniform(-2, 2)],
        ]
    )
    return np.asarray(cv2.warpAffine(rgb, move, (width_px, height_px), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _radar_gap_m(folder: Path) -> float:
    """Return the distance (m) of the lead in the photograph, which is the segment's first picture."""
    bus = folder / SEGMENT / "processed_log" / "CAN" / "radar"
    first = np.load(bus / "value")[:14]
    return float(min(row[0] for row in first if abs(row[1]) < LANE_M))
