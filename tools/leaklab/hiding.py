"""How well a mark hides: what it changes before encoding, and what it adds to the bit rate."""

import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from custodes.trace.keys import MarkKey
from custodes.trace.mark import make_variants
from custodes.trace.mark_settings import MarkSettings
from custodes.trace.pattern import whole_levels
from tools.leaklab.reel import shots

SAMPLED = 6


@dataclass(frozen=True, slots=True)
class Hiding:
    """PSNR of a variant before encoding (dB), its largest step (levels), and its bytes beside those without a mark."""

    psnr_db: float
    largest_step: int
    bit_rate_ratio: float


def measure(film: Path, key: MarkKey, marked_bytes: int, settings: MarkSettings) -> Hiding:
    """Measure a film's mark; encodes the film once more, without a mark."""
    squares: list[float] = []
    largest = 0
    for place, shot in enumerate(shots(film)):
        if place % 20 == 0 and len(squares) < SAMPLED:
            levels = whole_levels(key, len(squares), shot.luma, settings.psnr_db)
            squares.append(float(np.mean(levels.astype(np.float64) ** 2)))
            largest = max(largest, int(np.abs(levels).max()))
    with tempfile.TemporaryDirectory() as scratch:
        plain = make_variants(film, Path(scratch), key=key, settings=replace(settings, psnr_db=math.inf))
        bytes_without = sum(span.size for span in plain.index.a)
    psnr_db = 10 * float(np.log10(255**2 / np.mean(squares)))
    return Hiding(round(psnr_db, 2), largest, round(marked_bytes / bytes_without, 4))
