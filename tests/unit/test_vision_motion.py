"""The gate fires for what moves, and not for noise, light or what it was told to ignore."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.vision.motion import Motion, MotionGate

FRAME_NS = 200_000_000
SHAPE = (360, 640)


def scene(seed: int = 5) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(40, 200, (18, 32), dtype=np.uint8)
    return np.kron(coarse, np.ones((20, 20), np.uint8))


class Grain:
    """A sensor's noise: a few fields, each time shifted by chance, which is quicker than drawing each anew."""

    def __init__(self, seed: int, sigma: float) -> None:
        self._random = np.random.default_rng(seed)
        fields = self._random.standard_normal((8, SHAPE[0] * SHAPE[1]), np.float32) * np.float32(sigma)
        self._fields = np.round(fields).astype(np.int16)

    def on(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        field = self._fields[self._random.integers(8)]
        shifted = np.roll(field, self._random.integers(field.size)).reshape(SHAPE)
        return np.clip(picture + shifted, 0, 255).astype(np.uint8)


def play(gate: MotionGate, frames: int, picture: Callable[[int], NDArray[np.uint8]]) -> list[Motion]:
    return [gate.look(picture(index), at_ns=index * FRAME_NS) for index in range(frames)]


@pytest.mark.parametrize("sigma", [2.0, 6.0, 12.0])
def test_static_noise_fires_at_most_five_times_in_a_minute(sigma: float) -> None:
    grain, still = Grain(11, sigma), scene()
    seen = play(MotionGate(), 300, lambda index: grain.on(still))
    assert seen[0].fresh
    assert sum(bool(motion.regions_0_1) for motion in seen) <= 5


def test_a_walker_is_found_in_every_frame_and_where_he_is() -> None:
    grain = Grain(3, 4.0)

    def walker(index: int) -> NDArray[np.uint8]:
        picture = scene()
        if index >= 10:
            left = 20 + 6 * (index - 10)
            picture[150:220, left : left + 24] = 230
        return grain.on(picture)

    seen = play(MotionGate(), 80, walker)
    assert not any(motion.regions_0_1 for motion in seen[1:10])
    for index in range(11, 80):
        middle = ((20 + 6 * (index - 10) + 12) / 640, 185 / 360)
        boxes = seen[index].regions_0_1
        assert any(b[0] <= middle[0] <= b[2] and b[1] <= middle[1] <= b[3] for b in boxes), index
        assert seen[index].share_0_1 < 0.1


def test_a_cloud_that_dims_the_whole_picture_does_not_fire() -> None:
    def dimmed(index: int) -> NDArray[np.uint8]:
        return (scene().astype(np.int16) - min(index, 40)).clip(0, 255).astype(np.uint8)

    assert not any(motion.regions_0_1 for motion in play(MotionGate(), 60, dimmed))


def test_a_cut_starts_anew_and_asks_for_a_look_at_everything() -> None:
    seen = play(MotionGate(), 6, lambda index: scene(5) if index < 3 else scene(6))
    assert [motion.fresh for motion in seen] == [True, False, False, True, False, False]
    assert seen[3].regions_0_1 == ((0.0, 0.0, 1.0, 1.0),)
    assert not seen[4].regions_0_1


def test_what_came_and_stands_is_absorbed_in_time() -> None:
    def parked(index: int) -> NDArray[np.uint8]:
        picture = scene()
        if index >= 5:
            picture[100:200, 100:250] = 250
        return picture

    gate = MotionGate()
    seen = [gate.look(parked(index), at_ns=index * 1_000_000_000) for index in range(160)]
    assert seen[5].regions_0_1
    assert seen[12].regions_0_1
    assert not seen[-1].regions_0_1


def test_masked_parts_never_fire() -> None:
    gate = MotionGate()
    gate.ignore([[(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]])

    def flag(index: int) -> NDArray[np.uint8]:
        picture = scene()
        picture[100:200, 100 + 10 * (index % 3) : 200] = 250 if index % 2 else 0
        return picture

    assert not any(motion.regions_0_1 for motion in play(gate, 40, flag))
    open_gate = MotionGate()
    assert sum(bool(motion.regions_0_1) for motion in play(open_gate, 40, flag)) > 30


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (144, 176), (1840, 1376)])
def test_any_size_of_picture_is_taken(shape: tuple[int, int]) -> None:
    gate = MotionGate()
    assert gate.look(np.zeros(shape, np.uint8), at_ns=0).fresh
    assert not gate.look(np.zeros(shape, np.uint8), at_ns=FRAME_NS).regions_0_1


def test_a_picture_with_padded_rows_is_read_as_it_is() -> None:
    wide = np.zeros((360, 704), np.uint8)
    wide[:, 640:] = 255
    gate = MotionGate()
    gate.look(wide[:, :640], at_ns=0)
    wide[:, 640:] = 9
    assert not gate.look(wide[:, :640], at_ns=FRAME_NS).regions_0_1
