"""What seeing costs on the unit: the motion gate, the detector, and the whole pipeline, beside a Frigate-like one.

The reference was written for this bench from what Frigate's documentation says its motion detection and object
detection do with default settings (frame height 100, contrast, blur, running average, threshold 30, contour area 10;
every frame decoded; one detector call for each region of motion, at least 320 px wide, at 5 frames a second). None of
its code is here. It runs the same network on the same runtime as ours, in float, as the weights come.
"""

import os
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.playing import play
from bench.rows import Row, interleaved
from custodes.core.types import BoxXyxy, Detection
from custodes.edge.perceive import Perceiver, PerceiveSettings
from custodes.vision.boxes import iou_matrix
from custodes.vision.motion import MotionGate
from custodes.vision.objects import Detector, DetectorOptions, obtain_detector
from custodes.vision.ssd import decode as decode_ssd
from custodes.vision.tiles import TileChooser, look_at
from custodes.vision.weights import locate

SECONDS = 20.0
ROUNDS = 2
LOOK_S = 0.2
NS_PER_S = 1_000_000_000
UNIT = "ms CPU per s of film"


class FrigateLikeGate:
    """Motion as Frigate documents it: small, stretched, blurred, against a running average."""

    def __init__(self) -> None:
        self._mean: NDArray[np.float32] | None = None
        self._change: NDArray[np.float32] | None = None

    def look(self, luma: NDArray[np.uint8]) -> list[BoxXyxy]:
        """Return the boxes that moved, in pixels of the picture."""
        height, width = luma.shape
        size = (max(1, round(width * 100 / height)), 100)
        small = cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
        low, high = np.percentile(small, (4, 96))
        if low < high:
            small = (np.clip(small, low, high) - low) * np.float32(255 / (high - low))
        small = np.asarray(cv2.GaussianBlur(small, (3, 3), 1), np.float32)
        if self._mean is None or self._change is None:
            self._mean, self._change = small.copy(), np.zeros_like(small)
            return []
        change = cv2.absdiff(small, self._mean)
        cv2.accumulateWeighted(change, self._change, 0.2)
        both = cv2.min(change, self._change)
        _, fired = cv2.threshold(both.astype(np.uint8), 30, 255, cv2.THRESH_BINARY)
        fired = cv2.dilate(fired, None, iterations=1)  # type: ignore[call-overload]
        contours, _ = cv2.findContours(fired, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.accumulateWeighted(small, self._mean, 0.01 if contours else 0.2)
        scale = height / 100
        found: list[BoxXyxy] = []
        for contour in contours:
            if cv2.contourArea(contour) > 10:
                left, top, across, down = cv2.boundingRect(contour)
                found.append((left * scale, top * scale, (left + across) * scale, (top + down) * scale))
        return found


def rows() -> Iterable[Row]:
    """Measure and yield one row per claim of targets.md, section 1."""
    detector = obtain_detector(say=print)
    plain = obtain_detector(say=print, options=DetectorOptions(precision="float"))
    yield from _gate_rows()
    yield from _detector_rows(detector, plain)
    with tempfile.TemporaryDirectory(prefix="custodes-bench-") as scratch:
        yield from _pipeline_rows(Path(scratch), detector, plain)


def _gate_rows() -> Iterable[Row]:
    random = np.random.default_rng(4)
    still = np.kron(random.integers(30, 220, (45, 80), dtype=np.uint8), np.ones((16, 16), np.uint8))
    pool = [
        np.clip(still + random.standard_normal(still.shape, np.float32) * 6, 0, 255).astype(np.uint8) for _ in range(30)
    ]
    ours, theirs = MotionGate(), FrigateLikeGate()
    ticks = iter(range(1_000_000))

    def look_ours() -> None:
        for picture in pool:
            ours.look(picture, at_ns=next(ticks) * NS_PER_S // 5)

    def look_theirs() -> None:
        for picture in pool:
            theirs.look(picture)

    cost, reference = (cost_s * 1000 / len(pool) for cost_s in interleaved(look_ours, look_theirs, rounds=8))
    yield Row("unit", "motion gate, a 720p frame", cost, "ms CPU", reference, "Frigate-like gate", 0.5)
    fresh, plain = MotionGate(), FrigateLikeGate()
    order = [pool[place] for place in random.integers(0, len(pool), 300)]
    fired = sum(bool(fresh.look(one, at_ns=tick * NS_PER_S // 5).regions_0_1) for tick, one in enumerate(order))
    beside = sum(bool(plain.look(one)) for one in order)
    note = f"the Frigate-like gate fired {beside} times; sigma 6"
    yield Row("unit", "false fires in 60 s of static noise", float(fired), "of 300 frames", target=5.0, note=note)


def _detector_rows(detector: Detector, plain: Detector) -> Iterable[Row]:
    random = np.random.default_rng(9)
    picture = cv2.resize(random.integers(0, 255, (12, 12, 3), dtype=np.uint8), (300, 300)).astype(np.uint8)
    rival = _litert(locate("ssd-openimages").path) if plain.identity.name == "ssd-openimages" else None

    def ours() -> None:
        for _ in range(10):
            detector.detect(picture)

    if rival is None:
        cost_s, _ = interleaved(ours, lambda: None, rounds=5)
        note = "LiteRT is not installed: pip install ai-edge-litert to compare"
        yield Row("unit", "detector, one look", cost_s * 100, "ms CPU", note=note)
        return

    def theirs() -> None:
        for _ in range(10):
            rival(picture)

    cost, reference = (cost_s * 100 for cost_s in interleaved(ours, theirs, rounds=5))
    note = f"{detector.identity.name}; resize, network and decoding"
    yield Row("unit", "detector, one look", cost, "ms CPU", reference, "LiteRT f32", 0.5, note=note)
    if detector.identity != plain.identity and "CUSTODES_DATA" in os.environ:
        yield _agreement(detector, plain, Path(os.environ["CUSTODES_DATA"]))


def _agreement(detector: Detector, plain: Detector, shared: Path) -> Row:
    """Compare on film that the ranges were not measured on, whole and in squares."""
    told = [0, 0, 0]
    for rgb in _views(shared):
        found, expected = detector.detect(rgb), plain.detect(rgb)
        for mine, others in ((found, expected), (expected, found)):
            for one in (one for one in mine if one.score_0_1 >= plain.usual_score_0_1):
                same = [other for other in others if other.object_class is one.object_class and _iou(one, other) >= 0.5]
                told[0] += 1
                told[1] += any(abs(other.score_0_1 - one.score_0_1) <= 0.1 for other in same)
                told[2] += any(other.score_0_1 >= plain.usual_score_0_1 for other in same)
    note = (
        f"of {told[0]} sure boxes of either, the share that the other has too: same class, IoU 0.5, score within 0.1;"
        f" {told[2] / told[0]:.3f} are sure in both"
    )
    return Row(
        "unit", "detector, agreement with float", told[1] / told[0], "of 1", None, "", 0.98, "at least", note=note
    )


def _views(shared: Path) -> Iterable[NDArray[np.uint8]]:
    for name, every in (
        ("home/intel_one-by-one-person-detection.mp4", 100),
        ("crowd/opencv_vtest_PETS09-S2L1.avi", 25),
    ):
        with av.open(str(shared / name)) as film:
            for number, frame in enumerate(film.decode(video=0)):
                if number % every == 0:
                    rgb = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                    yield from (rgb, rgb[:300, :300], rgb[-300:, -300:])
    for photo in sorted((shared / "labelled" / "cat_faces_tyoy").glob("*.jpg")):
        bgr = cv2.imdecode(np.frombuffer(photo.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        assert bgr is not None
        yield np.ascontiguousarray(bgr[:, :, ::-1], np.uint8)


def _iou(one: Detection, other: Detection) -> float:
    boxes = (np.array([each.box_px_xyxy], np.float32) for each in (one, other))
    return float(iou_matrix(*boxes)[0, 0])


def _litert(path: Path) -> Any:
    """Return a function that runs the default detector on LiteRT, or None where that is not installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    network = Interpreter(model_path=str(path), num_threads=1)
    network.allocate_tensors()
    entry = network.get_input_details()[0]["index"]
    boxes, classes = sorted(network.get_output_details(), key=lambda one: int(one["shape"][-1]))

    def run(rgb: NDArray[np.uint8]) -> object:
        small = cv2.resize(rgb, (300, 300)).astype(np.float32)
        network.set_tensor(entry, (small / 127.5 - 1.0)[None])
        network.invoke()
        return decode_ssd(
            network.get_tensor(boxes["index"])[0], network.get_tensor(classes["index"])[0], min_score_0_1=0.1
        )

    return run


def _pipeline_rows(scratch: Path, detector: Detector, plain: Detector) -> Iterable[Row]:
    shared = Path(os.environ["CUSTODES_DATA"]) if "CUSTODES_DATA" in os.environ else None
    if shared is not None:
        home = shared / "home" / "intel_one-by-one-person-detection.mp4"
        crowd = shared / "crowd" / "opencv_vtest_PETS09-S2L1.avi"
        if crowd.is_file():
            yield _pipeline("whole pipeline, busy: crowd", crowd, detector, plain, 0.4)
        if home.is_file():
            yield _pipeline("whole pipeline: people enter a room", home, detector, plain, 0.4)
    empty = empty_film(scratch)
    yield _pipeline("whole pipeline, empty 720p scene", empty, detector, plain, 0.10)
    cost, floor = (
        cost_s * 1000 / SECONDS
        for cost_s in interleaved(lambda: _look_through(empty, detector), lambda: _keyframes(empty), rounds=ROUNDS)
    )
    note = "the keyframes must be decoded in any case: the target above stands or falls with this floor"
    yield Row("unit", "the same beside its floor", cost, UNIT, floor, "libavcodec, keyframes", note=note)


def _look_through(film: Path, detector: Detector) -> int:
    """Play the film's first seconds through capture and perception; return how many inferences it took."""
    perceiver = Perceiver(lens="bench", settings=PerceiveSettings(), detector=detector)
    for _ in play(film, perceiver, until_s=SECONDS):
        pass
    return perceiver.inferences


def _keyframes(film: Path) -> int:
    """Decode the keyframes and nothing else; return how many there are."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        return sum(len(stream.codec_context.decode(packet)) for packet in container.demux(stream) if packet.is_keyframe)


def _pipeline(work: str, film: Path, detector: Detector, plain: Detector, target: float) -> Row:
    counts: dict[str, int] = {}

    def ours() -> None:
        counts["ours"] = _look_through(film, detector)

    def theirs() -> None:
        counts["theirs"] = _frigate_like(film, plain)

    cost, reference = (cost_s * 1000 / SECONDS for cost_s in interleaved(ours, theirs, rounds=ROUNDS))
    note = f"{film.name}, {SECONDS:.0f} s; inferences {counts['ours']} against {counts['theirs']}"
    return Row("unit", work, cost, UNIT, reference, "Frigate-like, OpenVINO", target, note=note)


def _frigate_like(film: Path, detector: Detector) -> int:
    """Decode every frame, gate at 5 a second, detect in each region of motion and around each thing found before."""
    gate, before, inferences, last_s = FrigateLikeGate(), list[BoxXyxy](), 0, -1.0
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for frame in container.decode(stream):
            at_s = float(frame.time or 0.0)
            if at_s > SECONDS:
                break
            if at_s - last_s < 0.95 * LOOK_S:
                continue
            last_s = at_s
            plane = frame.planes[0]
            rows_of = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * frame.height]
            moved = gate.look(rows_of.reshape(frame.height, plane.line_size)[:, : frame.width])
            if not moved:
                continue
            chooser = TileChooser(320)
            chooser.settings = type(chooser.settings)(per_look=100)
            parts = chooser.choose([*moved, *before], width_px=frame.width, height_px=frame.height, at_ns=1)
            inferences += len(parts)
            found = look_at(detector, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), parts)
            before = [one.box_px_xyxy for one in found if one.score_0_1 >= 0.5]
    return inferences


def empty_film(folder: Path) -> Path:
    """Write 20 s of a room in which nothing happens but a sensor's noise; 720p, 25 fps, a keyframe every 2 s."""
    target = folder / "empty.mp4"
    random = np.random.default_rng(2)
    still = cv2.GaussianBlur(cv2.resize(random.integers(40, 200, (18, 32), dtype=np.uint8), (1280, 720)), (0, 0), 3)
    with av.open(str(target), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 1280, 720, "yuv420p", 50
        stream.options = {"preset": "veryfast", "crf": "23", "sc_threshold": "0"}
        grain = (random.standard_normal((8, 720, 1280), np.float32) * 3).round().astype(np.int16)
        for index in range(int(SECONDS * 25)):
            shifted = np.roll(grain[index % 8], int(random.integers(1280)), axis=1)
            luma = np.clip(still + shifted, 0, 255).astype(np.uint8)
            planes = np.concatenate([luma, np.full((360, 1280), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return target
