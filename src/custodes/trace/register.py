"""Find where the clip's picture lies in a leak: features and a homography, at some pictures of the leak.

A homography here maps working pixels of the reference to pixels of the leak: float64 (3, 3).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.trace.frames import Picture
from custodes.trace.reference import Reference

Homography = NDArray[np.float64]
Luma = NDArray[np.uint8]

FEATURES = 600
MIN_INLIERS = 14
# Four points fit any homography and repeated texture fits more; at 14 of at most 900 no foreign film of the bench
# passed both this and the sanity of the quad.
MIN_SHARE = 0.12
RATIO = 0.82
REPROJECTION_PX = 4.0
SEED_EVERY_S = 2.0
# SIFT's cost grows with the picture; flow mends the last pixel afterwards, so small pictures do.
KNOWN_SIDE_PX, QUICK_SIDE_PX, CAREFUL_SIDE_PX = 400, 480, 960
LOOK_EVERY_S = 0.5
SAME_LOOK = 0.35  # RMS difference of thumbs
QUICK_FAILURES, MAX_FAILURES = 3, 14
FAR_LOOKS = 12
"""How many looks a leak's length is divided into, where the clip does not show: it may come after other film."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Key points and descriptors of one picture: float32 (n, 2) in px, float32 (n, 128)."""

    points_px: NDArray[np.float32]
    descriptors: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where the clip lies in one picture of the leak: homography, whether mirrored, and how many features agree.

    `reference_s` is the time of the reference picture that fitted best: exact on a moving camera, arbitrary on a
    still one. `mirrored` means that the leak's pictures must be flipped left to right first.
    """

    leak_s: float
    homography: Homography
    mirrored: bool
    inliers: int
    reference_s: float
    how: str = "features"


def evened(luma: Luma) -> Luma:
    """Return a picture with local light and contrast evened out, uint8: what features and flow are looked for in."""
    plain = luma.astype(np.float32)
    scale = max(min(luma.shape) / 360, 0.5)
    plain = np.asarray(cv2.GaussianBlur(plain, (0, 0), 0.8 * scale), np.float32)
    coarse = cv2.resize(plain, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(coarse, (0, 0), 1.5 * scale)
    plain -= cv2.resize(coarse, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_LINEAR)
    small = cv2.resize(plain * plain, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    spread = np.sqrt(cv2.GaussianBlur(small, (0, 0), 6 * scale)) + 5
    wide = cv2.resize(spread, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(plain / wide * 48 + 128, 0, 255), dtype=np.uint8)


def find_features(luma: Luma, side_px: int) -> Features:
    """Return SIFT features of a picture, looked for at `side_px` after `evened`; points in the picture's own px."""
    scale = min(1.0, side_px / max(luma.shape))
    small = luma if scale == 1 else cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    points, descriptors = _sift().detectAndCompute(evened(np.asarray(small, dtype=np.uint8)), None)
    if descriptors is None or not len(points):
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    where = (np.array([point.pt for point in points], np.float32) + 0.5) / np.float32(scale) - 0.5
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return Features(where, rooted.astype(np.float32))


@lru_cache(maxsize=1)
def _sift() -> "cv2.SIFT":
    return cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.03)


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceFeatures:
    """Features of some pictures of the reference and their times (s)."""

    reference: Reference
    times_s: tuple[float, ...]
    features: tuple[Features, ...]


def reference_features(reference: Reference) -> ReferenceFeatures:
    """Return features every half second, leaving out pictures that look like the last one that was taken."""
    times: list[float] = []
    found: list[Features] = []
    last: NDArray[np.float32] | None = None
    due_s = -1.0
    for number, time_s in enumerate(reference.times_s):
        if time_s < due_s:
            continue
        due_s = time_s + LOOK_EVERY_S
        now = reference.thumbs[number]
        if last is not None and float(np.sqrt(np.mean((now - last) ** 2))) < SAME_LOOK:
            continue
        last = now
        times.append(float(time_s))
        found.append(find_features(reference.scene[number], KNOWN_SIDE_PX))
    return ReferenceFeatures(reference, tuple(times), tuple(found))


def place(
    picture: Picture, known: ReferenceFeatures, *, near_s: float | None = None, mirrored: bool
) -> Placement | None:
    """Find the clip in one picture of the leak, or None. `near_s` looks first around a time of the reference."""
    luma = np.ascontiguousarray(picture.luma[:, ::-1]) if mirrored else picture.luma
    for side_px, enough in ((QUICK_SIDE_PX, 2 * MIN_INLIERS), (CAREFUL_SIDE_PX, 0)):
        seen = find_features(luma, side_px)
        placed = _matched(seen, known, near_s=near_s, at_s=picture.time_s, mirrored=mirrored)
        if placed is not None and placed.inliers > enough:
            return placed
    return None


def _matched(
    seen: Features, known: ReferenceFeatures, *, near_s: float | None, at_s: float, mirrored: bool
) -> Placement | None:
    best: Placement | None = None
    for number in _looking_order(known, near_s):
        fitted = fit(known.features[number], seen, known.reference.size_px)
        if fitted is not None and (best is None or fitted[1] > best.inliers):
            best = Placement(at_s, fitted[0], mirrored, fitted[1], known.times_s[number])
        if best is not None and near_s is not None and best.inliers > 4 * MIN_INLIERS:
            break
    return best


