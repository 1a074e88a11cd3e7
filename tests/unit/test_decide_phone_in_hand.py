"""A phone that is seen in the hand or at the ear is told; one in its mount is not."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy, Detection, ModelIdentity, ObjectClass, PhoneSeen
from custodes.edge.perceive.driver import DriverPerceiver, around, phone_by
from driver_scene import Drive, face

AT_EAR = PhoneSeen(0.8, 0.1, (0.62, 0.4))
IN_LAP = PhoneSeen(0.3, 2.2, (0.5, 0.85))
IN_MOUNT = PhoneSeen(-2.0, 0.8, (0.15, 0.55))


def drive(seconds: float, *phones: PhoneSeen, shaken: float = 0.0, under: Drive | None = None) -> Drive:
    """Return a drive with phones in sight, searched for twice a second, each `shaken` by so much of the picture."""
    one = under or Drive("phone_in_hand").look(2)
    for number in range(round(seconds * 2)):
        off = shaken * (number % 3 - 1)
        seen = tuple(replace(phone, at_0_1=(phone.at_0_1[0] + off, phone.at_0_1[1])) for phone in phones)
        one.look(0.1, replace(face(), phones=seen)).look(0.4, face())
    return one


def test_a_phone_at_the_ear_is_told_after_two_seconds_and_grave_after_six() -> None:
    call = drive(9, AT_EAR)
    drive(5, under=call)
    assert call.phases() == ["onset", "stage", "end"]
    assert call.alerts() == [("Put the phone away.", 2), ("Far too long at the phone: put it away.", 3)]


def test_a_phone_that_a_hand_moves_is_told_wherever_it_is() -> None:
    assert drive(6, IN_LAP, shaken=0.02).phases()[:1] == ["onset"]
    assert drive(6, IN_MOUNT, shaken=0.03).phases()[:1] == ["onset"]


def test_a_phone_in_its_mount_or_on_the_seat_is_none_of_it() -> None:
    assert drive(60, IN_MOUNT, shaken=0.004).phases() == []
    assert drive(60, IN_LAP, shaken=0.005).phases() == []


def test_one_sighting_or_a_glimpse_is_none() -> None:
    once = drive(0.5, AT_EAR)
    assert drive(10, under=once).phases() == []


def test_parked_it_is_nobodys_business() -> None:
    parked = Drive("phone_in_hand", speed_kmh=3.0).look(2)
    assert drive(10, AT_EAR, under=parked).phases() == []


def test_where_nobody_searches_for_phones_nothing_is_told_and_what_was_begun_ends() -> None:
    assert Drive("phone_in_hand").look(30).phases() == []
    begun = drive(4, AT_EAR).look(10)
    assert begun.phases() == ["onset", "end"]


def test_the_part_that_is_searched_lies_around_the_driver_and_within_the_picture() -> None:
    for box in ((300.0, 100.0, 400.0, 220.0), (0.0, 0.0, 80.0, 90.0), (600.0, 400.0, 640.0, 480.0), (0, 0, 640, 480)):
        left, top, right, bottom = around(box, 640, 480)
        assert 0 <= left < right <= 640
        assert 0 <= top < bottom <= 480
        assert right - left == bottom - top
    assert around((300.0, 100.0, 400.0, 220.0), 640, 480) == pytest.approx((140, 47.5, 560, 467.5))


def test_where_a_phone_is_is_told_from_the_face() -> None:
    seen = phone_by((300.0, 100.0, 400.0, 220.0), (420.0, 130.0, 450.0, 190.0), 640, 480)
    assert (seen.aside, seen.below) == pytest.approx((0.85, 0.0))
    assert seen.at_0_1 == pytest.approx((435 / 640, 160 / 480))


class PhoneEye:
    """A detector that sees a phone in the lower right quarter of each picture, and remembers how many it saw."""

    side_px = 416
    usual_score_0_1 = 0.5
    identity = ModelIdentity("eye", "objects", "0" * 64)

    def __init__(self, classes: frozenset[ObjectClass], score_0_1: float = 0.8) -> None:
        self.classes, self.score_0_1, self.pictures = classes, score_0_1, 0

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        self.pictures += 1
        height_px, width_px = rgb.shape[:2]
        box = (0.6 * width_px, 0.6 * height_px, 0.8 * width_px, 0.8 * height_px)
        return [Detection(ObjectClass.PHONE, self.score_0_1, box)]


@pytest.mark.parametrize(("knows", "score", "phones"), [(True, 0.8, 1), (True, 0.3, 0), (False, 0.8, None)])
def test_a_driver_lens_searches_twice_a_second_with_a_detector_that_knows_phones(
    knows: bool, score: float, phones: int | None
) -> None:
    eye = PhoneEye(frozenset({ObjectClass.PHONE} if knows else {ObjectClass.CAR}), score)
    lens = DriverPerceiver(lens="driver", networks=None, detector=eye)  # type: ignore[arg-type]  # no face is read
    box: BoxXyxy = (300.0, 100.0, 400.0, 220.0)
    answers = [lens._phones(Frame(NS_PER_S + number * NS_PER_S // 10), box) for number in range(20)]
    searched = [one for one in answers if one is not None]
    assert [len(one) for one in searched] == ([] if phones is None else [phones] * 4)
    assert eye.pictures == len(searched)


class Frame:
    """A grey picture."""

    width_px, height_px, is_keyframe = 640, 480, True

    def __init__(self, wall_ns: int) -> None:
        self.wall_ns = self.mono_ns = wall_ns

    def luma(self) -> NDArray[np.uint8]:
        return np.full((480, 640), 90, np.uint8)

    def rgb(self) -> NDArray[np.uint8]:
        return np.full((480, 640, 3), 90, np.uint8)
