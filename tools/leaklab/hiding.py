"""How well a mark hides: what it changes before encoding, what the encoder makes of it, what it adds to the bit rate.

`python -m tools.leaklab.hiding` measures the likeness (SSIM) of each film at hand and leaves it for the page.
"""

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.trace.keys import MarkKey
from custodes.trace.mark import make_variants
from custodes.trace.mark_settings import MarkSettings
from custodes.trace.pattern import whole_levels
from tools.leaklab import films
from tools.leaklab.reel import shots

KEPT = Path(__file__).parents[2] / ".leaklab" / "hiding.json"
KEY = MarkKey(b"the bench's own secret", UUID(int=1))
SAMPLED = 6
COMPARED = 24
"""Pictures of a film whose likeness is measured."""
K1, K2, WINDOW_PX, SIGMA_PX = 0.01, 0.03, 11, 1.5
"""Constants of SSIM: Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13(4), 2004, section III."""


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


@dataclass(frozen=True, slots=True)
class Likeness:
    """Mean SSIM of luma over pictures: marked beside unmarked before encoding; both encodings beside the source.

    `between` is marked beside unmarked, each as its encoder left it; `worst` that of the picture that differs most.
    """

    film: str
    before: float
    marked: float
    unmarked: float
    between: float
    worst: float


def ssim(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the mean structural similarity of two luma planes, uint8 (height, width); 1 is the same.

    Gaussian window of 11 px, sigma 1.5, as its authors have it (`K1`); places whose window leaves the picture are left
    out.
    """
    x, y = one.astype(np.float64), other.astype(np.float64)

    def mean(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        blurred = cv2.GaussianBlur(plane, (WINDOW_PX, WINDOW_PX), SIGMA_PX, borderType=cv2.BORDER_REFLECT)
        edge = WINDOW_PX // 2
        return np.asarray(blurred[edge:-edge, edge:-edge], np.float64)

    mean_x, mean_y = mean(x), mean(y)
    spread_x, spread_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    together = mean(x * y) - mean_x * mean_y
    c1, c2 = (K1 * 255) ** 2, (K2 * 255) ** 2
    alike = ((2 * mean_x * mean_y + c1) * (2 * together + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (spread_x + spread_y + c2)
    )
    return float(alike.mean())


def likeness(name: str, film: Path, settings: MarkSettings) -> Likeness:
    """Measure how alike marked and unmarked film are; encodes both."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / which for which in ("marked", "plain")]
        for folder in folders:
            folder.mkdir()
        marked = make_variants(film, folders[0], key=KEY, settings=settings).path_a
        plain = make_variants(film, folders[1], key=KEY, settings=replace(settings, psnr_db=math.inf)).path_a
        triples = [
            (source.luma, one.luma, other.luma)
            for source, one, other in zip(shots(film), shots(marked), shots(plain), strict=False)
            if source.luma.shape == one.luma.shape
        ]
    chosen = triples[:: max(1, len(triples) // COMPARED)]
    if not chosen:
        raise ValueError(f"{name} is scaled when it is marked: its pictures cannot be held against its source")
    raw = []
    for number, (source, _one, _other) in enumerate(chosen[:SAMPLED]):
        levels = whole_levels(KEY, number, source, settings.psnr_db)
        raw.append(ssim(source, np.clip(source.astype(np.int16) + levels, 0, 255).astype(np.uint8)))
    between = [ssim(one, other) for _source, one, other in chosen]
    return Likeness(
        film=name,
        before=_mean(raw),
        marked=_mean([ssim(source, one) for source, one, _other in chosen]),
        unmarked=_mean([ssim(source, other) for source, _one, other in chosen]),
        between=_mean(between),
        worst=round(min(between), 4),
    )


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each film at hand, and keep the rows for the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.leaklab.hiding", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="how much of each film (s)")
    asked = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory(prefix="leaklab-") as scratch:
        for scene, path in films.scenes():
            clip = films.cut(path, Path(scratch) / f"{scene.name}.mp4", scene, asked.seconds)
            rows.append(asdict(likeness(scene.name, clip, MarkSettings())))
            sys.stdout.write(f"{json.dumps(rows[-1])}\n")
            sys.stdout.flush()
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps({"seconds": asked.seconds, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
