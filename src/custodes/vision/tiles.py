"""Choose which parts of a picture a detector sees, so that small things are found with few inferences.

A detector scales what it is given down to its own few hundred pixels. The whole picture in one look loses what is
small and far away; looking everywhere in tiles costs a look for each tile. So the parts that moved, and the tracks
that are due, are joined into a few squares that are no larger than they must be, and those that waited longest go
first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from custodes.core.types import BoxXyxy, Detection
from custodes.vision.boxes import suppress
from custodes.vision.objects import Detector

_GRID = (12, 16)  # rows, columns of the memory of when a part was last looked at
_EDGE_PX = 2.0


@dataclass(frozen=True, slots=True)
class TileSettings:
    """`per_look`: most squares in one look. `margin_0_1`: room around what moved, as a share of its size.

    Raising `per_look` finds more in a crowd and costs one inference each; a larger margin cuts fewer things in two.
    """

    per_look: int = 2
    margin_0_1: float = 0.25


class TileChooser:
    """Remembers what was looked at when, for pictures of one size."""

    def __init__(self, side_px: int, settings: TileSettings | None = None) -> None:
        self._side_px = side_px
        self.settings = settings or TileSettings()
        self._looked_ns = np.zeros(_GRID, np.int64)

    def choose(self, wanted_px: Sequence[BoxXyxy], *, width_px: int, height_px: int, at_ns: int) -> list[BoxXyxy]:
        """Return at most `per_look` parts that cover the `wanted_px` boxes, those that waited longest first."""
        squares = self._join(wanted_px, width_px, height_px)
        squares.sort(key=lambda square: self._age(square, width_px, height_px))
        chosen = squares[: self.settings.per_look]
        for square in chosen:
            self._looked_ns[self._cells(square, width_px, height_px)] = at_ns
        return chosen

    def _join(self, wanted_px: Sequence[BoxXyxy], width_px: int, height_px: int) -> list[BoxXyxy]:
        # Never finer than the network's own pixels, and at least a third of the picture, for context.
        least_px = max(float(self._side_px), min(width_px, height_px) / 3)
        parts = [self._with_margin(box) for box in wanted_px]
        parts.sort(key=lambda box: -_long_side(box))
        joined: list[BoxXyxy] = []
        for part in parts:
            for place, other in enumerate(joined):
                both = _around(part, other)
                if _long_side(both) <= max(least_px, 1.1 * _long_side(other)):
                    joined[place] = both
                    break
            else:
                joined.append(part)
        squares = [_square(box, least_px, width_px, height_px) for box in joined]
        return list(dict.fromkeys(squares))

    def _with_margin(self, box: BoxXyxy) -> BoxXyxy:
        extra_x = (box[2] - box[0]) * self.settings.margin_0_1
        extra_y = (box[3] - box[1]) * self.settings.margin_0_1
        return box[0] - extra_x, box[1] - extra_y, box[2] + extra_x, box[3] + extra_y

    def _cells(self, box: BoxXyxy, width_px: int, height_px: int) -> tuple[slice, slice]:
        rows, columns = _GRID
        top, bottom = int(box[1] / height_px * rows), int(np.ceil(box[3] / height_px * rows))
        left, right = int(box[0] / width_px * columns), int(np.ceil(box[2] / width_px * columns))
        return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))

    def _age(self, box: BoxXyxy, width_px: int, height_px: int) -> float:
        return float(self._looked_ns[self._cells(box, width_px, height_px)].mean())


def look_at(detector: Detector, rgb: NDArray[np.uint8], parts_px: Sequence[BoxXyxy]) -> list[Detection]:
    """Return what the detector finds in the parts, in pixels of the whole picture.

    A box that a part's edge cuts is left out unless the edge is the picture's own; what two parts both found is kept
    once.
    """
    height_px, width_px = rgb.shape[:2]
    found: list[Detection] = []
    for part in parts_px:
        left, top, right, bottom = (round(side) for side in part)
        for one in detector.detect(rgb[top:bottom, left:right]):
            box = one.box_px_xyxy
            placed = (box[0] + left, box[1] + top, box[2] + left, box[3] + top)
            if not _is_cut(placed, (left, top, right, bottom), width_px, height_px):
                found.append(Detection(one.object_class, one.score_0_1, placed))
    return _once(found) if len(parts_px) > 1 else found


def _once(found: list[Detection]) -> list[Detection]:
    kept: list[Detection] = []
    for object_class in dict.fromkeys(one.object_class for one in found):
        same = [one for one in found if one.object_class == object_class]
        boxes = np.array([one.box_px_xyxy for one in same], np.float32)
        scores = np.array([one.score_0_1 for one in same], np.float32)
        kept += [same[place] for place in suppress(boxes, scores, max_iou=0.5, max_cover=0.8)]
    return sorted(kept, key=lambda one: -one.score_0_1)


def _is_cut(box: BoxXyxy, part: tuple[int, int, int, int], width_px: int, height_px: int) -> bool:
    return (
        (part[0] > 0 and box[0] - part[0] < _EDGE_PX)
        or (part[1] > 0 and box[1] - part[1] < _EDGE_PX)
        or (part[2] < width_px and part[2] - box[2] < _EDGE_PX)
        or (part[3] < height_px and part[3] - box[3] < _EDGE_PX)
    )


def _long_side(box: BoxXyxy) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _around(one: BoxXyxy, other: BoxXyxy) -> BoxXyxy:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _square(box: BoxXyxy, least_px: float, width_px: int, height_px: int) -> BoxXyxy:
    """Return a square around the box inside the picture; the whole picture when none that small covers the box."""
    side = max(_long_side(box), least_px)
    if side >= min(width_px, height_px):
        if max(width_px, height_px) <= 1.3 * side or _long_side(box) > min(width_px, height_px):
            return 0.0, 0.0, float(width_px), float(height_px)
        side = float(min(width_px, height_px))
    left = min(max((box[0] + box[2] - side) / 2, 0.0), width_px - side)
    top = min(max((box[1] + box[3] - side) / 2, 0.0), height_px - side)
    return float(round(left)), float(round(top)), float(round(left + side)), float(round(top + side))
