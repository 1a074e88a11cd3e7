"""Real film on which the camera is moved sideways, for the road lens's evaluation: the truth is then known.

A camera that moves by D to the right sees each point of a flat road go left by D/H for each pixel below the horizon,
with H its height. So the film's own lane drifts away below it as it would from a vehicle that drifts: a shear.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.road_model import START_NS
from custodes.core.clock import NS_PER_S
from custodes.core.types import Observation, RoadLook, Sample
from custodes.edge.decide import Decider, parse_rule
from custodes.edge.decide.kinds.lane_departure import LaneDepartureSettings
from custodes.vision.lanes import markings

FILM, AHEAD = "road/udacity_solidWhiteRight.mp4", (0.507, 0.55)
LANE_M, KMH = 3.66, 100.0
"""A lane of a Californian freeway is 12 feet wide (Caltrans Highway Design Manual, topic 301); the speed is assumed."""
LOOKS_PER_S, WAITS_S = 5, 3.5
LINE = "which line"
DRIFTS_MPS = (0.2, 0.3, 0.4, -0.2, -0.3, -0.4, 0.0, 1.2, -1.2)
"""To the right; at 1.2 m/s one changes lanes, which should not be told."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """The film at one drift, and how far our side truly was over the line then, or when the film ended."""

    mps: float
    line: str
    """Which one was told; empty: none."""
    over_m: float


def sheared(grey: NDArray[np.uint8], heights: float) -> NDArray[np.uint8]:
    """Return the picture as a camera sees it that is so far (in its own heights) further to the right."""
    height_px, width_px = grey.shape
    horizon = round(AHEAD[1] * height_px)
    move = np.array([[1.0, -heights, heights * horizon], [0.0, 1.0, 0.0]])
    road = cv2.warpAffine(grey, move, (width_px, height_px), borderMode=cv2.BORDER_REPLICATE)
    return np.vstack([grey[:horizon], np.asarray(road, np.uint8)[horizon:]])


def pictures(folder: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield the film's grey pictures as a road lens looks at them."""
    with av.open(str(folder / FILM)) as film:
        due_s = 0.0
        for frame in film.decode(video=0):
            if frame.time is not None and frame.time >= due_s:
                due_s += 1 / LOOKS_PER_S
                yield np.asarray(frame.reformat(640, 360).to_ndarray(format="gray"), np.uint8)


def drift(seen: Sequence[NDArray[np.uint8]], mps: float) -> Drifted:
    """Return what is told where the camera begins to drift by `mps` to the right after WAITS_S."""
    decider = Decider([parse_rule({"kind": "lane_departure"})])
    half_m = LaneDepartureSettings().vehicle_width_m / 2
    height_px, width_px = seen[0].shape
    ahead_px = (AHEAD[0] * width_px, AHEAD[1] * height_px)
    truth: tuple[float, float] | None = None
    over_m = 0.0
    for step, grey in enumerate(seen):
        at_ns = START_NS + step * NS_PER_S // LOOKS_PER_S
        pair = markings(grey, ahead_px=ahead_px)
        truth = (pair[0], pair[1]) if len(pair) == 2 else truth
        assert truth is not None
        metres = LANE_M / (truth[1] - truth[0])
        moved_m = mps * max(step / LOOKS_PER_S - WAITS_S, 0.0)
        stripes = markings(sheared(grey, moved_m / metres), ahead_px=ahead_px)
        road = RoadLook(1.0, ahead_px, stripes)
        decider.on_sample(Sample(at_ns, speed_mps=KMH / 3.6))
        told = decider.on_observation(Observation("road", at_ns, at_ns, width_px, height_px, road=road))
        over_m = half_m - min(truth[1] * metres - moved_m, moved_m - truth[0] * metres)
        for one in told:
            if one.phase == "onset":
                return Drifted(mps, str(next(fact.value for fact in one.event.evidence if fact.name == LINE)), over_m)
    return Drifted(mps, "", over_m)


def drifts(folder: Path) -> list[Drifted]:
    """Return what is told at each of DRIFTS_MPS."""
    seen = list(pictures(folder))
    return [drift(seen, mps) for mps in DRIFTS_MPS]
