"""Judge each detector that can be had: person events on labelled film, and cats called persons.

The labels are in bench/labels/person_presence.json, which says how they were made. An event is a stretch in which a
confirmed person is told of, gaps of up to two seconds bridged. A labelled event is found when half of it is covered;
a told event is right when half of it lies inside a labelled one, which may be a second longer on each side.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.playing import play
from custodes.core.errors import CustodesError, Temporary
from custodes.core.types import ObjectClass
from custodes.edge.perceive import Perceiver, PerceiveSettings
from custodes.vision.objects import Detector, detectors, obtain_detector
from custodes.vision.weight_catalogue import DEFAULT_DETECTOR

LABELS = Path(__file__).parent / "labels" / "person_presence.json"
BRIDGE_S = 2.0
SLACK_S = 1.0

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class FilmResult:
    """One film under one detector. Seconds count pictures, not events."""

    film: str
    labelled: int
    found: int
    told: int
    right: int
    seconds_present: float
    seconds_covered: float
    seconds_false: float
    looks: int
    inferences: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One detector on everything."""

    detector: str
    sha256_hex: str
    films: list[FilmResult]
    precision: float
    recall: float
    recall_seconds: float
    photos: int
    cats_called_person: int
    cats_found: int
    events_found_awake: int | None = None
    """Events found when the lens never idles; None where it was not measured."""
    events_missed_idling: int | None = None
    """Events found when the lens never idles, and not when it idles on keyframes."""


class Wakeful(Perceiver):
    """Wants every frame, always: what idling is compared with."""

    @property
    def wants_all_frames(self) -> bool:
        """Return True."""
        return True


def judge_film(
    folder: Path, name: str, spans: list[Span], detector: Detector, *, looks_with: type[Perceiver] = Perceiver
) -> FilmResult:
    """Return what the whole unit-side pipeline made of one film."""
    perceiver = looks_with(lens="film", settings=PerceiveSettings(), detector=detector)
    told: list[list[float]] = []
    for seen in play(folder / name, perceiver):
        people = [one for one in seen.observation.objects if one.confirmed and one.object_class is ObjectClass.PERSON]
        if not people:
            continue
        if told and seen.at_s - told[-1][1] <= BRIDGE_S:
            told[-1][1] = seen.at_s
        else:
            told.append([seen.at_s, seen.at_s])
    heard = [(start, end) for start, end in told]
    loose = [(start - SLACK_S, end + SLACK_S) for start, end in spans]
    covered = [sum(overlap(span, one) for one in heard) for span in spans]
    inside = [sum(overlap(one, span) for span in loose) for one in heard]
    return FilmResult(
        film=name,
        labelled=len(spans),
        found=sum(c >= 0.5 * length(span) for c, span in zip(covered, spans, strict=True)),
        told=len(heard),
        right=sum(
            i >= 0.5 * length(one) and i >= 0 and touches(one, loose) for i, one in zip(inside, heard, strict=True)
        ),
        seconds_present=round(sum(length(span) for span in spans), 1),
        seconds_covered=round(sum(covered), 1),
        seconds_false=round(sum(max(length(one) - i, 0.0) for one, i in zip(heard, inside, strict=True)), 1),
        looks=perceiver.looks,
        inferences=perceiver.inferences,
    )


def overlap(one: Span, other: Span) -> float:
    """Return the common length (s)."""
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def length(span: Span) -> float:
    """Return the length (s)."""
    return span[1] - span[0]


def touches(one: Span, others: list[Span]) -> bool:
    """Return whether `one` begins or ends within one of the others; a told event may be a single look."""
    return any(other[0] <= one[0] <= other[1] or other[0] <= one[1] <= other[1] for other in others)


def judge_photos(folder: Path, detector: Detector) -> tuple[int, int, int]:
    """Return (photos, how many were called a person, on how many a cat was found), at the detector's usual score."""
    photos = person = cat = 0
    for path in sorted(folder.glob("*.jpg")):
        bgr = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if bgr is None:
            raise ValueError(f"{path} is no picture")
        sure = [
            one.object_class
            for one in detector.detect(np.ascontiguousarray(bgr[:, :, ::-1]))
            if one.score_0_1 >= detector.usual_score_0_1
        ]
        photos += 1
        person += ObjectClass.PERSON in sure
        cat += ObjectClass.CAT in sure
    return photos, person, cat


