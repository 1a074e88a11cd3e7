"""Who is named, and how seldom wrongly: scores, exact tails, two views in one leak, forged words."""

import itertools
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from custodes.trace.codes import draw_word, word_matrix
from custodes.trace.conclude import conclude
from custodes.trace.decide import score_words, tail, weights_of
from custodes.trace.detect import SoftBits
from custodes.trace.keys import CodeKey, CodeWord
from custodes.trace.report import Finding, as_json
from custodes.trace.verdicts import Verdict

CLIP = UUID(int=9)
LETTERS = 40


@pytest.fixture(scope="module")
def words() -> list[CodeWord]:
    key, drawn = CodeKey(b"the test's own secret", CLIP), list[CodeWord]()
    for number in range(50):
        drawn.append(draw_word(key, UUID(int=number), LETTERS, drawn))
    return drawn


def soft(z: np.ndarray) -> SoftBits:
    return SoftBits(z, np.full(len(z), 5, np.int32), float(np.nanmean(z**2)), (0, 0))


def signs(word: CodeWord) -> NDArray[np.int8]:
    return word_matrix([word], LETTERS)[0]


def concluded(z: np.ndarray, words: list[CodeWord]) -> Finding:
    return conclude(CLIP, soft(z), words, edges_s=np.arange(len(z) + 1) / 2)


@given(st.lists(st.floats(-6, 6), min_size=1, max_size=9))
def test_the_tail_is_that_of_all_words(values: list[float]) -> None:
    weights = weights_of(soft(np.array(values)))
    chances = tail(weights)
    scores = [int(np.array(word) @ weights) for word in itertools.product((-1, 1), repeat=len(weights))]
    middle = (len(chances) - 1) // 2
    for score in set(scores):
        assert chances[score + middle] == pytest.approx(np.mean([other >= score for other in scores]))


def test_a_clear_leak_names_its_view_alone(words: list[CodeWord]) -> None:
    z = signs(words[3]) * 4.0 + np.random.default_rng(1).normal(0, 1, LETTERS)
    finding = concluded(z, words)
    assert [candidate.view_id.int for candidate in finding.named] == [3]
    assert finding.together == ()


def test_five_seconds_identify_nobody_however_clear(words: list[CodeWord]) -> None:
    z = np.where(np.arange(LETTERS) < 10, signs(words[3]) * 9.0, np.nan)
    finding = concluded(z, words)
    assert finding.named == ()
    assert finding.candidates[0].view_id.int == 3
    assert any("at least 16 must agree" in reason for reason in finding.reasons)


def test_noise_accuses_less_than_once_in_a_thousand(words: list[CodeWord]) -> None:
    rng = np.random.default_rng(2)
    accused = sum(
        score_words(soft(rng.normal(0, 1, LETTERS)), words)[0].verdict is Verdict.IDENTIFIED for _ in range(800)
    )
    assert accused <= 4


def test_a_view_that_nobody_knows_names_nobody(words: list[CodeWord]) -> None:
    """A forged or pasted mark: strong, and in nobody's book."""
    rng = np.random.default_rng(3)
    accused = sum(bool(concluded(rng.choice([-9.0, 9.0], LETTERS), words).named) for _ in range(60))
    assert accused == 0
    finding = concluded(rng.choice([-9.0, 9.0], LETTERS), words)
    assert any("fits no known view" in reason for reason in finding.reasons)


def test_two_averaged_views_are_both_named(words: list[CodeWord]) -> None:
    mean = (signs(words[3]) + signs(words[8])) / 2 * 7.0
    finding = concluded(mean + np.random.default_rng(4).normal(0, 1, LETTERS), words)
    assert {candidate.view_id.int for candidate in finding.named} == {3, 8}
    assert (finding.mix, {view.int for view in finding.together}) == ("averaged", {3, 8})


def test_two_spliced_views_rank_first(words: list[CodeWord]) -> None:
    turns = np.arange(LETTERS) // 4 % 2 == 0
    mixed = np.where(turns, signs(words[3]), signs(words[8])) * 7.0
    finding = concluded(mixed + np.random.default_rng(5).normal(0, 1, LETTERS), words)
    assert {candidate.view_id.int for candidate in finding.candidates[:2]} == {3, 8}
    assert {candidate.view_id.int for candidate in finding.named} <= {3, 8}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_testing_more_views_never_makes_an_accusation_surer(words: list[CodeWord], seed: int) -> None:
    z = np.random.default_rng(seed).normal(0, 2, LETTERS)
    few, many = (score_words(soft(z), words, tested=tested)[0] for tested in (50, 10_000))
    assert few.false_accusation <= many.false_accusation


def test_a_clip_without_views_says_so() -> None:
    finding = concluded(np.full(LETTERS, 5.0), [])
    assert (finding.verdict, finding.candidates) == (Verdict.INCONCLUSIVE, ())
    assert "no known view" in finding.reasons[0]


def test_the_report_is_canonical_json_and_says_view_not_person(words: list[CodeWord]) -> None:
    text = as_json(concluded(word_matrix(words, LETTERS)[0] * 5.0, words))
    assert text.startswith('{"candidates":[{"agreeing":40,')
    assert '"verdict":"identified"' in text
    assert "never a person" in text
