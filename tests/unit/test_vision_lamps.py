"""What a traffic light shows is read from its lit lamp, and nothing is guessed."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.core.types import Lamp
from custodes.vision.lamps import lamp_of

RGB = {"red": (255, 40, 30), "amber": (255, 170, 20), "green": (20, 230, 160)}
Seen = tuple[NDArray[np.uint8], tuple[float, float, float, float]]
PLACE = {"red": 1, "amber": 3, "green": 5}


def light(
    lit: str | None, *, high_px: int = 60, flat: bool = False, behind: tuple[int, int, int] = (150, 160, 170)
) -> Seen:
    """Return a picture with a light of three lamps in it, and its box (px)."""
    wide_px = round(high_px * 0.4)
    head = np.full((high_px, wide_px, 3), 25, np.uint8)
    for name, sixth in PLACE.items():
        colour = RGB[name] if name == lit else tuple(level // 8 for level in RGB[name])
        cv2.circle(head, (wide_px // 2, round(sixth * high_px / 6)), max(round(0.13 * high_px), 1), colour, -1)
    head = np.ascontiguousarray(head.transpose(1, 0, 2)) if flat else head
    picture = np.full((head.shape[0] + 40, head.shape[1] + 40, 3), behind, np.uint8)
    picture[20:-20, 20:-20] = head
    noise = np.random.default_rng(1).normal(0, 6, picture.shape)
    seen: NDArray[np.uint8] = (cv2.GaussianBlur(picture, (3, 3), 0) + noise).clip(0, 255).astype(np.uint8)
    return seen, (18.0, 18.0, 22.0 + head.shape[1], 22.0 + head.shape[0])


@pytest.mark.parametrize("lamp", ["red", "amber", "green"])
@pytest.mark.parametrize("high_px", [16, 30, 120])
@pytest.mark.parametrize("flat", [False, True])
def test_each_lamp_is_read_at_any_size(lamp: Lamp, high_px: int, flat: bool) -> None:
    assert lamp_of(*light(lamp, high_px=high_px, flat=flat)) == lamp


def test_a_light_that_is_off_or_too_small_says_nothing() -> None:
    assert lamp_of(*light(None)) is None
    assert lamp_of(*light("red", high_px=3)) is None


def test_what_is_red_below_or_green_above_is_no_lamp_of_an_upright_light() -> None:
    seen, box = light("red")
    assert lamp_of(np.ascontiguousarray(seen[::-1]), box) is None


def test_a_green_tree_behind_it_makes_no_red_light_green() -> None:
    assert lamp_of(*light("red", behind=(60, 110, 50))) in {"red", None}
    assert lamp_of(*light(None, behind=(60, 110, 50))) is None


def test_two_lamps_of_one_strength_say_nothing() -> None:
    seen, box = light("red")
    other, _ = light("green")
    assert lamp_of(np.maximum(seen, other), box) is None


def test_a_box_out_of_the_picture_says_nothing() -> None:
    seen, _ = light("red")
    assert lamp_of(seen, (500.0, 500.0, 520.0, 560.0)) is None
    assert lamp_of(seen, (-90.0, -90.0, -10.0, -10.0)) is None
