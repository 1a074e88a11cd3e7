"""The chance that a view of a mix is accused falsely counts all that was tried: partners, mixes and both ends."""

import random
from uuid import UUID

import numpy as np
import pytest

from custodes.trace.codes import draw_word
from custodes.trace.decide import score_words
from custodes.trace.detect import SoftBits
from custodes.trace.keys import CodeKey, CodeWord
from custodes.trace.pairs import best_pair
from custodes.trace.verdicts import Verdict

FRAGMENTS, VIEWS = 40, 30


def test_every_partner_mix_and_end_is_a_trial() -> None:
    words: list[CodeWord] = []
    for number in range(VIEWS):
        words.append(draw_word(CodeKey(b"a secret of enough bytes", UUID(int=1)), UUID(int=number), FRAGMENTS, words))
    chance = random.Random(3)
    letters = [chance.choice((one, two)) for one, two in zip(words[4].letters, words[9].letters, strict=True)]
    z = np.array([4.0 if letter == "A" else -4.0 for letter in letters])
    soft = SoftBits(z, np.full(FRAGMENTS, 12, np.int32), 5.0, (0, 0))
    singles = score_words(soft, words)
    pair = best_pair(soft, words, singles, VIEWS)
    assert pair is not None
    assert {pair.first.view_id, pair.second.view_id} == {words[4].view_id, words[9].view_id}
    certain = {one.view_id for one in singles if one.verdict is Verdict.IDENTIFIED}
    for judged, kept in ((pair.first, pair.second), (pair.second, pair.first)):
        partners = 1 if kept.view_id in certain else VIEWS
        assert judged.false_accusation == pytest.approx(min(1.0, judged.chance * VIEWS * partners * 2 * 2))