def _looking_order(known: ReferenceFeatures, near_s: float | None) -> Sequence[int]:
    if near_s is None:
        return range(len(known.times_s))
    return [int(number) for number in np.argsort(np.abs(np.array(known.times_s) - near_s))[:9]]


def fit(known: Features, seen: Features, size_px: tuple[int, int]) -> tuple[Homography, int] | None:
    """Return the homography from known to seen points and its inliers, or None where too few agree or it folds."""
    if len(known.points_px) < MIN_INLIERS or len(seen.points_px) < MIN_INLIERS:
        return None
    likeness = known.descriptors @ seen.descriptors.T  # unit vectors: distance² = 2 − 2 cos
    nearest = np.argmax(likeness, axis=1)
    rows = np.arange(len(nearest))
    best = likeness[rows, nearest]
    likeness[rows, nearest] = -1
    second = likeness.max(axis=1)
    distance, rival = np.sqrt(np.maximum(2 - 2 * best, 0)), np.sqrt(np.maximum(2 - 2 * second, 1e-9))
    kept = np.flatnonzero(distance < RATIO * rival)
    if len(kept) < MIN_INLIERS:
        return None
    source, target = known.points_px[kept], seen.points_px[nearest[kept]]
    homography, mask = cv2.findHomography(
        source, target, cv2.USAC_MAGSAC, REPROJECTION_PX, maxIters=3000, confidence=0.999
    )
    if homography is None or mask is None:
        return None
    agree = mask.ravel() > 0
    found = homography.astype(np.float64)
    places = len(np.unique(np.round(target[agree] / 4), axis=0))  # points on one spot are one witness
    if places < MIN_INLIERS or agree.mean() < MIN_SHARE or not sane(found, size_px):
        return None
    return found, places


def corners_of(size_px: tuple[int, int]) -> NDArray[np.float64]:
    """Return the corners of a picture (height, width) clockwise from the top left, float64 (4, 2) as x, y."""
    height, width = size_px
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)


def mapped(homography: Homography, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (n, 2) mapped by a homography."""
    wide = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ homography.T
    return np.asarray(wide[:, :2] / wide[:, 2:], dtype=np.float64)


def sane(homography: Homography, size_px: tuple[int, int]) -> bool:
    """Say whether a homography could come from a camera: the picture stays convex, unfolded, not tiny or flattened."""
    corners = corners_of(size_px)
    depth = np.concatenate([corners, np.ones((4, 1))], axis=1) @ homography[2]
    if np.any(depth * depth[0] <= 0):
        return False
    quad = mapped(homography, corners)
    sides = np.roll(quad, -1, axis=0) - quad
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    lengths = np.linalg.norm(sides, axis=1)
    return bool(
        np.all(turns > 0) and lengths.min() > 60 and lengths.max() < 20_000 and lengths.min() > 0.08 * lengths.max()
    )


def place_all(pictures: Sequence[Picture], known: ReferenceFeatures) -> list[Placement]:
    """Find the clip some times in the leak, as it is and mirrored; where it does not show, look farther on.

    Gives up after fourteen failures in a row: those reach the end of any leak.
    """
    found: list[Placement] = []
    failures, due_s = 0, -1.0
    far_s = pictures[-1].time_s / FAR_LOOKS if pictures else 0.0
    mirror: bool | None = None
    for picture in _spread(pictures):
        if picture.time_s < due_s or failures >= MAX_FAILURES:
            continue
        near_s = found[-1].reference_s + picture.time_s - found[-1].leak_s if found else None
        placed = None
        for side in (False, True) if mirror is None else (mirror,):
            placed = _best_of((placed, place(picture, known, near_s=near_s, mirrored=side)))
            if placed is not None and placed.inliers > 3 * MIN_INLIERS:
                break
        if placed is None and near_s is not None:
            placed = place(picture, known, mirrored=bool(mirror))
        if placed is None:
            failures += 1
            due_s = picture.time_s + (far_s if failures >= QUICK_FAILURES else 0.0)
            continue
        mirror, failures = placed.mirrored, 0
        found.append(placed)
        due_s = picture.time_s + SEED_EVERY_S
    return found


def _spread(pictures: Sequence[Picture]) -> Iterable[Picture]:
    """Yield every second picture or so: a failed one is tried again a little later, not at once."""
    return pictures[:: max(1, len(pictures) // 240, 2 if len(pictures) > 40 else 1)]


def _best_of(placements: Iterable[Placement | None]) -> Placement | None:
    found = [placement for placement in placements if placement is not None]
    return max(found, key=lambda placement: placement.inliers, default=None)


def interpolated(
    placements: Sequence[Placement], times_s: Sequence[float], size_px: tuple[int, int]
) -> list[Homography]:
    """Return a homography for each time: the corners move evenly between placements and stand still outside of them."""
    corners = corners_of(size_px)
    known_s = [placement.leak_s for placement in placements]
    quads = np.stack([mapped(placement.homography, corners) for placement in placements]).reshape(len(placements), 8)
    moving = np.stack([np.interp(times_s, known_s, quads[:, column]) for column in range(8)], axis=1)
    return [
        cv2.getPerspectiveTransform(corners.astype(np.float32), quad.reshape(4, 2).astype(np.float32)).astype(
            np.float64
        )
        for quad in moving
    ]