def judge(folder: Path, name: str) -> Verdict:
    """Return the verdict on one detector. Raises CustodesError, with the reason, where its weights cannot be had."""
    fallen_back: list[str] = []
    detector = obtain_detector(name, say=fallen_back.append)
    if fallen_back:
        raise Temporary(fallen_back[0])
    films: list[FilmResult] = []
    awake: list[FilmResult] = []
    for film, label in json.loads(LABELS.read_text())["films"].items():
        spans = [(start, end) for start, end in label["present_s"]]
        films.append(judge_film(folder, film, spans, detector))
        if name == DEFAULT_DETECTOR:  # how idling does is a matter of the gate: one detector tells
            awake.append(judge_film(folder, film, spans, detector, looks_with=Wakeful))
    photos, person, cat = judge_photos(folder / "labelled" / "cat_faces_tyoy", detector)
    told, labelled = sum(one.told for one in films), sum(one.labelled for one in films)
    present = sum(one.seconds_present for one in films)
    return Verdict(
        detector=detector.identity.name,
        sha256_hex=detector.identity.sha256_hex,
        films=films,
        precision=round(sum(one.right for one in films) / told, 3) if told else 1.0,
        recall=round(sum(one.found for one in films) / labelled, 3),
        recall_seconds=round(sum(one.seconds_covered for one in films) / present, 3),
        photos=photos,
        cats_called_person=person,
        cats_found=cat,
        events_found_awake=sum(one.found for one in awake) if awake else None,
        events_missed_idling=missed_idling(films, awake) if awake else None,
    )


def missed_idling(idling: list[FilmResult], awake: list[FilmResult]) -> int:
    """Return how many events fewer were found with idling, film by film: one film's luck makes good no other's."""
    return sum(max(each.found - one.found, 0) for one, each in zip(idling, awake, strict=True))


def judge_all(
    folder: Path, names: Iterable[str], *, on_verdict: Callable[[Verdict], None]
) -> tuple[list[Verdict], dict[str, str]]:
    """Return the verdicts, and why each of the rest could not be had. Weights are fetched where they can be.

    A verdict takes minutes; `on_verdict` hears each as it stands.
    """
    verdicts: list[Verdict] = []
    missing: dict[str, str] = {}
    for name in names:
        try:
            verdict = judge(folder, name)
        except CustodesError as error:
            missing[name] = str(error)
            continue
        verdicts.append(verdict)
        on_verdict(verdict)
    return verdicts, missing


def idling_line(verdict: Verdict) -> str:
    """Say what idling on keyframes cost."""
    return (
        f"of {verdict.events_found_awake} events found when every frame is decoded, idling on keyframes misses"
        f" {verdict.events_missed_idling}"
    )


def show(verdict: Verdict) -> None:
    """Print one verdict as a table."""
    print(f"\n{verdict.detector}  sha256 {verdict.sha256_hex[:12]}")
    print(f"  {'film':46}{'labelled':>9}{'found':>6}{'told':>6}{'right':>6}{'present':>9}{'covered':>9}{'false':>7}")
    for one in verdict.films:
        print(
            f"  {one.film:46}{one.labelled:>9}{one.found:>6}{one.told:>6}{one.right:>6}{one.seconds_present:>7.1f} s"
            f"{one.seconds_covered:>7.1f} s{one.seconds_false:>5.1f} s"
        )
    print(
        f"  person events: precision {verdict.precision:.2f}, recall {verdict.recall:.2f}"
        f" ({verdict.recall_seconds:.0%} of the seconds)"
    )
    if verdict.events_found_awake is not None:
        print(f"  {idling_line(verdict)}")
    print(
        f"  cat photos: {verdict.cats_called_person} of {verdict.photos} called a person,"
        f" a cat found on {verdict.cats_found}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CUSTODES_DATA"), help="the shared set")
    parser.add_argument("--detector", action="append", help="only this one; may be given again")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print("vision_eval: give --data FOLDER, or set CUSTODES_DATA", file=sys.stderr)
        return 2
    try:
        verdicts, missing = judge_all(
            Path(arguments.data),
            arguments.detector or list(detectors),
            on_verdict=lambda verdict: None if arguments.json else show(verdict),
        )
    except (OSError, ValueError) as error:
        print(f"vision_eval: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps({"verdicts": [asdict(one) for one in verdicts], "missing": missing}))
    for name, why in missing.items():
        print(f"vision_eval: {name} is not judged: {why}", file=sys.stderr)
    return 2 if arguments.detector and missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
