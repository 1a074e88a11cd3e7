"""Read the driver's face from pictures, one after another: find it, follow it, measure it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atan2, exp

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy, ModelIdentity
from custodes.vision import weights
from custodes.vision.face import blazeface
from custodes.vision.face.blazeface import LEFT_EYE, RIGHT_EYE, FoundFace
from custodes.vision.face.measures import (
    CHEEKS,
    LEFT_EYE_CORNERS,
    RIGHT_EYE_CORNERS,
    EyeLook,
    HeadPose,
    Points,
    eye_look,
    head_pose,
    mouth_open,
    shaded,
)
from custodes.vision.face.square import Square, square_around
from custodes.vision.runtime import Graph, InputPlan, compile_graph
from custodes.vision.weight_catalogue import FACE_DETECTOR, FACE_IRIS, FACE_MESH
from custodes.vision.yolox import letterbox

MESH_PX, EYE_PX = 192, 64
FACE_ROOM, EYE_ROOM = 1.5, 2.3
"""How much larger than the points the networks want their squares, from how they were trained."""
MIN_SCORE_0_1 = 0.5
FIND_EVERY_S = 1.0
"""Who is followed is looked for anew this often (s): another, larger face may be the driver's."""
LARGER = 1.3
"""Another face is taken for the driver's only if it is this much larger (in area) than the one that is followed."""


@dataclass(frozen=True, slots=True)
class FaceReading:
    """One face, measured. `sure_0_1` is the mesh network's own word on whether there is a face at all.

    `right_eye`, `left_eye` are the person's own; `shaded` says that dark glass or a shadow hides them. `eye_px` is the
    smaller width of the two eyes in the picture.
    """

    box_px_xyxy: BoxXyxy
    sure_0_1: float
    pose: HeadPose
    right_eye: EyeLook
    left_eye: EyeLook
    mouth_open: float
    eye_px: float
    cheek_luma: float
    shaded: bool


@dataclass(frozen=True, slots=True)
class FaceNetworks:
    """The three networks; lenses share them."""

    detector: Graph
    mesh: Graph
    iris: Graph
    identities: tuple[ModelIdentity, ...]


def obtain_networks(*, provider: str, threads: int = 1, keep_compiled: bool = True) -> FaceNetworks:
    """Return the networks, their weights pulled first if they are not here. Raises what `weights.pull` raises."""
    identities: list[ModelIdentity] = []

    def graph(name: str, plan: InputPlan) -> Graph:
        located = weights.pull(name)
        identities.append(located.identity)
        return compile_graph(
            located.path,
            plan,
            provider=provider,
            threads=threads,
            keep_compiled=keep_compiled,
            sha256_hex=located.identity.sha256_hex,
            exact=True,
        )

    return FaceNetworks(
        graph(FACE_DETECTOR, InputPlan(blazeface.SIDE_PX, blazeface.SIDE_PX, mean=127.5, scale=127.5)),
        graph(FACE_MESH, InputPlan(MESH_PX, MESH_PX, scale=255.0)),
        graph(FACE_IRIS, InputPlan(EYE_PX, EYE_PX, scale=255.0)),
        tuple(identities),
    )


