"""Decide who: score every known word against the soft bits, and say how likely a word of chance does as well.

The chance of a false accusation rests on one thing: a view that had no part in the leak has a word whose letters are
coin flips, whatever the soft bits are. The tail below is exact for that, so neither noise nor attack is modelled. It
is then multiplied by the number of views tested (Bonferroni).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from custodes.trace.codes import word_matrix
from custodes.trace.detect import SoftBits
from custodes.trace.keys import CodeWord
from custodes.trace.verdicts import Verdict

# One accusation in a thousand leaks at most is false: targets.md, section 3, and `make eval-trace` counts it.
IDENTIFIED_BELOW = 1e-3
CONSISTENT_BELOW = 0.05
CLIP_Z = 4.0
STEPS_PER_Z = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """One view against the leak.

    `agreeing` of `read` letters agree with the soft bits; `chance` is the probability that a word of coin flips
    scores as well; `false_accusation` is that times the views tested, at most 1.
    """

    view_id: UUID
    score: float
    agreeing: int
    read: int
    chance: float
    false_accusation: float

    @property
    def verdict(self) -> Verdict:
        """Return what the numbers allow to say."""
        if self.false_accusation < IDENTIFIED_BELOW:
            return Verdict.IDENTIFIED
        return Verdict.CONSISTENT if self.false_accusation < CONSISTENT_BELOW else Verdict.INCONCLUSIVE


def weights_of(soft: SoftBits) -> NDArray[np.int64]:
    """Return how much each fragment counts, signed: int64 (fragments,), sixteenths of a z, at most 4; 0 if unseen."""
    z = np.nan_to_num(soft.z, nan=0.0)
    return np.rint(np.clip(z, -CLIP_Z, CLIP_Z) * STEPS_PER_Z).astype(np.int64)


def tail(weights: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return P(score of a coin-flip word ≥ s) for s = -sum … sum of |weights|: float64 (2 * sum + 1,), exact."""
    sizes = np.abs(weights[weights != 0])
    total = int(sizes.sum())
    mass = np.zeros(2 * total + 1)
    mass[total] = 1.0
    reach = 0
    for size in sizes:
        low, high = total - reach, total + reach + 1
        moved = np.zeros_like(mass)
        moved[low - size : high - size] += mass[low:high] / 2
        moved[low + size : high + size] += mass[low:high] / 2
        mass, reach = moved, reach + int(size)
    return np.minimum(np.cumsum(mass[::-1])[::-1], 1.0)


def score_words(soft: SoftBits, words: Sequence[CodeWord], *, tested: int | None = None) -> list[Candidate]:
    """Return every known view of the clip, the likeliest first.

    `tested` is how many views were tested over all clips searched; at least as many as `words`. Raises ValueError
    where a word does not have the clip's length.
    """
    if not words:
        return []
    signs = word_matrix(words, len(soft.z)).astype(np.int64)
    weights = weights_of(soft)
    chances = tail(weights)
    total = (len(chances) - 1) // 2
    scores = signs @ weights
    agreeing = ((signs * np.sign(weights)) > 0).sum(axis=1)
    read = int((weights != 0).sum())
    trials = max(tested or 0, len(words))
    order = np.argsort(-scores, kind="stable")
    return [
        Candidate(
            view_id=words[place].view_id,
            score=float(scores[place]) / STEPS_PER_Z,
            agreeing=int(agreeing[place]),
            read=read,
            chance=float(chances[scores[place] + total]),
            false_accusation=min(1.0, float(chances[scores[place] + total]) * trials),
        )
        for place in order
    ]


def least_chance(soft: SoftBits, tested: int) -> float:
    """Return the smallest chance of a false accusation that a perfect match with these fragments could reach.

    Where it is above the bound, the leak is too short to identify anybody among that many views, and the report says
    so.
    """
    return min(1.0, float(0.5 ** int((weights_of(soft) != 0).sum())) * max(tested, 1))
