"""Object detectors: one picture in, boxes with a class and a score out.

A detector registers itself under the name of its weights; it then appears in the settings and runs the contract suite
in `tests/contracts/test_detectors.py`.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.errors import BadInput, CustodesError
from custodes.core.registry import Registry
from custodes.core.types import Detection, ModelIdentity, ObjectClass
from custodes.vision import blazepose, ssd, weights, yolox
from custodes.vision.boxes import Boxes, suppress
from custodes.vision.int8 import Ranges, identity_of, ranges_of
from custodes.vision.labels import COCO_80, OPENIMAGES_24, openimages_classes
from custodes.vision.runtime import DEFAULT_PROVIDER, Graph, InputPlan, compile_graph, runs_8_bit
from custodes.vision.weight_catalogue import DEFAULT_DETECTOR, FALLBACK_DETECTOR
from custodes.vision.weights import LocatedWeights, Progress

LOWEST_SCORE_0_1 = 0.10
"""Detectors give everything from here on; the tracker makes use of weak boxes of objects that it already follows."""

_MAX_IOU = 0.5

Precision = Literal["auto", "float", "int8"]


class Detector(Protocol):
    """Finds objects in a picture. Safe to share among lenses: callers take turns."""

    @property
    def identity(self) -> ModelIdentity:
        """Return which weights these are, for the manifest."""
        ...

    @property
    def side_px(self) -> int:
        """Return the side (px) of the square that the network sees; larger pictures are scaled down to it."""
        ...

    @property
    def usual_score_0_1(self) -> float:
        """Return the score from which this detector is mostly right; settings may ask for another, class by class."""
        ...

    @property
    def classes(self) -> frozenset[ObjectClass]:
        """Return the classes that this detector can tell."""
        ...

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Return what is in the picture, shape (height_px, width_px, 3), uint8, best score first.

        Boxes are in pixels of this picture and inside it; scores from LOWEST_SCORE_0_1 on.
        """
        ...


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """How to run a detector; see `runtime.compile_graph`.

    `precision`: "float", "int8", or "auto": int8 where ranges are known for these weights and the processor gains.
    """

    provider: str = DEFAULT_PROVIDER
    precision: Precision = "auto"
    threads: int = 1
    keep_compiled: bool = True


DetectorMaker = Callable[[LocatedWeights, DetectorOptions], Detector]
detectors: Registry[DetectorMaker] = Registry("detector")


def load_detector(
    name: str = DEFAULT_DETECTOR, *, sha256_hex: str | None = None, options: DetectorOptions | None = None
) -> Detector:
    """Return the detector called `name`, from weights that are on this machine.

    Raises BadInput when the name is unknown, the weights are not here (run `custodes models pull`), or their hash is
    not the pinned one.
    """
    make = detectors.get(name)
    return make(weights.locate(name, sha256_hex=sha256_hex), options or DetectorOptions())


def obtain_detector(
    name: str = DEFAULT_DETECTOR,
    *,
    say: Callable[[str], None],
    progress: Progress | None = None,
    sha256_hex: str | None = None,
    options: DetectorOptions | None = None,
) -> Detector:
    """Return the detector called `name`, pulling its weights first if they are not here.

    When the default detector cannot be had, the fallback is used and `say` is told so, with the reason. Any other
    name fails as `weights.pull` does: who asked for a detector by name gets that one or none.
    """
    make = detectors.get(name)
    try:
        located = weights.pull(name, progress, sha256_hex=sha256_hex)
    except CustodesError as error:
        if name != DEFAULT_DETECTOR or sha256_hex is not None:
            raise
        say(
            f"The detector {name!r} cannot be had: {error} Using {FALLBACK_DETECTOR!r} instead, which sees people only."
        )
        make, located = detectors.get(FALLBACK_DETECTOR), weights.pull(FALLBACK_DETECTOR, progress)
    return make(located, options or DetectorOptions())


@detectors.register("ssd-openimages")
class SsdDetector:
    """SSD MobileNetV2 at 300 px with the 24 OpenImages labels of MediaPipe's Objectron."""

    side_px = 300
    usual_score_0_1 = 0.42

    def __init__(self, located: LocatedWeights, options: DetectorOptions) -> None:
        plan = InputPlan(self.side_px, self.side_px, mean=127.5, scale=127.5)
        self._graph, self.identity = _compile(located, plan, options)
        by_place = openimages_classes(OPENIMAGES_24)
        self._columns = np.array(sorted(by_place), np.intp)
        self._classes = tuple(by_place[place] for place in sorted(by_place))
        self.classes = frozenset(self._classes)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Return what is in the picture; see `Detector.detect`."""
        height_px, width_px = _check_picture(rgb)
        small = cv2.resize(rgb, (self.side_px, self.side_px), interpolation=cv2.INTER_LINEAR)
        encodings, logits = self._graph.run(np.asarray(small, np.uint8))
        boxes, scores, best = ssd.decode(encodings[0], logits[0][:, self._columns], min_score_0_1=LOWEST_SCORE_0_1)
        boxes *= np.array([width_px, height_px, width_px, height_px], np.float32)
        return as_detections(boxes, scores, [self._classes[column] for column in best])


class YoloxDetector:
    """YOLOX with the 80 labels of COCO."""

    usual_score_0_1 = 0.5

    def __init__(self, located: LocatedWeights, options: DetectorOptions, *, side_px: int) -> None:
        self.side_px = side_px
        plan = InputPlan(side_px, side_px, channels_first=True, bgr=True)
        self._graph, self.identity = _compile(located, plan, options)
        self._columns = np.array(sorted(COCO_80), np.intp)
        self._classes = tuple(COCO_80[place] for place in sorted(COCO_80))
        self.classes = frozenset(self._classes)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Return what is in the picture; see `Detector.detect`."""
        height_px, width_px = _check_picture(rgb)
        padded, ratio = yolox.letterbox(rgb, self.side_px)
        (output,) = self._graph.run(padded)
        boxes, scores, best = yolox.decode(
            output[0], columns=self._columns, side_px=self.side_px, min_score_0_1=LOWEST_SCORE_0_1
        )
        boxes = (boxes / ratio).clip(0, np.array([width_px, height_px, width_px, height_px], np.float32))
        return as_detections(boxes, scores, [self._classes[column] for column in best])


