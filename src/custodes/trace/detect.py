"""Read soft bits: how strongly each fragment of a leak agrees with variant A (positive) or B (negative).

The leftovers are whitened by their own spectrum and correlated with the encoded mark; the correlation's far lags,
where no mark can be, give the noise that a soft bit is measured in.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.trace.align import SPEEDS
from custodes.trace.pattern import cell_px
from custodes.trace.reference import Reference

MIN_PICTURES = 2
SEARCH_PX = 2
FLAT_SCENE_MARGIN = 1.3  # unmarked copies of flat scenes gave soft bits with a spread of 1.28 in the prototype
SCAN_STEP_S = 0.05
SCAN_SPEEDS = (1.0, 0.95, 0.97, 0.99, 1.01, 1.03, 1.05)

Plane = NDArray[np.float32]
Soft = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SoftBits:
    """What a leak says, fragment by fragment: z float64 (fragments of the clip,), NaN where a fragment was not seen.

    `presence` is the mean of z²: 1 to 2 without this clip's mark, up to 7.4 on a moving camera. `shift_px` is the small
    misregistration (x, y) at which the marks answered best.
    """

    z: Soft
    pictures: NDArray[np.int32]
    presence: float
    shift_px: tuple[int, int]

    @classmethod
    def unread(cls, fragments: int) -> "SoftBits":
        """Return what is known of a clip of which nothing was read."""
        return cls(np.full(fragments, np.nan), np.zeros(fragments, np.int32), 0.0, (0, 0))

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Say which fragments have a soft bit."""
        return np.isfinite(self.z)


def band(planes: Plane, cell: float) -> Plane:
    """Return planes (n, height, width) without what is much coarser than a cell of the grid."""
    return np.stack([np.asarray(plane - cv2.GaussianBlur(plane, (0, 0), 1.5 * cell), np.float32) for plane in planes])


def soft_bits(
    reference: Reference, fragments: list[int], leftovers: Plane, weights: Plane, pictures: dict[int, int]
) -> SoftBits:
    """Correlate leftovers (n, height, width) of the named fragments with their marks."""
    count = np.zeros(reference.fragments, np.int32)
    z = np.full(reference.fragments, np.nan)
    chosen = [place for place, number in enumerate(fragments) if pictures[number] >= MIN_PICTURES]
    if not chosen:
        return SoftBits(z, count, 0.0, (0, 0))
    numbers = [fragments[place] for place in chosen]
    height, width = reference.size_px
    cell = cell_px(height, width) if min(height, width) >= 360 else max(4.0, min(height, width) / 45)
    surfaces = _surfaces(band(leftovers[chosen], cell), weights[chosen], band(reference.marks[numbers], cell))
    noise = _far_spread(surfaces, cell)
    shift = _best_shift(surfaces / noise[:, None, None])
    for place, number in enumerate(numbers):
        z[number] = surfaces[place, shift[1], shift[0]] / noise[place]
        count[number] = pictures[number]
    return SoftBits(z, count, float(np.nanmean(z**2)), shift)


def _surfaces(left: Plane, weights: Plane, marks: Plane) -> Plane:
    """Return each fragment's correlation surface (n, height, width), lag (0, 0) first, whitened."""
    height, width = left.shape[1:]
    trusted = weights.mean(axis=0) > 0.05 * float(weights.max())
    power = cv2.GaussianBlur((left * left).mean(axis=0), (0, 0), 8) + 1e-6
    floor = float(np.median(power[trusted])) if trusted.any() else 1.0
    evenness = np.where(trusted, 1 / np.sqrt(power + 0.1 * floor), 0).astype(np.float32)
    spectra = np.fft.rfft2(left * evenness)
    wanted = np.fft.rfft2(marks * evenness)
    density = cv2.blur((np.abs(spectra) ** 2).mean(axis=0).astype(np.float32), (9, 9))
    density += 0.05 * float(density.mean()) + 1e-12
    return np.asarray(np.fft.irfft2(spectra * np.conj(wanted) / density, s=(height, width)), dtype=np.float32)


