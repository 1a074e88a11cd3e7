"""The mark itself: a keyed grid per fragment, smoothed, shaped by what hides it, and rounded to whole levels.

Arrays are (height, width). A *level* is one step of 8-bit luma.
"""

import hashlib
import hmac
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.trace.keys import MarkKey

# 16 px at 720 lines: with z 21.8 on a phone's film the best of 16, 32 (14) and 64 px (7) in the prototype.
CELLS_ACROSS_SHORT_SIDE = 45
MIN_CELL_PX = 8.0
SMOOTHING_CELLS = 0.25
MAX_LEVELS = 1.5  # before dithering, hence steps of at most 2 in one variant
_DOMAIN = b"custodes.trace.mark/1"
_FLAT_WEIGHT = 0.4  # a flat wall gets this share of what rich texture gets
_FULL_TEXTURE_LEVELS = 10.0
_DARK_LEVELS, _LIT_LEVELS = 16.0, 80.0
# Whole dithering hides every step, but most of what it adds is grain, and encoders drop grain first. At the same
# mean square 0.4 of it keeps a fifth more of the mark's own scale: see docs/design/trace.md.
_DITHER_SHARE = 0.4
_SCALE_STRIDE_PX, _SCALE_ROUNDS, _MAX_SCALE = 3, 12, 8.0

Luma = NDArray[np.uint8]
Field = NDArray[np.float32]
Levels = NDArray[np.int16]


def cell_px(height_px: int, width_px: int) -> float:
    """Return the side of one cell of the grid for pictures of this size (px)."""
    return max(MIN_CELL_PX, min(height_px, width_px) / CELLS_ACROSS_SHORT_SIDE)


def grid(key: MarkKey, fragment: int, rows: int, columns: int) -> NDArray[np.int8]:
    """Return the keyed ±1 grid (rows, columns) of one fragment: SHAKE-256 over an HMAC-SHA-256 of clip and fragment."""
    seed = hmac.new(key.secret, _DOMAIN + key.clip_id.bytes + fragment.to_bytes(4, "big"), hashlib.sha256).digest()
    count = rows * columns
    drawn = np.frombuffer(hashlib.shake_256(seed).digest((count + 7) // 8), np.uint8)
    bits = np.unpackbits(drawn)[:count].reshape(rows, columns)
    return (bits.astype(np.int8) * 2 - 1).astype(np.int8)


def smooth_pattern(key: MarkKey, fragment: int, height_px: int, width_px: int) -> Field:
    """Return the smoothed grid at picture size: float32 (height, width), mean 0, RMS 1."""
    cell = cell_px(height_px, width_px)
    rows, columns = max(1, round(height_px / cell)), max(1, round(width_px / cell))
    cells = grid(key, fragment, rows, columns).astype(np.float32)
    coarse = cv2.resize(cells, (width_px, height_px), interpolation=cv2.INTER_NEAREST)
    smooth = cv2.GaussianBlur(coarse, (0, 0), SMOOTHING_CELLS * cell)
    smooth -= smooth.mean()
    spread = float(smooth.std()) or 1.0
    return np.asarray(smooth / spread, dtype=np.float32)


def hiding_mask(luma: Luma) -> Field:
    """Return how much each place can hide: float32 (height, width), RMS 1; more in texture, less in the dark.

    Texture masks what is added to it, and a step is easiest to see on a flat, dark screen.
    """
    height, width = luma.shape
    small = cv2.resize(luma, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    plain = small.astype(np.float32)
    side = max(3, round(cell_px(height, width) / 2)) | 1
    mean = cv2.blur(plain, (side, side))
    spread = np.sqrt(np.maximum(cv2.blur(plain * plain, (side, side)) - mean * mean, 0))
    texture = _FLAT_WEIGHT + (1 - _FLAT_WEIGHT) * np.minimum(spread / _FULL_TEXTURE_LEVELS, 1)
    light = np.clip((mean - _DARK_LEVELS) / (_LIT_LEVELS - _DARK_LEVELS), 0.5, 1)
    mask = cv2.resize(texture * light, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(mask / np.sqrt(np.mean(mask * mask)), dtype=np.float32)


@lru_cache(maxsize=4)
def dither_field(height_px: int, width_px: int) -> Field:
    """Return thresholds in [0, 1), float32 (height, width): interleaved gradient noise (Jimenez, SIGGRAPH 2014)."""
    x = np.arange(width_px, dtype=np.float64)[None, :]
    y = np.arange(height_px, dtype=np.float64)[:, None]
    noise = np.mod(52.9829189 * np.mod(0.06711056 * x + 0.00583715 * y, 1.0), 1.0)
    return noise.astype(np.float32)


def whole_levels(key: MarkKey, fragment: int, luma: Luma, psnr_db: float) -> Levels:
    """Return what variant A adds to this fragment and B takes away: int16 (height, width), steps of -2 to 2 levels.

    It is as strong as `psnr_db` allows, of a variant beside the film itself before encoding; infinite: no mark.
    `luma` is the fragment's first picture; the mark stands still for the half second, so that it costs few bits.
    """
    height, width = luma.shape
    wish = smooth_pattern(key, fragment, height, width) * hiding_mask(luma)
    offset = 0.5 + _DITHER_SHARE * (dither_field(height, width) - 0.5)
    scale = _scale(wish, offset, 255.0**2 / 10 ** (psnr_db / 10))
    return _rounded(wish, offset, scale).astype(np.int16)


def _rounded(wish: Field, offset: Field, scale: float) -> Field:
    return np.asarray(np.floor(np.clip(wish * np.float32(scale), -MAX_LEVELS, MAX_LEVELS) + offset), dtype=np.float32)


def _scale(wish: Field, offset: Field, mean_square: float) -> float:
    """Return the largest factor at which the whole levels' mean square (levels²) stays below a bound."""
    some, beside = (plane[::_SCALE_STRIDE_PX, ::_SCALE_STRIDE_PX] for plane in (wish, offset))
    low, high = 0.0, _MAX_SCALE
    for _ in range(_SCALE_ROUNDS):
        middle = (low + high) / 2
        if float(np.mean(_rounded(some, beside, middle) ** 2)) < mean_square:
            low = middle
        else:
            high = middle
    return low
