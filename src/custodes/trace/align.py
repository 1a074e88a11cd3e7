"""Find when each picture of a leak was in the clip: a path through the reference that fits its motion.

The path may start anywhere, run up to some five per cent fast or slow, pause and seek. Where nothing moves, motion says
nothing, and `detect.scan_times` asks the mark itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from custodes.trace.reference import Reference

MOTION_SPAN_S = 0.2
STILL = 0.02  # below this RMS of a signature's change nothing moved
DRIFT_COST = 0.04
PAUSE_COST = 0.15
SEEK_COST = 4.0
MIN_SEGMENT_S = 1.0
SPEEDS = (0.93, 1.07)
SURE_Z = 6.0

Times = NDArray[np.float64]
Signatures = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """When each picture of the leak was in the clip (s), float64 (pictures,); NaN where it was paused or is unknown.

    `sureness_z` tells how far the fit stands out from that of other offsets; `speed` is the leak's, 1 as recorded.
    `jitter_s` is how far single pictures lie off the straight runs (median): 0 for a copy picture by picture.
    """

    reference_s: Times
    sureness_z: float
    speed: float
    segments: int
    jitter_s: float = 0.1

    @property
    def sure(self) -> bool:
        """Say whether the motion alone settles the time."""
        return self.sureness_z >= SURE_Z


def motion(signatures: Signatures, times_s: Times) -> Signatures:
    """Return the change of a signature across a fifth of a second, float32 (pictures, 576), mean 0."""
    before = np.clip(np.searchsorted(times_s, times_s - MOTION_SPAN_S / 2 - 1e-6), 0, len(times_s) - 1)
    after = np.clip(np.searchsorted(times_s, times_s + MOTION_SPAN_S / 2 - 1e-6), 0, len(times_s) - 1)
    before = np.where(before == after, np.maximum(before - 1, 0), before)
    change = signatures[after] - signatures[before]
    return np.asarray(change - change.mean(axis=1, keepdims=True), dtype=np.float32)


def similarity(leak: Signatures, reference: Signatures) -> NDArray[np.float32]:
    """Return how alike motions are, float32 (leak, reference), -1 to 1."""
    return np.asarray(_unit(leak) @ _unit(reference).T, dtype=np.float32)


def _unit(change: Signatures) -> Signatures:
    length = np.linalg.norm(change, axis=1, keepdims=True)
    quiet = STILL * np.sqrt(change.shape[1]) + float(np.median(length)) * 0.25
    return np.asarray(change / (length + quiet), dtype=np.float32)


def align(leak_thumbs: Signatures, leak_s: Times, reference: Reference) -> Alignment:
    """Return when the leak's pictures were in the clip, by motion alone."""
    known = motion(reference.thumbs, reference.times_s)
    alike = similarity(motion(leak_thumbs, leak_s), known)
    path = _best_path(alike, leak_s, reference.times_s)
    raw_s = reference.times_s[path]
    fitted, speed, segments = _straightened(raw_s, leak_s)
    off = np.abs(fitted - raw_s)[np.isfinite(fitted)]
    return Alignment(
        reference_s=fitted,
        sureness_z=_sureness(alike, leak_s, reference.times_s, path),
        speed=speed,
        segments=segments,
        jitter_s=float(np.quantile(off, 0.8)) if len(off) else 0.1,
    )


