"""A leak without a hint finds its clip among others, small, askew, mirrored; a foreign picture finds none."""

from uuid import UUID

import cv2
import numpy as np
import pytest

from custodes.core.errors import Corrupt
from custodes.trace.fingerprint import Fingerprint, fingerprint
from custodes.trace.frames import Picture
from custodes.trace.index import Library
from custodes.trace.reference import Reference

CLIPS = 6
HEIGHT, WIDTH = 270, 480


def place(number: int) -> np.ndarray:
    """Return a made-up place, uint8 (270, 480): blobs and boxes of its own."""
    rng = np.random.default_rng(number)
    ground = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 5)
    ground = ground / ground.std() * 35 + 120
    for _ in range(25):
        x, y = int(rng.integers(0, WIDTH - 60)), int(rng.integers(0, HEIGHT - 50))
        width, height = (int(side) for side in rng.integers(8, 55, 2))
        cv2.rectangle(ground, (x, y), (x + width, y + height), float(rng.integers(20, 235)), -1)
    return np.clip(ground, 0, 255).astype(np.uint8)


def reference(number: int) -> Reference:
    scene = np.stack([place(number)] * 4)
    marks = np.zeros((1, HEIGHT, WIDTH), np.float32)
    return Reference(np.arange(4) / 8, scene, np.zeros(4, np.int32), marks, np.array([0, 0.5]))


@pytest.fixture(scope="module")
def prints() -> list[Fingerprint]:
    return [fingerprint(UUID(int=number), reference(number)) for number in range(CLIPS)]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_screen_seen_askew_finds_its_clip(prints: list[Fingerprint], mirrored: bool) -> None:
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    seen_at = np.array([[90, 60], [640, 110], [600, 430], [120, 470]], np.float32)
    askew = cv2.warpPerspective(place(3), cv2.getPerspectiveTransform(corners, seen_at), (800, 600), borderValue=30)
    noisy = np.clip(askew + np.random.default_rng(1).normal(0, 4, askew.shape), 0, 255).astype(np.uint8)
    leak = noisy[:, ::-1] if mirrored else noisy
    found = Library(prints).find([Picture(0.0, np.ascontiguousarray(leak))])
    assert found[0].clip_id == UUID(int=3)
    assert len(found) == 1 or found[0].agreeing > 2 * found[1].agreeing


def test_a_foreign_picture_finds_none(prints: list[Fingerprint]) -> None:
    assert Library(prints).find([Picture(0.0, place(99))]) == []


def test_a_black_picture_and_an_empty_library_find_none(prints: list[Fingerprint]) -> None:
    assert Library(prints).find([Picture(0.0, np.zeros((HEIGHT, WIDTH), np.uint8))]) == []
    assert Library([]).find([Picture(0.0, place(3))]) == []


def test_a_fingerprint_survives_its_text(prints: list[Fingerprint]) -> None:
    again = Fingerprint.from_json(prints[2].as_json())
    assert again.as_json() == prints[2].as_json()
    assert len(prints[2].as_json()) < 16_000


@pytest.mark.parametrize("text", ["", "{}", '{"format": "other/1"}', "[1]"])
def test_a_damaged_fingerprint_is_told_apart(text: str) -> None:
    with pytest.raises(Corrupt):
        Fingerprint.from_json(text)
