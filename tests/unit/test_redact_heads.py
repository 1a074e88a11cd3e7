"""What is hidden of people between, before and after looks at them; and that what is hidden is gone."""

import numpy as np
import pytest

from custodes.redact.fill import GREY_UV, GREY_Y, hide
from custodes.redact.heads import AFTER_S, BEFORE_S, UNSURE_S, Hidden, Look, MaskPlan, Place, head_of

WIDE = 16 / 9
HIGH_PX, WIDE_PX = 90, 160


def walker(time_s: float) -> Place:
    """Somebody who crosses the picture in ten seconds."""
    left = 0.05 + 0.08 * time_s
    return Place(left, 0.3, left + 0.08, 0.8)


def face_of(box: Place) -> tuple[float, float, float, float]:
    """Return where the face of somebody upright is: the upper eighth of the box."""
    return box.left, box.top, box.right, box.top + (box.bottom - box.top) / 8


def covered(hidden: Hidden, face: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = face
    return hidden.whole or any(
        one.left <= left and one.top <= top and one.right >= right and one.bottom >= bottom for one in hidden.places
    )


@pytest.mark.parametrize("missed", [set(), {7, 8, 9}, {20, 21, 22, 23, 24}])
def test_a_walker_is_never_bare_also_where_looks_missed_them(missed: set[int]) -> None:
    looks = [
        Look(number / 5, {} if number in missed else {4: walker(number / 5)})
        for number in range(3, 45)  # seen late, lost early
    ]
    plan = MaskPlan([Look(number / 5, {}) for number in range(3)] + looks, aspect=WIDE)
    for number in range(9 * 30):
        assert covered(plan.at(number / 30), face_of(walker(number / 30))), number / 30


def test_two_people_are_two_places_and_nobody_is_none() -> None:
    two = {1: Place(0.1, 0.2, 0.2, 0.9), 2: Place(0.7, 0.2, 0.8, 0.9)}
    plan = MaskPlan([Look(10.0, two)], aspect=WIDE)
    assert len(plan.at(10.0).places) == 2
    before, after = plan.at(10.0 - BEFORE_S + 0.01), plan.at(10.0 + AFTER_S - 0.01)
    assert len(before.places) == len(after.places) == 2
    assert after.places[0].right > plan.at(10.0).places[0].right, "it grows while nobody looks"
    assert plan.at(10.0 - BEFORE_S - 0.01) == Hidden(whole=False)


def test_where_nobody_looked_all_is_hidden() -> None:
    plan = MaskPlan([Look(5.0, {})], aspect=WIDE)
    assert not plan.at(5.0 + UNSURE_S).whole
    assert plan.at(5.0 + UNSURE_S + 0.1).whole
    assert plan.at(0.0).whole
    assert MaskPlan([], aspect=WIDE).at(1.0).whole


def test_somebody_who_sits_is_hidden_whole() -> None:
    stout = Place(0.2, 0.2, 0.8, 0.9)
    assert head_of(stout, aspect=WIDE).bottom == stout.bottom
    assert head_of(walker(0), aspect=WIDE).bottom < walker(0).bottom


def test_what_is_hidden_is_gone_and_the_rest_stays() -> None:
    chance = np.random.default_rng(3)
    first, second = (chance.integers(0, 255, (HIGH_PX * 3 // 2, WIDE_PX), np.uint8) for _ in range(2))
    place = Place(0.305, 0.105, 0.52, 0.51)
    before = first.copy()
    second[:] = first
    luma = slice(int(place.top * HIGH_PX), int(place.bottom * HIGH_PX)), slice(49, 83)
    second[luma] = 255 - second[luma]
    for planes in (first, second):
        hide(planes, Hidden(whole=False, places=(place, Place(-0.5, -0.5, -0.1, -0.1))))
    assert np.array_equal(first, second), "two faces give one picture"
    assert (first[luma] == GREY_Y).all()
    changed = first != before
    assert changed[HIGH_PX:].any(), "colours too"
    assert changed.mean() < 0.12
    hide(first, Hidden(whole=True))
    assert (first[:HIGH_PX] == GREY_Y).all()
    assert (first[HIGH_PX:] == GREY_UV).all()
