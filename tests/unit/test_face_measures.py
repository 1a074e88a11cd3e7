"""What points of a face say: drawn faces with a known turn, lids and mouth."""

from math import cos, radians, sin

import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.vision.face import blazeface
from custodes.vision.face.measures import eye_look, head_pose, mouth_open, shaded
from custodes.vision.face.reader import driver_of
from custodes.vision.face.square import Square, square_around

Points = NDArray[np.float32]


def drawn_face(*, yaw_deg: float = 0.0, pitch_deg: float = 0.0, mouth: float = 0.0, chin_drops: float = 0.0) -> Points:
    """Return a mesh with the points that are read, turned to the person's left and up; y is down, z away."""
    mesh = np.zeros((468, 3))
    mesh[33], mesh[263] = (-45, 0, 10), (45, 0, 10)
    mesh[10], mesh[2] = (0, -70, 0), (0, 40, 0)
    mesh[152] = (0, 100 + chin_drops, 5)
    mesh[13], mesh[14] = (0, 58 - 25 * mouth, -5), (0, 58 + 25 * mouth, -5)
    mesh[78], mesh[308] = (-25, 58, 0), (25, 58, 0)
    up, left = radians(pitch_deg), radians(yaw_deg)
    nod = np.array([[1, 0, 0], [0, cos(up), sin(up)], [0, -sin(up), cos(up)]])
    turn = np.array([[cos(left), 0, -sin(left)], [0, 1, 0], [sin(left), 0, cos(left)]])
    return ((mesh @ nod.T @ turn.T) * 1.7 + (200, 150, 0)).astype(np.float32)


@pytest.mark.parametrize("yaw_deg", [-60, -25, 0, 10, 45])
@pytest.mark.parametrize("pitch_deg", [-20, 0, 25])
def test_a_turned_head_is_read_as_it_was_turned(yaw_deg: float, pitch_deg: float) -> None:
    pose = head_pose(drawn_face(yaw_deg=yaw_deg, pitch_deg=pitch_deg))
    assert pose.yaw_deg == pytest.approx(yaw_deg, abs=0.5)
    assert pose.pitch_deg == pytest.approx(pitch_deg, abs=0.5)


def test_a_yawn_opens_the_mouth_and_nods_no_head() -> None:
    shut, wide = drawn_face(), drawn_face(mouth=0.6, chin_drops=30)
    assert (mouth_open(shut), mouth_open(wide)) == (pytest.approx(0.0), pytest.approx(0.6, abs=0.01))
    assert head_pose(wide) == head_pose(shut)


def drawn_eye(*, gap: float, iris: tuple[float, float] = (0.0, 0.0)) -> tuple[Points, Points]:
    """Return the contour and the iris of an eye that is 30 wide and `gap` of it high."""
    contour = np.zeros((71, 2), np.float32)
    contour[0], contour[8] = (0, 0), (30, 0)
    for place in range(7):
        x = 30 * (place + 1) / 8
        contour[1 + place], contour[9 + place] = (x, 15 * gap), (x, -15 * gap)
    return contour, np.full((5, 2), (15 + 30 * iris[0], 30 * iris[1]), np.float32)


@pytest.mark.parametrize("gap", [0.05, 0.2, 0.35])
def test_lids_are_measured_by_their_gap_over_the_width_of_the_eye(gap: float) -> None:
    assert eye_look(*drawn_eye(gap=gap)).open_ratio == pytest.approx(gap, abs=1e-5)


def test_the_iris_tells_where_the_eye_looks() -> None:
    ahead = eye_look(*drawn_eye(gap=0.3))
    assert (ahead.yaw_deg, ahead.pitch_deg) == (0.0, 0.0)
    aside = eye_look(*drawn_eye(gap=0.3, iris=(0.2, 0.0)))
    assert aside.yaw_deg == pytest.approx(28.7, abs=0.1)  # asin(0.2 * 2.4): 6 mm aside on a ball of 12 mm
    down = eye_look(*drawn_eye(gap=0.3, iris=(0.0, 0.1)))
    assert down.pitch_deg < -10
    assert eye_look(*drawn_eye(gap=0.3, iris=(3.0, 0.0))).yaw_deg == 90.0


def test_dark_glasses_are_told_from_shut_lids_and_from_dark_skin() -> None:
    def eye(*levels: int) -> NDArray[np.uint8]:
        return np.repeat(np.array(levels, np.uint8), 40).reshape(-1, 8)

    assert shaded(eye(20, 25, 22, 30), cheek_luma=140)
    assert not shaded(eye(120, 130, 125, 110), cheek_luma=140)  # a shut lid
    assert not shaded(eye(40, 45, 110, 42), cheek_luma=55)  # the white of an eye in a dark face
    assert not shaded(eye(20, 20, 20, 20), cheek_luma=0.0)  # no cheek in the picture


def test_points_come_back_from_a_turned_square_to_where_they_were() -> None:
    eyes = np.array([[100, 120], [160, 160]], np.float32)
    square = square_around(eyes, share=2.0, level=(0, 1))
    assert square.side_px == pytest.approx(120)
    shares = np.array([[0.5, 0.5], [1.0, 0.5]], np.float32)
    middle, right_edge = square.to_picture(shares)
    assert middle == pytest.approx((130, 140))
    along = (right_edge - middle) / np.linalg.norm(right_edge - middle)
    assert along == pytest.approx((eyes[1] - eyes[0]) / np.linalg.norm(eyes[1] - eyes[0]), abs=1e-3)


def test_a_cut_square_is_upright_and_black_outside_of_the_picture() -> None:
    picture = np.zeros((80, 80, 3), np.uint8)
    picture[30:50, 30:50] = 255
    assert Square((40, 40), 20).cut(picture, 10)[2:8, 2:8].min() > 200
    assert Square((0, 0), 40).cut(picture, 20)[:9, :9].max() == 0


def found(x: float, *, side: float = 60.0, score: float = 0.9) -> blazeface.FoundFace:
    box = (x - side / 2, 100 - side / 2, x + side / 2, 100 + side / 2)
    return blazeface.FoundFace(score, box, np.zeros((6, 2), np.float32))


def test_of_two_faces_the_larger_is_the_drivers_and_a_passenger_who_leans_in_is_not() -> None:
    driver, passenger = found(100, side=80), found(300, side=60)
    assert driver_of([passenger, driver], None) is driver
    followed = Square(driver.middle_px, 120)
    leaning = found(300, side=84)
    assert driver_of([leaning, driver], followed) is None  # who is followed stays: nothing new
    assert driver_of([found(300, side=130), driver], followed) is not None
    assert driver_of([], followed) is None


def test_anchors_and_boxes_of_the_face_detector() -> None:
    assert blazeface.anchor_centres().shape == (2304, 2)
    logits = np.full(2304, -9.0, np.float32)
    regressors = np.zeros((2304, 16), np.float32)
    place = 24 * 48 + 12
    logits[place] = 2.0
    regressors[place, 2:4] = (96, 48)
    (face,) = blazeface.decode(regressors, logits, min_score_0_1=0.5, to_px=384.0)
    assert face.score_0_1 == pytest.approx(0.881, abs=0.001)
    assert face.middle_px == pytest.approx((12.5 / 48 * 384, 24.5 / 48 * 384), abs=0.01)
    left, top, right, bottom = face.box_px_xyxy
    assert (right - left, bottom - top) == (pytest.approx(192), pytest.approx(96))
    assert blazeface.decode(regressors, np.full(2304, -9.0, np.float32), min_score_0_1=0.5, to_px=1.0) == []
