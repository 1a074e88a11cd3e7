"""Take from a rectified picture all that the clip explains; what is left may hold the mark.

Per tile the leak's luma is regressed on the scene, its square (gain, gamma, black level), its blur (focus,
compression), its gradients (what registration missed) and its change in time (what alignment missed).
"""

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.trace.reference import Reference

TILES = 4
BLUR_PX = 2.5
ROBUST_ROUNDS = 2
OUTLIER_SPREADS = 2.0
PAST, PAST_TILES = 2, 8
EDGE_GUARD_S = 0.06
SAME_TIME_S = 0.008  # a copy's times are rounded
_TERMS = 7

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]


def explain(reference: Reference, frame: int) -> Plane:
    """Return what a leak may be made of at one frame of the reference: float32 (7, height, width)."""
    scene = reference.scene[frame].astype(np.float32) / 128 - 1
    last = len(reference.scene) - 1
    later = reference.scene[min(frame + 1, last)].astype(np.float32)
    earlier = reference.scene[max(frame - 1, 0)].astype(np.float32)
    return np.stack(
        [
            np.ones_like(scene),
            scene,
            scene * scene,
            cv2.GaussianBlur(scene, (0, 0), BLUR_PX),
            cv2.Sobel(scene, cv2.CV_32F, 1, 0, scale=0.25),
            cv2.Sobel(scene, cv2.CV_32F, 0, 1, scale=0.25),
            (later - earlier) / 128,
        ]
    )


def unexplained(luma: Plane, valid: Mask, terms: Plane) -> tuple[Plane, Plane]:
    """Return what the terms do not explain (levels) and each pixel's trust (0 to 1): float32."""
    height, width = luma.shape
    left, trust = np.zeros_like(luma), np.zeros_like(luma)
    rows, columns = np.linspace(0, height, TILES + 1).astype(int), np.linspace(0, width, TILES + 1).astype(int)
    for top, bottom in pairwise(rows):
        for west, east in pairwise(columns):
            here = (slice(top, bottom), slice(west, east))
            left[here], trust[here] = _tile(luma[here], valid[here], terms[:, top:bottom, west:east])
    return left, trust


def _tile(luma: Plane, valid: Mask, terms: Plane) -> tuple[Plane, Plane]:
    weights = valid.astype(np.float32).ravel()
    if weights.sum() < 20 * _TERMS:
        return np.zeros_like(luma), np.zeros_like(luma)
    design = np.ascontiguousarray(terms.reshape(_TERMS, -1))
    seen = luma.ravel()
    ridge = 1e-4 * float(weights.sum()) * np.eye(_TERMS, dtype=np.float32)
    left = seen
    for _ in range(ROBUST_ROUNDS):
        weighted = design * weights
        share = np.linalg.solve((weighted @ design.T + ridge).astype(np.float64), (weighted @ seen).astype(np.float64))
        left = seen - share.astype(np.float32) @ design
        spread = 1.5 * float(np.median(np.abs(left[::7][weights[::7] > 0]))) + 0.2
        weights = valid.ravel() / (1 + (left / (OUTLIER_SPREADS * spread)) ** 2)
    return (left * valid.ravel()).reshape(luma.shape), weights.reshape(luma.shape).astype(np.float32)


@dataclass(slots=True, eq=False)
class Leftovers:
    """What is left of a leak, summed by fragment.

    `sums` and `weights` are float32 (height, width) by fragment; `pictures` counts.
    """

    sums: dict[int, Plane] = field(default_factory=dict)
    weights: dict[int, Plane] = field(default_factory=dict)
    pictures: dict[int, int] = field(default_factory=dict)

    def add(self, fragment: int, left: Plane, trust: Plane) -> None:
        """Add one picture, weighted by its own noise."""
        noise = float(np.sum(trust * left * left) / max(float(trust.sum()), 1.0)) + 0.25
        weight = trust / noise
        if fragment not in self.sums:
            self.sums[fragment], self.weights[fragment] = np.zeros_like(left), np.zeros_like(left)
            self.pictures[fragment] = 0
        self.sums[fragment] += weight * left
        self.weights[fragment] += weight
        self.pictures[fragment] += 1

    def averages(self) -> tuple[list[int], Plane, Plane]:
        """Return the fragments seen, what is new in each, and weights (n, height, width).

        What a fragment shares with those just before it goes away: moiré, vignette and overlays that stand still,
        and what an encoder only copied on from picture to picture. A fragment's own mark cannot be in what came
        before it.
        """
        fragments = sorted(self.sums)
        sums = np.stack([self.sums[number] for number in fragments])
        weights = np.stack([self.weights[number] for number in fragments])
        levels = sums / (weights + 1e-3)
        return fragments, _news(levels), weights


def _news(levels: Plane) -> Plane:
    """Return fragments (n, height, width) less what the two before each predict, tile by tile."""
    height, width = levels.shape[1:]
    rows = np.linspace(0, height, PAST_TILES + 1).astype(int)
    columns = np.linspace(0, width, PAST_TILES + 1).astype(int)
    news = levels.copy()
    for place in range(1, len(levels)):
        past = levels[max(place - PAST, 0) : place]
        for top, bottom in pairwise(rows):
            for west, east in pairwise(columns):
                known = past[:, top:bottom, west:east].reshape(len(past), -1)
                now = levels[place, top:bottom, west:east].ravel()
                ridge = 0.01 * known.shape[1] * 1e-3 * np.eye(len(past), dtype=np.float32)
                share = np.linalg.solve(known @ known.T + ridge, known @ now)
                news[place, top:bottom, west:east] -= (share @ known).reshape(bottom - top, east - west)
    return news


def near_edge(reference: Reference, time_s: float, guard_s: float = EDGE_GUARD_S) -> bool:
    """Say whether a time lies so near a fragment's edge that a picture may show another one, or two."""
    return bool(np.min(np.abs(reference.edges_s - time_s)) < guard_s)


def fragment_at(reference: Reference, time_s: float) -> int | None:
    """Return the fragment shown at a time of the reference, or None outside of the clip."""
    number = int(np.searchsorted(reference.edges_s, time_s + SAME_TIME_S, side="right")) - 1
    return number if 0 <= number < reference.fragments else None
