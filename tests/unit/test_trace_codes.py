"""Words are keyed, never constant, and at least two letters apart in any window."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custodes.core.errors import Permanent
from custodes.trace import codes
from custodes.trace.codes import WINDOWS, draw_word, word_matrix
from custodes.trace.keys import CodeKey, CodeWord

KEY = CodeKey(b"a secret of enough bytes", UUID(int=1))


def book(key: CodeKey, views: int, fragments: int) -> list[CodeWord]:
    drawn: list[CodeWord] = []
    for number in range(views):
        drawn.append(draw_word(key, UUID(int=number), fragments, drawn))
    return drawn


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=16, max_size=32), st.integers(3, 70), st.integers(2, 25))
def test_words_are_two_apart_in_every_window(secret: bytes, fragments: int, views: int) -> None:
    views = min(views, max(2, 2 ** (fragments - 2) // 2))
    words = book(CodeKey(secret, UUID(int=1)), views, fragments)
    signs = word_matrix(words, fragments)
    for later, word in enumerate(words):
        windows = np.lib.stride_tricks.sliding_window_view(signs, word.window, axis=1)
        differing = (windows[later] != windows[:later]).sum(axis=2)
        assert later == 0 or differing.min() >= 2
        assert np.all(np.abs(windows[later].sum(axis=1)) < word.window), "a constant stretch"


def test_the_same_key_and_view_give_the_same_word() -> None:
    assert book(KEY, 5, 40) == book(KEY, 5, 40)


def test_another_secret_clip_or_view_gives_another_word() -> None:
    word = draw_word(KEY, UUID(int=7), 60, []).letters
    others = [
        draw_word(CodeKey(b"b secret of enough bytes", UUID(int=1)), UUID(int=7), 60, []),
        draw_word(CodeKey(KEY.secret, UUID(int=2)), UUID(int=7), 60, []),
        draw_word(KEY, UUID(int=8), 60, []),
    ]
    assert all(sum(a != b for a, b in zip(word, other.letters, strict=True)) > 12 for other in others)


def test_many_views_get_longer_windows_and_say_so() -> None:
    words = book(KEY, 220, 24)
    assert {word.window for word in words} <= set(WINDOWS)
    assert words[0].window == 10
    assert words[-1].window > 10
    assert len({word.letters for word in words}) == 220


def test_a_short_film_is_searched_once_when_no_word_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []
    monkeypatch.setattr(codes, "_search", lambda _wish, _known, window: searched.append(window))
    for fragments, wanted in ((10, [10]), (11, [10, 11]), (16, [10, 12, 14, 16]), (40, list(WINDOWS))):
        searched.clear()
        with pytest.raises(Permanent, match="no word is left"):
            draw_word(KEY, UUID(int=1), fragments, [])
        assert searched == wanted


def test_letters_are_fair_coins() -> None:
    signs = word_matrix([draw_word(KEY, UUID(int=number), 60, []) for number in range(200)], 60)
    assert abs(float(signs.mean())) < 4 / np.sqrt(signs.size)


def test_a_short_secret_is_refused_and_never_printed() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        CodeKey(b"short", UUID(int=1))
    assert "secret of enough" not in repr(KEY)
