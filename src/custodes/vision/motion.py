"""Say whether and where a picture moved, cheaply enough to ask of every frame that is looked at.

The luma is averaged down to about 160 px wide, which takes most of the sensor's noise away, and compared with a
background that remembers for each pixel its mean and its usual unrest. A pixel fires when it leaves its own noise
behind; a change of light that lifts the whole picture is taken out first. Times are those of the film, so that the
background learns as fast at two frames a second as at thirty.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """Thresholds of the gate. Raising `min_step_levels` or `noise_factor` misses faint movers and ignores more noise.

    `min_step_levels`: least change of luma (of 255) that fires. `noise_factor`: times a pixel's usual unrest.
    `min_area_0_1`: smallest moving part, as a share of the picture. `cut_0_1`: when more than this share fires, the
    scene was cut or relit: the background starts anew. `learn_s`, `absorb_s`: how long (s) the background takes to
    follow a still pixel, and to swallow something that came and stands still.
    """

    width_px: int = 160
    min_step_levels: float = 9.0
    noise_factor: float = 5.0
    min_area_0_1: float = 0.0008
    cut_0_1: float = 0.5
    learn_s: float = 6.0
    absorb_s: float = 25.0


@dataclass(frozen=True, slots=True)
class Motion:
    """What moved: boxes as shares of the picture (0..1), largest first; `fresh` when there was nothing to compare."""

    share_0_1: float = 0.0
    regions_0_1: tuple[BoxXyxy, ...] = ()
    fresh: bool = False


class MotionGate:
    """Compare each picture of one lens with its background."""

    def __init__(self, settings: MotionSettings | None = None) -> None:
        self.settings = settings or MotionSettings()
        self._mean: NDArray[np.float32] | None = None
        self._unrest: NDArray[np.float32] | None = None
        # How far each pixel is from its mean, and how far it may be: kept, so that no look allocates them anew.
        self._size = self._limit = np.empty((0, 0), np.float32)
        self._last_ns = 0
        self._ignored: NDArray[np.bool_] | None = None
        self._kernel = np.ones((3, 3), np.uint8)

    def ignore(self, polygons_0_1: "list[list[tuple[float, float]]]") -> None:
        """Never fire inside these polygons (corners as shares of the picture)."""
        self._polygons = polygons_0_1
        self._ignored = None
        self._mean = None

    _polygons: "list[list[tuple[float, float]]]" = []

    def look(self, luma: NDArray[np.uint8], *, at_ns: int) -> Motion:
        """Return what moved in the luma plane (height_px, width_px), shown at `at_ns` of the film."""
        small = self._shrink(luma)
        mean, unrest = self._mean, self._unrest
        if mean is None or unrest is None or mean.shape != small.shape:
            self._restart(small, at_ns)
            return Motion(fresh=True)
        elapsed_s = min(max((at_ns - self._last_ns) / NS_PER_S, 0.02), 10.0)
        self._last_ns = at_ns
        np.subtract(small, mean, out=self._size)
        light = _middle(self._size[::4, ::4])
        if abs(light) > 0.25:
            self._size -= light
            mean += light  # a cloud: the background takes the new light at once
        np.abs(self._size, out=self._size)
        np.multiply(unrest, np.float32(self.settings.noise_factor), out=self._limit)
        np.maximum(self._limit, np.float32(self.settings.min_step_levels), out=self._limit)
        fired = (self._size > self._limit).view(np.uint8)
        if self._ignored is not None:
            fired[self._ignored] = 0
        if cv2.countNonZero(fired) > self.settings.cut_0_1 * fired.size:
            self._restart(small, at_ns)
            return Motion(share_0_1=1.0, regions_0_1=((0.0, 0.0, 1.0, 1.0),), fresh=True)
        self._learn(small, fired, elapsed_s)
        return self._regions(fired)

    def _shrink(self, luma: NDArray[np.uint8]) -> NDArray[np.float32]:
        height_px, width_px = luma.shape
        step = max(1, width_px // self.settings.width_px)
        size = (max(1, width_px // step), max(1, height_px // step))
        whole = luma[: size[1] * step, : size[0] * step]
        averaged: NDArray[np.uint8] = whole
        if step > 1:
            # Two steps: a linear one that reads four pixels a value, then a 2 x 2 mean. As quiet for our purpose as
            # the mean over the whole square, at a quarter of its cost.
            twice = cv2.resize(whole, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_LINEAR)
            averaged = np.asarray(cv2.resize(twice, size, interpolation=cv2.INTER_AREA), np.uint8)
        return np.asarray(cv2.boxFilter(averaged, cv2.CV_32F, (3, 3)), np.float32)

    def _restart(self, small: NDArray[np.float32], at_ns: int) -> None:
        self._mean = small.copy()
        self._unrest = np.full_like(small, 1.5)
        self._size, self._limit = np.empty_like(small), np.empty_like(small)
        self._last_ns = at_ns
        if self._polygons:
            painted = np.zeros(small.shape, np.uint8)
            scale = np.array([small.shape[1], small.shape[0]])
            for polygon in self._polygons:
                cv2.fillPoly(painted, [np.round(np.array(polygon) * scale).astype(np.int32)], 1)
            self._ignored = painted.astype(bool)

    def _learn(self, small: NDArray[np.float32], fired: NDArray[np.uint8], elapsed_s: float) -> None:
        assert self._mean is not None
        assert self._unrest is not None
        quick = 1.0 - math.exp(-elapsed_s / self.settings.learn_s)
        if cv2.countNonZero(fired) == 0:
            cv2.accumulateWeighted(small, self._mean, quick)
            cv2.accumulateWeighted(self._size, self._unrest, quick)
            return
        slow = 1.0 - math.exp(-elapsed_s / self.settings.absorb_s)
        still = (fired == 0).view(np.uint8)
        cv2.accumulateWeighted(small, self._mean, quick, mask=still)
        cv2.accumulateWeighted(small, self._mean, slow, mask=fired)
        cv2.accumulateWeighted(self._size, self._unrest, quick, mask=still)

    def _regions(self, fired: NDArray[np.uint8]) -> Motion:
        if cv2.countNonZero(fired) == 0:
            return Motion()
        firm = cv2.morphologyEx(fired, cv2.MORPH_OPEN, self._kernel)
        solid = cv2.countNonZero(firm)
        if solid == 0:
            return Motion()
        joined = cv2.dilate(firm, self._kernel, iterations=2)
        _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        height, width = fired.shape
        least = max(4.0, self.settings.min_area_0_1 * fired.size)
        boxes: list[tuple[int, BoxXyxy]] = []
        for left, top, across, down, _ in stats[1:].tolist():
            area = cv2.countNonZero(firm[top : top + down, left : left + across])
            if area >= least:
                box = (left / width, top / height, (left + across) / width, (top + down) / height)
                boxes.append((area, box))
        boxes.sort(key=lambda one: -one[0])
        if not boxes:
            return Motion()
        return Motion(solid / fired.size, tuple(box for _, box in boxes))


def _middle(values: NDArray[np.float32]) -> np.float32:
    """Return the median; of an even count the upper of the two in the middle. NumPy's own takes six times as long."""
    place = values.size // 2
    return np.float32(np.partition(values, place, axis=None)[place])
