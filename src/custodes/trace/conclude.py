"""Turn soft bits into a finding: one view, two views, or nobody, and why no more could be said."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from custodes.trace.decide import IDENTIFIED_BELOW, Candidate, least_chance, score_words
from custodes.trace.detect import SoftBits
from custodes.trace.keys import CodeWord
from custodes.trace.pairs import Pair, best_pair
from custodes.trace.report import Finding, FragmentReading, Playing, Registration
from custodes.trace.verdicts import MARKED_PRESENCE, MARKED_READ, Verdict

MOST_CANDIDATES = 10


def conclude(
    clip_id: UUID,
    soft: SoftBits,
    words: Sequence[CodeWord],
    *,
    edges_s: NDArray[np.float64],
    views_tested: int = 0,
    playing: tuple[Playing, ...] = (),
    speed: float = 1.0,
    registration: Registration | None = None,
    reasons: tuple[str, ...] = (),
    steps: tuple[str, ...] = (),
    leak_sha256: str = "",
    reference_sha256: tuple[str, str] = ("", ""),
) -> Finding:
    """Return the finding for one clip. Raises ValueError where a word does not fit the clip."""
    tested = max(views_tested, len(words))
    singles = score_words(soft, words, tested=tested)
    pair = best_pair(soft, words, singles, tested)
    candidates = _ranked(singles, pair)[:MOST_CANDIDATES]
    verdict = candidates[0].verdict if candidates else Verdict.INCONCLUSIVE
    return Finding(
        clip_id=clip_id,
        verdict=verdict,
        candidates=tuple(candidates),
        together=(pair.first.view_id, pair.second.view_id) if pair else (),
        mix=pair.mix.value if pair else None,
        views_tested=tested,
        presence=round(soft.presence, 3),
        readings=tuple(
            FragmentReading(number, float(edges_s[number]), None if np.isnan(z) else round(float(z), 3), int(count))
            for number, (z, count) in enumerate(zip(soft.z, soft.pictures, strict=True))
        ),
        playing=playing,
        speed=speed,
        registration=registration,
        reasons=reasons + tuple(_limits(soft, verdict, tested)),
        steps_tried=steps,
        leak_sha256=leak_sha256,
        reference_sha256=reference_sha256,
    )


def _ranked(singles: Sequence[Candidate], pair: Pair | None) -> list[Candidate]:
    """Return the candidates, likeliest first; a pair's evidence where it is stronger than its views' own."""
    if pair is None:
        return list(singles)
    alone = {single.view_id: single for single in singles}
    ends = [
        min(end, alone[end.view_id], key=lambda candidate: candidate.false_accusation)
        for end in (pair.first, pair.second)
    ]
    ends.sort(key=lambda candidate: candidate.false_accusation)
    named = {end.view_id for end in ends}
    return [*ends, *(single for single in singles if single.view_id not in named)]


def _limits(soft: SoftBits, verdict: Verdict, tested: int) -> list[str]:
    limits = []
    read = int(soft.seen.sum())
    if not tested:
        limits.append("The clip has no known view: nobody can be named.")
    elif read and least_chance(soft, tested) >= IDENTIFIED_BELOW:
        limits.append(
            f"{read} half seconds were read. Among {tested} views, "
            f"at least {_letters_needed(tested)} must agree to identify one."
        )
    if verdict is not Verdict.IDENTIFIED and soft.presence > MARKED_PRESENCE and read >= MARKED_READ:
        limits.append("The clip's mark is there, but it fits no known view alone: a forged, mixed or unrecorded copy.")
    return limits


def _letters_needed(tested: int) -> int:
    return int(np.ceil(np.log2(tested / IDENTIFIED_BELOW) + 1e-9))
