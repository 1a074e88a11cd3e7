"""Whoever mixes copies of their own: how often is one of their views named, with a word a view and with one a day?

No film: half seconds are read as clearly as a good copy gives them, so that what fails here fails everywhere. A word a
view is what the hub did until November 2026, and what somebody still gets who opens a clip on as many days. The row of
one word a day is what comes of opening it that often within a day. `python -m tools.leaklab.own_copies`.
"""

import json
import random
import sys
from pathlib import Path
from uuid import UUID

import numpy as np

from custodes.trace.conclude import conclude
from custodes.trace.detect import SoftBits
from custodes.trace.keys import CodeWord

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".leaklab" / "own.json"
SEED, TRIALS = 20261123, 300
VIEWS, FRAGMENTS = 50, 40
STRENGTH, NOISE = 4.0, 1.0
COPIES, MIXES = (2, 3, 4), ("spliced", "averaged")


def main() -> int:
    """Run every mix, and keep the rows for the page."""
    rows = [
        {"copies": copies, "mix": mix} | _named(copies, mix, same_word=same_word, trials=TRIALS)
        for copies in COPIES
        for mix in MIXES
        for same_word in (False, True)
    ]
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    said = {"seed": SEED, "views": VIEWS, "fragments": FRAGMENTS, "strength": STRENGTH, "noise": NOISE, "rows": rows}
    KEPT.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        sys.stdout.write(f"{json.dumps(row)}\n")
    return 0


def _named(copies: int, mix: str, *, same_word: bool, trials: int) -> dict[str, object]:
    """Return in how many leaks a view of the leaker's was named, and in how many somebody else's."""
    chance = random.Random(f"{SEED} {copies} {mix}")
    right = wrong = 0
    for _ in range(trials):
        others = VIEWS - (1 if same_word else copies)
        words = [_word(number, chance) for number in range(VIEWS if not same_word else others + 1)]
        mine = words[:1] * copies if same_word else words[:copies]
        own = {word.view_id for word in mine}
        named = {one.view_id for one in _finding(mine, words, mix, chance)}
        right += bool(named & own)
        wrong += bool(named - own)
    return {"same_word": same_word, "trials": trials, "right": right, "wrong": wrong}


def _finding(mine: list[CodeWord], words: list[CodeWord], mix: str, chance: random.Random) -> list[CodeWord]:
    signs = [[1.0 if letter == "A" else -1.0 for letter in word.letters] for word in mine]
    columns = list(zip(*signs, strict=True))
    shown = [chance.choice(column) if mix == "spliced" else sum(column) / len(column) for column in columns]
    z = np.array([STRENGTH * one + chance.gauss(0, NOISE) for one in shown])
    soft = SoftBits(z, np.full(FRAGMENTS, 5, np.int32), 5.0, (0, 0))
    finding = conclude(UUID(int=1), soft, words, edges_s=np.arange(FRAGMENTS + 1) / 2)
    by_view = {word.view_id: word for word in words}
    return [by_view[one.view_id] for one in finding.named]


def _word(number: int, chance: random.Random) -> CodeWord:
    """Return a word of chance: the distance that drawn words keep plays no part at forty letters."""
    return CodeWord(UUID(int=number + 1), "".join(chance.choice("AB") for _ in range(FRAGMENTS)))


if __name__ == "__main__":
    raise SystemExit(main())
