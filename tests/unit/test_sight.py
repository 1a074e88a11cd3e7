"""What is wrong with a lens's picture is told from that lens's own usual view, and is not told where nothing is."""

import copy
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.core.clock import NS_PER_S
from custodes.core.types import TroubleKind
from custodes.vision.sight import SightWatch

Luma = NDArray[np.uint8]


@cache
def scene() -> NDArray[np.float32]:
    """Return walls, a door and windows."""
    drawn = np.full((180, 320), 120, np.uint8)
    random = np.random.default_rng(7)
    for _ in range(40):
        x, y, shade = int(random.integers(300)), int(random.integers(160)), int(random.integers(30, 230))
        cv2.rectangle(drawn, (x, y), (x + 18, y + 14), shade, -1)
    return drawn.astype(np.float32)


@cache
def grain(number: int) -> NDArray[np.float32]:
    return np.random.default_rng(number).normal(0, 2, (180, 320)).astype(np.float32)


def yard(at: int = 3, *, light: float = 1.0) -> Luma:
    """Return a still view with a sensor's grain."""
    return np.asarray(np.clip(scene() * light + grain(at % 8), 0, 255), np.uint8)


def hand(view: Luma) -> Luma:
    return np.asarray(np.full_like(view, 70) + np.linspace(0, 25, view.shape[1])[None, :], np.uint8)


def night(view: Luma) -> Luma:
    return np.asarray(view * 0.02 + 3, np.uint8)


def fogged(view: Luma) -> Luma:
    return np.asarray(cv2.GaussianBlur(view, (0, 0), 5), np.uint8)


def pushed_aside(view: Luma) -> Luma:
    return np.roll(view, 70, 1)


def told(watch: SightWatch, change: Callable[[Luma], Luma], *, from_s: int, for_s: int = 60) -> tuple[object, int]:
    """Return what was told first, and after how many seconds."""
    for at in range(from_s, from_s + for_s):
        trouble = watch.look(change(yard(at)), at_ns=at * NS_PER_S)
        if trouble is not None:
            return trouble, at - from_s
    return None, for_s


@cache
def who_knows_the_yard() -> SightWatch:
    watch = SightWatch()
    assert told(watch, lambda view: view, from_s=0) == (None, 60)
    return watch


@pytest.fixture
def settled() -> SightWatch:
    return copy.deepcopy(who_knows_the_yard())


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (hand, TroubleKind.COVERED),
        (fogged, TroubleKind.BLURRED),
        (pushed_aside, TroubleKind.MOVED),
    ],
)
def test_trouble_is_told_well_within_a_minute_and_ends(
    settled: SightWatch, change: Callable[[Luma], Luma], kind: TroubleKind
) -> None:
    what, after_s = told(settled, change, from_s=60)
    assert what is kind
    assert after_s <= 45  # a heartbeat of 10 s comes on top
    for at in range(200, 212):
        settled.look(yard(at), at_ns=at * NS_PER_S)
    assert settled.trouble is None


def test_tape_at_noon_is_no_night(settled: SightWatch) -> None:
    assert told(settled, night, from_s=60)[0] is TroubleKind.COVERED


def test_night_falls_slowly_and_is_dark_not_covered(settled: SightWatch) -> None:
    for at in range(60, 660, 4):
        settled.look(yard(at, light=1.0 - (at - 60) / 610), at_ns=at * NS_PER_S)
        assert settled.trouble in {None, TroubleKind.DARK}
    assert told(settled, night, from_s=660)[0] is TroubleKind.DARK


def test_lamp_that_is_dimmed_to_a_third_is_no_turned_lens(settled: SightWatch) -> None:
    assert told(settled, lambda view: np.asarray(view // 3, np.uint8), from_s=60) == (None, 60)


def test_somebody_who_stops_before_the_lens_for_a_moment_is_no_cover(settled: SightWatch) -> None:
    for at in range(60, 68):
        settled.look(hand(yard(at)), at_ns=at * NS_PER_S)
    assert told(settled, lambda view: view, from_s=68) == (None, 60)


def test_plain_wall_is_what_this_lens_shows() -> None:
    def wall(view: Luma) -> Luma:
        return np.asarray(np.where(np.arange(320)[None, :] < 290, hand(view), view), np.uint8)

    assert told(SightWatch(), wall, from_s=0, for_s=70) == (None, 70)


def test_view_that_stays_turned_for_an_hour_becomes_the_usual_one(settled: SightWatch) -> None:
    for at in range(60, 60 + 3800, 40):
        settled.look(pushed_aside(yard(at)), at_ns=at * NS_PER_S)
    assert settled.trouble is None