def _best_path(alike: NDArray[np.float32], leak_s: Times, reference_s: Times) -> NDArray[np.int64]:
    """Return the best reference picture for each of the leak: Viterbi, with pauses and seeks at a price."""
    pictures, states = alike.shape
    score = alike[0].astype(np.float64)
    came_from = np.zeros((pictures, states), np.int32)
    rate = (states - 1) / max(float(reference_s[-1] - reference_s[0]), 1e-3)
    here = np.arange(states)
    for picture in range(1, pictures):
        step = (leak_s[picture] - leak_s[picture - 1]) * rate
        best_before = int(np.argmax(score))
        best = np.full(states, score[best_before] - SEEK_COST)
        source = np.full(states, best_before, np.int32)
        usual = round(step)
        for move in sorted({0, max(usual - 1, 0), usual, usual + 1}):
            cost = min(abs(move - step) * DRIFT_COST / max(0.05 * step, 0.5), PAUSE_COST)
            if move >= states:
                continue
            moved = np.full(states, -np.inf)
            moved[move:] = score[: states - move] - cost
            better = moved > best
            best = np.where(better, moved, best)
            source = np.where(better, here - move, source)
        came_from[picture] = source
        score = best + alike[picture]
    path = np.zeros(pictures, np.int64)
    path[-1] = int(np.argmax(score))
    for picture in range(pictures - 1, 0, -1):
        path[picture - 1] = came_from[picture, path[picture]]
    return path


def _straightened(raw_s: Times, leak_s: Times) -> tuple[Times, float, int]:
    """Return the path as straight runs, the speed of the longest, and how many runs there are."""
    fitted = np.full(len(raw_s), np.nan)
    runs = _runs(raw_s, leak_s)
    longest, speed = 0.0, 1.0
    for low, high in runs:
        here, there = leak_s[low:high], raw_s[low:high]
        span = float(here[-1] - here[0])
        slope = 1.0
        if span >= 4 * MIN_SEGMENT_S:
            slope = float(np.clip(np.polyfit(here, there, 1)[0], *SPEEDS))
            slope = 1.0 if abs(slope - 1) < 0.3 / span else slope
        fitted[low:high] = slope * here + float(np.median(there - slope * here))
        if span > longest:
            longest, speed = span, slope
    return fitted, speed, len(runs)


def _runs(raw_s: Times, leak_s: Times) -> list[tuple[int, int]]:
    """Return the stretches in which the clip played: split at seeks and pauses, the short ones left out."""
    offset = raw_s - leak_s
    runs: list[tuple[int, int]] = []
    start = 0
    for picture in range(1, len(raw_s) + 1):
        ends = picture == len(raw_s)
        if not ends:
            jump = abs(offset[picture] - offset[picture - 1]) > 0.35
            behind = max(picture - 8, start)
            halted = picture - behind >= 8 and raw_s[picture] - raw_s[behind] < 0.3 * (leak_s[picture] - leak_s[behind])
            ends = jump or halted
        if ends:
            if picture - start >= 3 and leak_s[picture - 1] - leak_s[start] >= MIN_SEGMENT_S:
                runs.append((start, picture))
            start = picture
    return runs


def _sureness(alike: NDArray[np.float32], leak_s: Times, reference_s: Times, path: NDArray[np.int64]) -> float:
    """Return the path's mean likeness in units of the spread of that of straight runs from other offsets."""
    won = float(alike[np.arange(len(path)), path].sum())
    span_s = float(reference_s[-1])
    others: list[float] = []
    for offset_s in np.arange(-span_s, span_s, 0.25):
        where = np.searchsorted(reference_s, leak_s + offset_s)
        inside = (leak_s + offset_s >= 0) & (where < len(reference_s))
        if inside.sum() < 0.5 * len(leak_s) or np.median(np.abs(where[inside] - path[inside])) < 8:
            continue
        others.append(float(alike[np.flatnonzero(inside), where[inside]].sum()))
    spread = float(np.std(others)) if len(others) >= 4 else 0.0
    floor = 0.03 * np.sqrt(len(path))
    return won / max(spread, float(floor))


def times_of_runs(alignment: Alignment) -> Sequence[tuple[int, int]]:
    """Return the first and one past the last picture of each stretch whose time is known."""
    known = np.flatnonzero(np.isfinite(alignment.reference_s))
    if not len(known):
        return []
    splits = np.flatnonzero(np.diff(known) > 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(known, splits)]