class FaceReader:
    """Follows one face. One object a lens; not for several threads at once.

    `in_seat` says of a point (px) whether a face there may be the driver's.
    """

    def __init__(
        self, networks: FaceNetworks, *, in_seat: Callable[[tuple[float, float]], bool] = lambda point: True
    ) -> None:
        self._networks = networks
        self._in_seat = in_seat
        self._square: Square | None = None
        self._found_ns: int | None = None
        self.faces = 0
        """How many faces were in the seat when it was last searched."""
        self.inferences = 0

    def read(self, rgb: NDArray[np.uint8], *, at_ns: int) -> FaceReading | None:
        """Return the driver's face in a picture (height_px, width_px, 3), or None when there is none to be sure of."""
        if self._is_due(at_ns):
            self._search(rgb, at_ns)
        if self._square is None:
            return None
        reading, square = self._measure(rgb, self._square)
        self._square = square if reading.sure_0_1 >= MIN_SCORE_0_1 and _sound(square, rgb.shape) else None
        return reading if reading.sure_0_1 >= MIN_SCORE_0_1 else None

    def forget(self) -> None:
        """Begin anew: the film's clock or size changed."""
        self._square = self._found_ns = None

    def _is_due(self, at_ns: int) -> bool:
        if self._square is None or self._found_ns is None:
            return True
        return not 0 <= at_ns - self._found_ns < FIND_EVERY_S * NS_PER_S

    def _search(self, rgb: NDArray[np.uint8], at_ns: int) -> None:
        padded, ratio = letterbox(rgb, blazeface.SIDE_PX)
        first, second = self._networks.detector.run(padded)
        self.inferences += 1
        regressors, logits = (first, second) if first.shape[-1] == 16 else (second, first)
        found = blazeface.decode(
            regressors.reshape(-1, 16),
            logits.reshape(-1),
            min_score_0_1=MIN_SCORE_0_1,
            to_px=blazeface.SIDE_PX / ratio,
        )
        seated = [face for face in found if self._in_seat(face.middle_px)]
        self.faces = len(seated)
        self._found_ns = at_ns
        chosen = driver_of(seated, self._square)
        if chosen is not None:
            self._square = _square_of(chosen)

    def _measure(self, rgb: NDArray[np.uint8], square: Square) -> tuple[FaceReading, Square]:
        self.inferences += 3
        first, second = self._networks.mesh.run(square.cut(rgb, MESH_PX))
        flat, flag = (first, second) if first.size > second.size else (second, first)
        told = (flat.reshape(-1, 3) / MESH_PX).astype(np.float32)
        flat_px = square.to_picture(told[:, :2])
        mesh = np.hstack([flat_px, told[:, 2:] * square.side_px])
        right, right_shaded, right_px = self._eye(rgb, flat_px, RIGHT_EYE_CORNERS, mirrored=True)
        left, left_shaded, left_px = self._eye(rgb, flat_px, LEFT_EYE_CORNERS, mirrored=False)
        cheek = _luma_at(rgb, flat_px[list(CHEEKS)], square.side_px / 40)
        low, high = flat_px.min(axis=0), flat_px.max(axis=0)
        reading = FaceReading(
            box_px_xyxy=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
            sure_0_1=1.0 / (1.0 + exp(-min(max(float(flag.reshape(-1)[0]), -80.0), 80.0))),
            pose=head_pose(mesh),
            right_eye=right,
            left_eye=left,
            mouth_open=mouth_open(mesh),
            eye_px=min(right_px, left_px),
            cheek_luma=cheek,
            shaded=shaded(right_shaded, cheek) and shaded(left_shaded, cheek),
        )
        return reading, square_around(flat_px, share=FACE_ROOM, level=(RIGHT_EYE_CORNERS[0], LEFT_EYE_CORNERS[1]))

    def _eye(
        self, rgb: NDArray[np.uint8], mesh_px: Points, corners: tuple[int, int], *, mirrored: bool
    ) -> tuple[EyeLook, NDArray[np.uint8], float]:
        """Return one eye's measures, the luma between its corners, and its width (px).

        The network knows left eyes: a right one is shown to it in a mirror, and its points are turned back.
        """
        square = square_around(mesh_px[list(corners)], share=EYE_ROOM, level=(0, 1))
        cut = square.cut(rgb, EYE_PX)
        seen = np.ascontiguousarray(cut[:, ::-1]) if mirrored else cut
        first, second = self._networks.iris.run(seen)
        contour, iris = (first, second) if first.size > second.size else (second, first)
        contour, iris = contour.reshape(-1, 3)[:, :2].copy(), iris.reshape(-1, 3)[:, :2].copy()
        if mirrored:
            contour[:, 0], iris[:, 0] = EYE_PX - contour[:, 0], EYE_PX - iris[:, 0]
        middle = cv2.cvtColor(cut[EYE_PX * 3 // 8 : EYE_PX * 5 // 8, EYE_PX // 4 : EYE_PX * 3 // 4], cv2.COLOR_RGB2GRAY)
        return eye_look(contour, iris), np.asarray(middle, np.uint8), square.side_px / EYE_ROOM


def driver_of(seated: Sequence[FoundFace], followed: Square | None) -> FoundFace | None:
    """Return whose face is the driver's: the one that is followed, unless another is clearly larger."""
    if not seated:
        return None
    largest = max(seated, key=lambda face: face.area_px2)
    if followed is None:
        return largest
    reach = followed.side_px / 2
    same = [face for face in seated if _far(face.middle_px, followed.middle_px) < reach]
    if same and largest.area_px2 < LARGER * max(face.area_px2 for face in same):
        return None if len(same) == 1 else max(same, key=lambda face: face.area_px2)
    return largest


def _far(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _square_of(face: FoundFace) -> Square:
    left, top, right, bottom = face.box_px_xyxy
    across = face.points_px[LEFT_EYE] - face.points_px[RIGHT_EYE]
    return Square(
        face.middle_px, FACE_ROOM * max(right - left, bottom - top), atan2(float(across[1]), float(across[0]))
    )


def _sound(square: Square, shape: tuple[int, ...]) -> bool:
    """Return whether a followed square still lies in the picture and has not collapsed."""
    height_px, width_px = shape[:2]
    x, y = square.middle_px
    return 0 <= x <= width_px and 0 <= y <= height_px and 12 <= square.side_px <= 3 * max(width_px, height_px)


def _luma_at(rgb: NDArray[np.uint8], points_px: Points, reach_px: float) -> float:
    """Return the mean luma (0..255, BT.601) around points, those outside of the picture left out; 0 without any."""
    height_px, width_px = rgb.shape[:2]
    reach = max(round(reach_px), 1)
    seen: list[float] = []
    for x, y in points_px:
        left, top = round(float(x)) - reach, round(float(y)) - reach
        if left >= 0 and top >= 0 and left + 2 * reach < width_px and top + 2 * reach < height_px:
            patch = rgb[top : top + 2 * reach + 1, left : left + 2 * reach + 1].reshape(-1, 3).mean(axis=0)
            seen.append(float(patch @ np.array([0.299, 0.587, 0.114])))
    return sum(seen) / len(seen) if seen else 0.0
