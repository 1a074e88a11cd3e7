"""Name both views where a leak mixes two: averaged pixel by pixel, or spliced from parts of each.

Each of the two must stand on its own: the chance that a word of coin flips explains, *beside the other*, as much as
it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from custodes.trace.codes import word_matrix
from custodes.trace.decide import STEPS_PER_Z, Candidate, tail
from custodes.trace.detect import SoftBits
from custodes.trace.keys import CodeWord
from custodes.trace.verdicts import Verdict

FIRST_OF_PAIR = 120  # of the best single scores: both parts of a mix score well alone
NOISE = 1.2
MAX_Z = 8.0
CLIP_GAIN = 8.0
ENDS = 2
MARGIN = 7.0  # in log likelihood, beyond the log of how many partners were tried

Floats = NDArray[np.float64]


class Mix(StrEnum):
    """How two views were put together."""

    AVERAGED = "averaged"
    SPLICED = "spliced"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two views that together explain a leak, how, and by how much better (log likelihood) than the best one alone."""

    first: Candidate
    second: Candidate
    mix: Mix
    gain: float


def best_pair(soft: SoftBits, words: Sequence[CodeWord], singles: Sequence[Candidate], tested: int) -> Pair | None:
    """Return the pair of views that explains the soft bits clearly better than one view, or None."""
    if len(words) < 2 or soft.seen.sum() < 4:
        return None
    z = np.clip(soft.z[soft.seen], -MAX_Z, MAX_Z)
    signs = word_matrix(words, len(soft.z))[:, soft.seen].astype(np.float64)
    places = {word.view_id: place for place, word in enumerate(words)}
    first = np.array([places[single.view_id] for single in singles[:FIRST_OF_PAIR]])
    strength = _strength(z)
    alone = _log_likelihood(z, strength * signs[first]).sum(axis=1)
    best: tuple[float, int, int, Mix] | None = None
    for one in first:
        for mix in Mix:
            together = _mixed(z, strength, signs[one], signs, mix).sum(axis=1)
            together[one] = -np.inf
            other = int(np.argmax(together))
            if best is None or together[other] > best[0]:
                best = (float(together[other]), int(one), other, mix)
    if best is None or best[0] - float(alone.max()) < MARGIN + np.log(len(words)):
        return None
    _, one, other, mix = best
    certain = {single.view_id for single in singles if single.verdict is Verdict.IDENTIFIED}
    ends = []
    for kept, judged in ((other, one), (one, other)):
        # A partner that was itself only searched for could have been any of those tried: each is one more chance to
        # err. So is each of the two ways to mix, and each of the two ends that is judged.
        partners = 1 if words[kept].view_id in certain else len(first)
        trials = max(tested, len(words)) * partners * len(Mix) * ENDS
        ends.append(_beside(z, strength, signs[kept], signs[judged], mix, word=words[judged], trials=trials))
    ends.sort(key=lambda candidate: candidate.chance)
    return Pair(ends[0], ends[1], mix, best[0] - float(alone.max()))


def _strength(z: Floats) -> float:
    """Return the mark's strength in z: the middle of the stronger half, which a mix of two leaves whole."""
    sizes = np.sort(np.abs(z))
    return float(np.clip(np.median(sizes[len(sizes) // 2 :]), 1.5, MAX_Z))


def _log_likelihood(z: Floats, expected: Floats) -> Floats:
    return np.asarray(-((z - expected) ** 2) / (2 * NOISE**2), dtype=np.float64)


def _mixed(z: Floats, strength: float, kept: Floats, others: Floats, mix: Mix) -> Floats:
    """Return log likelihoods by fragment for one word beside each of `others` (n, fragments)."""
    if mix is Mix.AVERAGED:
        return _log_likelihood(z, strength * (kept + others) / 2)
    one = _log_likelihood(z, strength * kept)
    two = _log_likelihood(z, strength * others)
    return np.asarray(np.logaddexp(one, two) - np.log(2), dtype=np.float64)


def _beside(
    z: Floats, strength: float, kept: Floats, judged: Floats, mix: Mix, *, word: CodeWord, trials: int
) -> Candidate:
    """Return the judged view's evidence given the kept one: each of its letters could as well have been the other."""
    same, differs = (_mixed(z, strength, kept, choice[None, :], mix)[0] for choice in (kept, -kept))
    gain = np.where(judged == kept, same - differs, differs - same)
    weights = np.rint(np.clip(gain, -CLIP_GAIN, CLIP_GAIN) * STEPS_PER_Z / 2).astype(np.int64)
    chances = tail(weights)
    score = int(weights.sum())
    chance = float(chances[score + (len(chances) - 1) // 2])
    return Candidate(
        view_id=word.view_id,
        score=score / STEPS_PER_Z,
        agreeing=int((gain > 0).sum()),
        read=len(z),
        chance=chance,
        false_accusation=min(1.0, chance * trials),
    )
