"""Markings are found where they run, and nothing else is taken for one."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.vision.lanes import markings

WIDTH_PX, HEIGHT_PX, AHEAD_PX = 640, 360, (320.0, 200.0)


def road(
    *stripes: float, wide: float = 0.1, dashes: bool = False, grey: int = 90, white: int = 200
) -> NDArray[np.uint8]:
    """Return a drawn road, its stripes so many heights of the camera to our right."""
    picture = np.random.default_rng(1).normal(grey, 4, (HEIGHT_PX, WIDTH_PX))
    x, y = AHEAD_PX
    for place in stripes:
        for row in range(int(y) + 1, HEIGHT_PX):
            ahead = 1 / (row - y)  # grows with the distance
            if dashes and int(ahead * 700) % 3:
                continue
            left, right = (round(x + (place + side * wide / 2) * (row - y)) for side in (-1, 1))
            picture[row, max(left, 0) : max(right, 0)] = white
    return np.asarray(cv2.GaussianBlur(picture.clip(0, 255).astype(np.uint8), (3, 3), 0), np.uint8)


@pytest.mark.parametrize("places", [(-1.3, 1.3), (-0.6, 2.0), (-2.4, 0.2), (-1.2, 1.1)])
def test_markings_are_found_where_they_run(places: tuple[float, ...]) -> None:
    assert markings(road(*places), ahead_px=AHEAD_PX) == pytest.approx(places, abs=0.03)


def test_dashes_are_a_marking() -> None:
    assert markings(road(-1.3, 1.2, dashes=True), ahead_px=AHEAD_PX) == pytest.approx((-1.3, 1.2), abs=0.05)


def test_a_vanishing_point_that_is_somewhat_off_moves_them_little() -> None:
    for off in ((-10, 4), (10, -4), (0, 8)):
        seen = markings(road(-1.3, 1.3), ahead_px=(AHEAD_PX[0] + off[0], AHEAD_PX[1] + off[1]))
        assert seen == pytest.approx((-1.3, 1.3), abs=0.3)


def test_what_is_no_stripe_is_none() -> None:
    assert markings(road(), ahead_px=AHEAD_PX) == ()
    assert markings(road(0.8, wide=0.9), ahead_px=AHEAD_PX) == ()  # a bright lane of gravel
    assert markings(road(1.2, white=30), ahead_px=AHEAD_PX) == ()  # a dark seam of tar
    cut = road()
    cut[250:270, :] = 220  # a stop line across the road
    assert markings(cut, ahead_px=AHEAD_PX) == ()


def test_a_lens_that_looks_at_the_sky_sees_no_road() -> None:
    assert markings(road(-1.3, 1.3), ahead_px=(320.0, 350.0)) == ()
    assert markings(road(-1.3, 1.3), ahead_px=(320.0, 500.0)) == ()
