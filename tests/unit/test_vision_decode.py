"""Raw outputs of networks become the boxes that were put into them."""

import numpy as np
import pytest

from custodes.core.types import ObjectClass
from custodes.vision import blazepose, boxes, ssd, yolox
from custodes.vision.labels import COCO_80, OPENIMAGES_24, openimages_classes
from custodes.vision.objects import as_detections


def logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def test_ssd_has_the_1917_anchors_of_its_configuration() -> None:
    anchors = ssd.anchors()
    assert anchors.shape == (1917, 4)
    assert anchors[0] == pytest.approx([0.5 / 19, 0.5 / 19, 0.1, 0.1])
    assert anchors[1] == pytest.approx([0.5 / 19, 0.5 / 19, 0.2 * 2**0.5, 0.2 / 2**0.5], rel=1e-5)
    # The last cell is the whole picture; its six anchors end with the one between scale 0.95 and 1.
    assert anchors[-1] == pytest.approx([0.5, 0.5, 0.95**0.5, 0.95**0.5], rel=1e-5)
    assert len(anchors[anchors[:, 0] == anchors[-1, 0]]) >= 6


def test_ssd_gives_back_the_box_that_was_encoded() -> None:
    wanted = np.array([0.30, 0.20, 0.45, 0.80])
    place = 19 * 19 * 3 + 4 * 6 * 10 + 3  # some anchor of the second map
    x, y, w, h = ssd.anchors()[place]
    encodings = np.zeros((1917, 4), np.float32)
    encodings[place] = (
        ((wanted[1] + wanted[3]) / 2 - y) / h * 10,
        ((wanted[0] + wanted[2]) / 2 - x) / w * 10,
        np.log((wanted[3] - wanted[1]) / h) * 5,
        np.log((wanted[2] - wanted[0]) / w) * 5,
    )
    logits = np.full((1917, 3), -20.0, np.float32)
    logits[place, 2] = logit(0.7)
    found, scores, best = ssd.decode(encodings, logits, min_score_0_1=0.5)
    assert found == pytest.approx(wanted[None], abs=1e-5)
    assert scores == pytest.approx([0.7])
    assert best.tolist() == [2]
    assert len(ssd.decode(encodings, logits, min_score_0_1=0.75)[0]) == 0


@pytest.mark.parametrize("side_px", [416, 640])
def test_yolox_gives_back_the_box_that_was_encoded(side_px: int) -> None:
    cells = sum((side_px // stride) ** 2 for stride in (8, 16, 32))
    output = np.zeros((cells, 85), np.float32)
    place = (side_px // 8) ** 2 + 3 * (side_px // 16) + 5  # row 3, column 5 of the grid at stride 16
    output[place, :5] = (0.5, 0.25, np.log(40 / 16), np.log(80 / 16), 0.9)
    output[place, 5 + 16] = 0.8
    columns = np.array(sorted(COCO_80), np.intp)
    found, scores, best = yolox.decode(output, columns=columns, side_px=side_px, min_score_0_1=0.1)
    centre_x, centre_y = (5 + 0.5) * 16, (3 + 0.25) * 16
    assert found == pytest.approx(
        np.array([[centre_x - 20, centre_y - 40, centre_x + 20, centre_y + 40]], np.float32), rel=1e-5
    )
    assert scores == pytest.approx([0.72])
    assert COCO_80[int(columns[best[0]])] is ObjectClass.DOG


def test_the_letterbox_keeps_the_shape_and_pads_with_grey() -> None:
    picture = np.full((100, 400, 3), 7, np.uint8)
    padded, ratio = yolox.letterbox(picture, 416)
    assert ratio == pytest.approx(1.04)
    assert padded.shape == (416, 416, 3)
    assert (padded[:104] == 7).all()
    assert (padded[104:] == 114).all()


def test_blazepose_makes_a_person_of_hips_and_a_radius() -> None:
    assert blazepose.anchor_centres().shape == (2254, 2)
    regressors = np.zeros((2254, 12), np.float32)
    logits = np.full(2254, -50.0, np.float32)
    place = 2254 - 1  # the last cell: centre (6.5 / 7, 6.5 / 7)
    regressors[place, 4:6] = (112 - 6.5 / 7 * 224,) * 2
    regressors[place, 6:8] = (112 - 6.5 / 7 * 224, 56 - 6.5 / 7 * 224)
    logits[place] = 3.0
    found, scores = blazepose.decode(regressors, logits, min_score_0_1=0.3)
    assert found == pytest.approx(np.array([[0.375, 0.25, 0.625, 0.75]], np.float32), abs=1e-5)
    assert scores == pytest.approx([1 / (1 + np.exp(-3.0))])


def test_labels_become_our_classes_and_furniture_is_left_out() -> None:
    mapped = openimages_classes(OPENIMAGES_24)
    assert {OPENIMAGES_24[place]: str(name) for place, name in mapped.items()} == {
        "Bicycle": "bicycle",
        "Person": "person",
        "Cattle": "animal",
        "Cat": "cat",
        "Vehicle": "car",
        "Dog": "dog",
        "Car": "car",
    }
    assert {str(name) for name in COCO_80.values()} == {str(name) for name in ObjectClass}


def test_suppression_keeps_the_best_of_each_heap() -> None:
    heap = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [0, 1, 10, 11]], np.float32)
    scores = np.array([0.5, 0.9, 0.3, 0.6], np.float32)
    assert boxes.suppress(heap, scores, max_iou=0.5).tolist() == [1, 2]
    part = np.array([[0, 0, 10, 10], [2, 2, 5, 5]], np.float32)
    assert boxes.suppress(part, scores[:2], max_iou=0.5).tolist() == [1, 0]
    assert boxes.suppress(part, scores[:2], max_iou=0.5, max_cover=0.8).tolist() == [1]


def test_suppression_is_within_a_class_and_empty_boxes_go() -> None:
    heap = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [5, 5, 5.5, 9]], np.float32)
    scores = np.array([0.4, 0.8, 0.9], np.float32)
    kept = as_detections(heap, scores, [ObjectClass.CAT, ObjectClass.PERSON, ObjectClass.DOG])
    assert [(one.object_class, round(one.score_0_1, 2)) for one in kept] == [
        (ObjectClass.PERSON, 0.8),
        (ObjectClass.CAT, 0.4),
    ]


def test_overlaps_are_measured() -> None:
    one = np.array([[0, 0, 10, 10]], np.float32)
    other = np.array([[5, 0, 15, 10], [0, 0, 5, 5], [50, 50, 60, 60]], np.float32)
    assert boxes.iou_matrix(one, other)[0] == pytest.approx([1 / 3, 0.25, 0.0])
    assert boxes.cover_matrix(one, other)[0] == pytest.approx([0.5, 1.0, 0.0])
