"""Few squares cover what is wanted, and nobody waits for ever."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from custodes.core.types import BoxXyxy, Detection, ModelIdentity, ObjectClass
from custodes.vision.tiles import TileChooser, TileSettings, look_at


def chosen(wanted: list[BoxXyxy], *, size: tuple[int, int] = (1280, 720), per_look: int = 2) -> list[BoxXyxy]:
    chooser = TileChooser(300, TileSettings(per_look=per_look))
    return chooser.choose(wanted, width_px=size[0], height_px=size[1], at_ns=1)


def covers(part: BoxXyxy, box: BoxXyxy) -> bool:
    return part[0] <= box[0] and part[1] <= box[1] and part[2] >= box[2] and part[3] >= box[3]


def test_neighbours_share_a_square_of_the_networks_own_pixels() -> None:
    wanted = [(600.0, 300.0, 640.0, 400.0), (680.0, 320.0, 720.0, 420.0)]
    (part,) = chosen(wanted)
    assert all(covers(part, box) for box in wanted)
    assert part[2] - part[0] == part[3] - part[1] == 300


def test_those_far_apart_get_one_each() -> None:
    wanted = [(10.0, 10.0, 50.0, 90.0), (1200.0, 600.0, 1240.0, 700.0)]
    parts = chosen(wanted)
    assert len(parts) == 2
    assert all(any(covers(part, box) for part in parts) for box in wanted)


def test_what_is_larger_than_a_square_gets_the_whole_picture() -> None:
    assert chosen([(0.0, 300.0, 1200.0, 500.0)]) == [(0.0, 0.0, 1280.0, 720.0)]


@pytest.mark.parametrize("size", [(176, 144), (1376, 1840), (640, 272), (3840, 2160)])
def test_squares_lie_inside_pictures_of_any_shape(size: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        x, y = random.uniform(0, size[0] - 20), random.uniform(0, size[1] - 20)
        wanted = (x, y, min(x + random.uniform(5, 400), size[0]), min(y + random.uniform(5, 400), size[1]))
        for part in chosen([wanted], size=size):
            assert part[0] >= 0
            assert part[1] >= 0
            assert part[2] <= size[0]
            assert part[3] <= size[1]
            assert covers(part, tuple(round(side) for side in wanted))  # type: ignore[arg-type]


def test_with_one_look_at_a_time_everybody_gets_a_turn() -> None:
    chooser = TileChooser(300, TileSettings(per_look=1))
    wanted = [(10.0, 10.0, 50.0, 90.0), (1200.0, 10.0, 1240.0, 90.0), (600.0, 600.0, 640.0, 700.0)]
    seen: set[BoxXyxy] = set()
    for turn in range(1, 4):
        (part,) = chooser.choose(wanted, width_px=1280, height_px=720, at_ns=turn)
        seen |= {box for box in wanted if covers(part, box)}
    assert seen == set(wanted)


@dataclass
class Edges:
    """A detector that sees one box, given in pixels of the whole picture, as far as it is in the part."""

    box: BoxXyxy
    offset: tuple[int, int]
    identity: ModelIdentity = field(default_factory=lambda: ModelIdentity("edges", "objects", "0" * 64))
    side_px: int = 300
    usual_score_0_1: float = 0.5
    classes: frozenset[ObjectClass] = frozenset(ObjectClass)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        height, width = rgb.shape[:2]
        left, top = self.box[0] - self.offset[0], self.box[1] - self.offset[1]
        right, bottom = self.box[2] - self.offset[0], self.box[3] - self.offset[1]
        seen = (max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
        return [Detection(ObjectClass.PERSON, 0.8, seen)]


def test_boxes_are_placed_in_the_whole_picture_and_halves_are_left_out() -> None:
    rgb = np.zeros((720, 1280, 3), np.uint8)
    whole = Edges((350.0, 250.0, 380.0, 330.0), (300, 200))
    assert look_at(whole, rgb, [(300.0, 200.0, 600.0, 500.0)])[0].box_px_xyxy == whole.box
    half = Edges((280.0, 250.0, 330.0, 330.0), (300, 200))
    assert look_at(half, rgb, [(300.0, 200.0, 600.0, 500.0)]) == []
    # At the picture's own edge there is no more to see.
    edge = Edges((0.0, 250.0, 40.0, 330.0), (0, 200))
    assert len(look_at(edge, rgb, [(0.0, 200.0, 300.0, 500.0)])) == 1


def test_what_two_parts_found_is_kept_once() -> None:
    rgb = np.zeros((720, 1280, 3), np.uint8)
    twice = Edges((20.0, 20.0, 60.0, 100.0), (0, 0))
    assert len(look_at(twice, rgb, [(0.0, 0.0, 300.0, 300.0), (0.0, 0.0, 400.0, 400.0)])) == 1