def _far_spread(surfaces: Plane, cell: float) -> Plane:
    """Return the spread of each surface at lags beyond two cells, float32 (n,)."""
    height, width = surfaces.shape[1:]
    near = round(2 * cell)
    far = np.ones((height, width), bool)
    rows, columns = np.r_[0 : near + 1, -near:0], np.r_[0 : near + 1, -near:0]
    far[np.ix_(rows, columns)] = False
    spread = np.sqrt(np.mean(surfaces[:, far] ** 2, axis=1))
    return np.asarray(np.maximum(spread, 1e-12), dtype=np.float32)


def _best_shift(surfaces: Plane) -> tuple[int, int]:
    """Return the small lag (x, y) with the most energy over all fragments; (0, 0) unless another is better."""
    reach = range(-SEARCH_PX, SEARCH_PX + 1)
    energy = {(x, y): float(np.mean(surfaces[:, y, x] ** 2)) for y in reach for x in reach}
    best = max(energy, key=lambda shift: energy[shift])
    return best if energy[best] > 1.15 * energy[0, 0] + 1.0 else (0, 0)


def scan_times(
    reference: Reference, left: Plane, leak_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float]:
    """Find when a still scene's pictures were in the clip by asking the marks of all fragments.

    `left` are the pictures' leftovers at half size, float32 (pictures, height / 2, width / 2). Returns the times in
    the clip (s, float64, one a picture), the leak's speed, and how far the best offset stands out (in spreads of all).
    """
    answers = _answers(reference, left)
    best, all_scores = (-np.inf, 0.0, 1.0), []
    for speed in (speed for speed in SCAN_SPEEDS if SPEEDS[0] <= speed <= SPEEDS[1]):
        for offset_s in np.arange(-speed * leak_s[-1] + 1, reference.edges_s[-1] - 1, SCAN_STEP_S):
            score = _energy(answers, leak_s * speed + offset_s, reference.edges_s)
            all_scores.append(score)
            best = max(best, (score, float(offset_s), speed))
    if not all_scores:
        return leak_s, 1.0, 0.0
    middle = float(np.median(all_scores))
    spread = 1.4826 * float(np.median(np.abs(np.array(all_scores) - middle))) + 1e-9
    return leak_s * best[2] + best[1], best[2], (best[0] - middle) / spread


def _answers(reference: Reference, left: Plane) -> Soft:
    """Return each picture's correlation with each fragment's mark, float64 (pictures, fragments), unit spread."""
    height, width = left.shape[1:]
    small = np.stack([cv2.resize(mark, (width, height), interpolation=cv2.INTER_AREA) for mark in reference.marks])
    cell = max(4.0, min(height, width) / 45)
    marks = band(small, cell).reshape(len(small), -1)
    quiet = left - left.mean(axis=0)
    power = cv2.GaussianBlur((quiet * quiet).mean(axis=0), (0, 0), 6) + 0.05
    seen = (band(quiet, cell) / power).reshape(len(left), -1)
    answers = (seen @ marks.T).astype(np.float64)
    return np.asarray(answers / (answers.std() + 1e-12), dtype=np.float64)


def _energy(answers: Soft, times_s: NDArray[np.float64], edges_s: NDArray[np.float64]) -> float:
    """Return the excess energy of the marks that would have been shown, were these the pictures' times."""
    owner = np.searchsorted(edges_s, times_s, side="right") - 1
    inside = (owner >= 0) & (owner < answers.shape[1])
    if inside.sum() < 4:
        return 0.0
    picked = answers[np.flatnonzero(inside), owner[inside]]
    sums = np.bincount(owner[inside], picked)
    counts = np.bincount(owner[inside])
    used = counts > 0
    return float(np.sum(sums[used] ** 2 / counts[used] - 1) / np.sqrt(2 * used.sum()))