@detectors.register("yolox-nano")
def make_yolox_nano(located: LocatedWeights, options: DetectorOptions) -> Detector:
    """Return YOLOX-Nano (416 px)."""
    return YoloxDetector(located, options, side_px=416)


@detectors.register("yolox-tiny")
def make_yolox_tiny(located: LocatedWeights, options: DetectorOptions) -> Detector:
    """Return YOLOX-Tiny (416 px)."""
    return YoloxDetector(located, options, side_px=416)


@detectors.register("yolox-small")
def make_yolox_small(located: LocatedWeights, options: DetectorOptions) -> Detector:
    """Return YOLOX-S (640 px)."""
    return YoloxDetector(located, options, side_px=640)


@detectors.register("mediapipe-person")
class BlazePoseDetector:
    """MediaPipe's person detector (224 px): the fallback; people only, best when near and upright."""

    side_px = blazepose.SIDE_PX
    usual_score_0_1 = 0.5
    classes = frozenset({ObjectClass.PERSON})

    def __init__(self, located: LocatedWeights, options: DetectorOptions) -> None:
        plan = InputPlan(self.side_px, self.side_px, mean=127.5, scale=127.5)
        self._graph, self.identity = _compile(located, plan, options)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Return the people in the picture; see `Detector.detect`."""
        height_px, width_px = _check_picture(rgb)
        padded, ratio = yolox.letterbox(rgb, self.side_px)
        first, second = self._graph.run(padded)
        regressors, logits = (first, second) if first.shape[-1] == 12 else (second, first)
        boxes, scores = blazepose.decode(regressors.reshape(-1, 12), logits.reshape(-1), min_score_0_1=LOWEST_SCORE_0_1)
        limits = np.array([width_px, height_px, width_px, height_px], np.float32)
        boxes = (boxes * (self.side_px / ratio)).clip(0, limits)
        return as_detections(boxes, scores, [ObjectClass.PERSON] * len(scores), max_iou=0.3)


def as_detections(
    boxes: Boxes,
    scores: NDArray[np.float32],
    classes: Sequence[ObjectClass],
    *,
    max_iou: float = _MAX_IOU,
    max_cover: float = 1.0,
) -> list[Detection]:
    """Return the boxes that remain after suppression within each class, best score first; empty boxes go."""
    kept: list[Detection] = []
    names = np.array([str(name) for name in classes])
    for object_class in dict.fromkeys(classes):
        places = np.flatnonzero(names == str(object_class))
        for place in places[suppress(boxes[places], scores[places], max_iou=max_iou, max_cover=max_cover)]:
            left, top, right, bottom = (float(side) for side in boxes[place])
            if right - left >= 1.0 and bottom - top >= 1.0:
                kept.append(Detection(object_class, float(scores[place]), (left, top, right, bottom)))
    return sorted(kept, key=lambda detection: -detection.score_0_1)


class SharedDetector:
    """One detector for several lenses: their calls queue up, so that one network and its memory serve all."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._turn = threading.Lock()
        self.identity = detector.identity
        self.side_px = detector.side_px
        self.usual_score_0_1 = detector.usual_score_0_1
        self.classes = detector.classes

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Wait for this caller's turn, then detect; see `Detector.detect`."""
        with self._turn:
            return self._detector.detect(rgb)


def _compile(located: LocatedWeights, plan: InputPlan, options: DetectorOptions) -> tuple[Graph, ModelIdentity]:
    """Return the network and who it is: an 8-bit one has an identity of its own."""
    ranges = _ranges(located.identity, options)
    graph = compile_graph(
        located.path,
        plan,
        provider=options.provider,
        threads=options.threads,
        keep_compiled=options.keep_compiled,
        ranges=ranges,
        sha256_hex=located.identity.sha256_hex,
    )
    return graph, identity_of(located.identity, ranges) if ranges is not None else located.identity


def _ranges(identity: ModelIdentity, options: DetectorOptions) -> Ranges | None:
    if options.precision == "float" or (options.precision == "auto" and not runs_8_bit(options.provider)):
        return None
    ranges = ranges_of(identity.name)
    if ranges is not None and ranges.weights_sha256_hex != identity.sha256_hex:
        ranges = None  # weights of the user's own under a known name
    if options.precision == "int8":
        if ranges is None:
            raise BadInput(f"there is no 8-bit form of {identity.name!r}. Set precision to auto or float.")
        if options.provider not in ("openvino", "openvino:CPU"):
            raise BadInput(f"the provider {options.provider} has no 8-bit form here. Set precision to auto or float.")
    return ranges


def _check_picture(rgb: NDArray[np.uint8]) -> tuple[int, int]:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise BadInput(f"a detector needs an RGB picture of 8-bit values, got {rgb.dtype} {rgb.shape}.")
    return int(rgb.shape[0]), int(rgb.shape[1])
