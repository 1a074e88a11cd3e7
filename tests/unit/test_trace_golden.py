"""The mark and the words of stored clips never change: what was marked years ago must still be read.

The vectors were made once; a change here makes every stored variant and every issued word unreadable.
"""

import hashlib
import json
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from custodes.trace.codes import draw_word
from custodes.trace.fingerprint import codes_of
from custodes.trace.keys import CodeKey, MarkKey
from custodes.trace.pattern import dither_field, grid, whole_levels
from custodes.trace.segment_index import segment_index

VECTORS = json.loads((Path(__file__).parents[1] / "golden" / "trace" / "vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["grids"], ids=lambda vector: f"fragment {vector['fragment']}")
def test_a_grid_is_what_it_was(vector: dict[str, object]) -> None:
    key = MarkKey(bytes.fromhex(VECTORS["secret"]), UUID(VECTORS["clip_id"]))
    cells = grid(key, int(str(vector["fragment"])), 5, 8)
    assert ["".join("+" if cell > 0 else "-" for cell in row) for row in cells] == vector["rows"]


def test_the_mark_of_a_fragment_is_what_it_was() -> None:
    key = MarkKey(bytes.fromhex(VECTORS["secret"]), UUID(VECTORS["clip_id"]))
    levels = whole_levels(key, 2, np.full((90, 160), 120, np.uint8), 50.1)
    shown = ["".join("-0+"[step + 1] for step in row) for row in np.clip(levels[40:48, 64:96], -1, 1)]
    assert shown == VECTORS["levels"]


def test_no_mark_is_asked_for_by_an_endless_psnr() -> None:
    key = MarkKey(bytes.fromhex(VECTORS["secret"]), UUID(VECTORS["clip_id"]))
    assert not whole_levels(key, 0, np.full((90, 160), 120, np.uint8), np.inf).any()


def test_words_are_what_they_were() -> None:
    key = CodeKey(bytes.fromhex(VECTORS["secret"]), UUID(VECTORS["clip_id"]))
    words = []
    for number in range(len(VECTORS["words"])):
        words.append(draw_word(key, UUID(int=number), 60, words))
    assert [word.letters for word in words] == VECTORS["words"]


def test_the_dither_is_what_it_was() -> None:
    assert (
        hashlib.sha256(np.floor(dither_field(90, 160) * 4096).astype("<i2").tobytes()).hexdigest() == VECTORS["dither"]
    )


def test_the_segment_index_is_what_it_was() -> None:
    box = segment_index(track_id=1, ticks_per_s=90_000, start_ticks=0, spans=[(1000, 45_000), (70_000, 44_999)])
    assert box.hex() == VECTORS["segment_index"]


def test_a_fingerprint_code_is_what_it_was() -> None:
    descriptors = np.stack([np.arange(128) % 17, (np.arange(128) * 7) % 23]).astype(np.float32)
    assert codes_of(descriptors).astype("<u8").tobytes().hex() == VECTORS["codes"]


@pytest.mark.parametrize("level", [0, 60, 255])
def test_the_mark_is_small_and_even_on_a_flat_picture(level: int) -> None:
    key = MarkKey(bytes.fromhex(VECTORS["secret"]), UUID(VECTORS["clip_id"]))
    levels = whole_levels(key, 0, np.full((360, 640), level, np.uint8), 50.1)
    assert np.abs(levels).max() <= 2
    assert abs(float(levels.mean())) < 0.02
    psnr_db = 10 * np.log10(255**2 / np.mean(levels.astype(float) ** 2))
    assert psnr_db >= 50
