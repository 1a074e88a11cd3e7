"""Lay one picture of a leak exactly over the reference: optical flow, then a smooth correction of the homography.

A homography cannot follow a phone's lens or rolling shutter; a cubic displacement on top of it does.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.trace.register import Homography, Luma, evened, mapped

MAX_POINTS = 400
MIN_TRACKED = 24
GRID_PX = 8
RIDGE = 0.02
AGREEMENT_PX = 3.0
_TERMS = 10  # of a cubic in x and y

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A leak's picture at reference size: float32 luma (height, width), where it is valid, and how well it lies.

    `correction` float64 (10, 2) are the cubic's coefficients, a guess for the next picture; `error_px` is the median
    distance of tracked points after it, NaN where too few were tracked.
    """

    luma: Plane
    valid: NDArray[np.bool_]
    correction: NDArray[np.float64]
    error_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """A picture of the reference made ready: evened luma and points worth following, float32 (n, 2) px."""

    evened: Luma
    points_px: NDArray[np.float32]


def anchor(scene: Luma) -> Anchor:
    """Return the points of a reference picture that flow can hold on to."""
    even = evened(scene)
    found = cv2.goodFeaturesToTrack(even, MAX_POINTS, 0.01, 10)
    points = np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2).astype(np.float32)
    return Anchor(even, points)


def no_correction() -> NDArray[np.float64]:
    """Return the correction that changes nothing."""
    return np.zeros((_TERMS, 2))


def lay_over(leak: Luma, homography: Homography, known: Anchor, guess: NDArray[np.float64]) -> Overlay:
    """Rectify one picture of the leak: by the homography, corrected by flow."""
    size = known.evened.shape
    soft = _softened(leak, homography, size)
    first = _warp(soft, homography, guess, size)
    correction, error_px = _follow(first.luma, known, guess)
    if not np.isfinite(error_px):
        return Overlay(first.luma, first.valid, guess, error_px)
    final = _warp(soft, homography, correction, size)
    return Overlay(final.luma, final.valid, correction, error_px)


def lay_again(leak: Luma, homography: Homography, correction: NDArray[np.float64], size_px: tuple[int, int]) -> Overlay:
    """Rectify with a correction that is known already, without looking for a better one."""
    return _warp(_softened(leak, homography, size_px), homography, correction, size_px)


def largest_move_px(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return how far two corrections differ at most, as a bound over the picture (px)."""
    return float(np.abs(after - before).sum(axis=0).max())


def plain_overlay(leak: Luma, homography: Homography, size_px: tuple[int, int]) -> Plane:
    """Rectify by the homography alone, float32 (height, width)."""
    return _warp(_softened(leak, homography, size_px), homography, no_correction(), size_px).luma


def _softened(leak: Luma, homography: Homography, size_px: tuple[int, int]) -> Luma:
    """Blur a leak that is finer than the reference, so that rectifying does not alias its grain into the mark."""
    height, width = size_px
    middle = np.array([[width / 2 - 20, height / 2], [width / 2 + 20, height / 2], [width / 2, height / 2 + 20]])
    seen = mapped(homography, middle)
    scale = min(float(np.linalg.norm(seen[1] - seen[0])) / 40, float(np.linalg.norm(seen[2] - seen[0])) / 20 * 1.2)
    if scale <= 1.25:
        return leak
    return np.asarray(cv2.GaussianBlur(leak, (0, 0), 0.4 * scale), dtype=np.uint8)


def _warp(leak: Luma, homography: Homography, correction: NDArray[np.float64], size_px: tuple[int, int]) -> Overlay:
    height, width = size_px
    if not correction.any():
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        luma = _plane(
            cv2.warpPerspective(leak.astype(np.float32), homography, (width, height), flags=flags, borderValue=-1)
        )
        return Overlay(luma, luma >= 0, correction, float("nan"))
    grid = _grid(size_px)
    bent = mapped(homography, grid + _terms(grid, size_px) @ correction).astype(np.float32)
    rows, columns = len(range(0, height + GRID_PX, GRID_PX)), len(range(0, width + GRID_PX, GRID_PX))
    # The grid's nodes stand at 0, 8, 16 px …: an affine warp reads between them exactly there.
    spread = np.array([[1 / GRID_PX, 0, 0], [0, 1 / GRID_PX, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    where = cv2.warpAffine(bent.reshape(rows, columns, 2), spread, (width, height), flags=flags)
    across, down = cv2.split(where)
    luma = _plane(cv2.remap(leak.astype(np.float32), across, down, cv2.INTER_LINEAR, borderValue=-1))
    return Overlay(luma, luma >= 0, correction, float("nan"))


def _plane(picked: object) -> Plane:
    return np.asarray(picked, dtype=np.float32)


def _grid(size_px: tuple[int, int]) -> NDArray[np.float64]:
    height, width = size_px
    x, y = np.meshgrid(np.arange(0, width + GRID_PX, GRID_PX), np.arange(0, height + GRID_PX, GRID_PX))
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)


def _terms(points: NDArray[np.float64], size_px: tuple[int, int]) -> NDArray[np.float64]:
    """Return the cubic's terms at points (n, 2): float64 (n, 10), coordinates scaled to about -1 to 1."""
    height, width = size_px
    x, y = (points[:, 0] - width / 2) / (width / 2), (points[:, 1] - height / 2) / (width / 2)
    one = np.ones_like(x)
    return np.stack([one, x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3], axis=1)


def _follow(first: Plane, known: Anchor, guess: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the corrected displacement (what `guess` already did included) and its median error (px)."""
    if len(known.points_px) < MIN_TRACKED:
        return guess, float("nan")
    seen = evened(np.clip(first, 0, 255).astype(np.uint8))
    start = known.points_px.reshape(-1, 1, 2)
    moved, status, _ = cv2.calcOpticalFlowPyrLK(known.evened, seen, start, start.copy(), winSize=(21, 21), maxLevel=3)
    size = known.evened.shape
    good = status.ravel() > 0
    end = moved.reshape(-1, 2)
    good &= (end[:, 0] >= 0) & (end[:, 1] >= 0) & (end[:, 0] < size[1]) & (end[:, 1] < size[0])
    if good.sum() < MIN_TRACKED:
        return guess, float("nan")
    source, shift = known.points_px[good].astype(np.float64), (end - known.points_px)[good].astype(np.float64)
    agreed, mask = cv2.findHomography(source, source + shift, cv2.USAC_MAGSAC, AGREEMENT_PX, maxIters=500)
    if agreed is None or mask.sum() < MIN_TRACKED:
        return guess, float("nan")
    near = np.linalg.norm(mapped(agreed.astype(np.float64), source) - source - shift, axis=1) < 2 * AGREEMENT_PX
    source, shift = source[near], shift[near]
    change = _fitted(_terms(source, size), shift)
    left = np.linalg.norm(_terms(source, size) @ change - shift, axis=1)
    return guess + change, float(np.median(left))


def _fitted(terms: NDArray[np.float64], shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return coefficients (10, 2) by reweighted least squares, with a ridge on all but the affine part."""
    ridge = np.diag([1e-6, 1e-4, 1e-4, *[RIDGE] * 7]) * len(terms)
    weights = np.ones(len(terms))
    change = np.zeros((_TERMS, 2))
    for _ in range(3):
        weighted = terms * weights[:, None]
        change = np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ shift)
        left = np.linalg.norm(terms @ change - shift, axis=1)
        weights = 1 / (1 + (left / max(1.5 * float(np.median(left)), 0.2)) ** 2)
    return change
