"""Judge the road lens on rides with known truth, a real minute with radar, and film; write its part of docs/errors.md.

    make eval-road CUSTODES_DATA=FOLDER

Rides: a model of vehicles in space and a pinhole camera (`bench/road_scenes.py`); the rules see boxes that scatter.
Radar: a minute of comma2k19 (MIT) says where real vehicles were; boxes are drawn from that, the speed is the bus's.
Drift: the freeway film as a camera sees it that moves sideways. Approach: one photograph out of the radar's minute
comes nearer as the geometry of an approach has it, through the real detector and tracker; its radar knows the true
distance. Film: nothing on it should be told.
"""

import argparse
import datetime
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

import av
import numpy as np

from bench.drive_eval import interval
from bench.errors_page import put
from bench.lane_film import WAITS_S, Drifted, drifts
from bench.playing import KNOWS_MORE, detector_that_knows_more, play
from bench.road_real import Approach, RadarMinute, approach, radar_minute
from bench.road_scenes import Scene, scenes
from bench.run import machine_facts
from custodes.core.errors import CustodesError
from custodes.core.types import Lamp, ObjectClass, Sample
from custodes.edge.decide import Decider, parse_rule
from custodes.edge.perceive import PerceiveSettings, RoadPerceiver
from custodes.vision.lamps import lamp_of
from custodes.vision.objects import Detector, obtain_detector

RIDES = 60
FILMS = {
    "road/udacity_solidWhiteRight.mp4": ((0.507, 0.55), 100.0),
    "road/mapillary_london_h265.mp4": ((0.5, 0.55), 30.0),
}
"""Where the road vanishes, by eye, and a speed (km/h) that fits: the films tell none."""
KINDS = ("forward_collision", "tailgating", "lane_departure", "stop_sign", "red_light")
RED_FILM = "road/mapillary_london_h265.mp4"
GATE_PRECISION, GATE_EVENTS = 0.95, 30
"""What a kind needs before it may count for a score: precision on film of real roads, on enough events."""


@dataclass(frozen=True, slots=True)
class SceneVerdict:
    """One scene over all its rides."""

    scene: Scene
    rides: int
    told: int
    right_doing: int
    left_s: tuple[float, ...] = ()
    """The true time to the collision (s) when it was told, least first."""


def judge_scene(scene: Scene, rides: int = RIDES) -> SceneVerdict:
    """Return in how many rides something was told, and how often whose doing it is was told right."""
    chance = Random(scene.name)
    told = doing = 0
    left_s: list[float] = []
    for _ in range(rides):
        road = scene.ride(chance)
        onsets = [one for one in road.updates if one.phase == "onset"]
        told += bool(onsets)
        left_s += road.left_s[:1] if scene.told else []
        doing += bool(onsets and scene.doing) and road.facts(onsets[0])["whose doing"] == scene.doing
    return SceneVerdict(scene, rides, told, doing, tuple(sorted(left_s)))


def judge_film(
    path: Path, ahead: tuple[float, float], kmh: float, detector: Detector, kinds: Sequence[str]
) -> tuple[Counter[str], float]:
    """Return how often each of the kinds was told on a film, and how long it is (s)."""
    eye = RoadPerceiver(lens="road", settings=PerceiveSettings(), detector=detector, ahead=ahead)
    decider = Decider([parse_rule({"kind": kind}) for kind in kinds])
    told: Counter[str] = Counter()
    last_s = 0.0
    for look in play(path, eye):
        decider.on_sample(Sample(look.observation.wall_ns, speed_mps=kmh / 3.6))
        said = decider.on_observation(look.observation)
        told.update(one.event.kind for one in said if one.phase == "onset")
        last_s = look.at_s
    return told, last_s


@dataclass
class Lamps:
    """Lights on film of which each shows red: how often one was found, and what was read of it."""

    found: int = 0
    read: Counter[Lamp] = field(default_factory=Counter)


def judge_lamps(folder: Path, detector: Detector) -> Lamps:
    """Return what is read of the lights on RED_FILM."""
    lamps = Lamps()
    with av.open(str(folder / RED_FILM)) as film:
        for number, frame in enumerate(film.decode(video=0)):
            if number % 6:
                continue
            rgb = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            for one in detector.detect(rgb):
                if one.object_class is ObjectClass.TRAFFIC_LIGHT and one.score_0_1 >= detector.usual_score_0_1:
                    lamps.found += 1
                    lamp = lamp_of(rgb, one.box_px_xyxy)
                    lamps.read.update([] if lamp is None else [lamp])
    return lamps


def page(
    verdicts: Sequence[SceneVerdict],
    minute: RadarMinute,
    approaches: Sequence[Approach],
    drifted: Sequence[Drifted],
    films: dict[str, tuple[Counter[str], float]],
    lamps: Lamps | None,
    *,
    when: str,
    machine: str,
) -> str:
    """Return the road lens's part of docs/errors.md."""
    lines = [
        "# Errors of the road lens",
        "",
        "Written by `make eval-road`; do not edit. How it is judged is said in `bench/road_eval.py`.",
        "",
        "Read this first: there is no labelled film here of anybody who tailgates or nearly runs into somebody. The",
        "rides are a model: it shows that the rules keep what they promise, not what a road does to a detector. Two",
        "real films, 14 seconds in all, and one real minute of radar can show false alarms alone; each was looked at",
        "while the rules were made. So every kind stays on trial, and no score counts it. Stop signs and lights need a",
        "detector that knows them; the default one knows neither. The unit knows no indicator: who changes lanes at",
        "leisure is now and then told that they drift. In London a car stands in the next lane, and who films turns",
        "while passing it.",
        "",
        f"Measured {when} on {machine}.",
        "",
        "## Rides with known truth",
        "",
        "Boxes scatter by 3 % of their size, the focal length is stated with an error of up to 8 %.",
        "",
        "| ride | rule | should be told | rides | told | time left then: median, least | whose doing, told right |",
        "|---|---|---|---|---|---|---|",
        *(_scene_row(one) for one in verdicts),
        "",
        *_real_part(minute, approaches),
        "",
        *_drift_part(drifted),
        "",
        "## Film",
        "",
        f"| film | seconds | {' | '.join(f'`{kind}`' for kind in KINDS)} | should be told |",
        f"|---|---|{'---|' * len(KINDS)}---|",
        *(_film_row(name, *one) for name, one in films.items()),
        "",
        *_lamps_part(lamps),
        "",
        *_gate_part(minute, films),
    ]
    return "\n".join(lines) + "\n"


def _scene_row(one: SceneVerdict) -> str:
    doing = f"{one.right_doing} of {one.told}" if one.scene.doing and one.told else "–"
    should = "yes" if one.scene.told else "no"
    collides = one.scene.kind == "forward_collision" and one.left_s
    left = f"{median(one.left_s):.1f} s, {one.left_s[0]:.1f} s" if collides else "–"
    return f"| {one.scene.name} | `{one.scene.kind}` | {should} | {one.rides} | {one.told} | {left} | {doing} |"


def _real_part(minute: RadarMinute, approaches: Sequence[Approach]) -> Iterator[str]:
    yield from ("## A real minute, by radar", "")
    yield (
        f"{minute.seconds:.0f} s of town traffic at up to {minute.fastest_mps * 3.6:.0f} km/h, somebody ahead for"
        f" {minute.led_s:.0f} s. By radar the time gap was never below {minute.least_gap_s:.1f} s, the time to"
        f" collision never below {minute.least_ttc_s:.1f} s: nothing should be told, and {minute.told} events were."
    )
    yield (
        f"The lead's distance by the width of its box is off by {minute.gap_error:.0%} in the median (a width of 1.8 m"
        " is assumed; boxes are drawn from radar with a width of 1.65 to 2.0 m each)."
    )
    yield from ("", "## A photograph comes nearer", "")
    yield "| closing in by | true distance at first | by its box's width | first warning | time left, in truth |"
    yield "|---|---|---|---|---|"
    for one in approaches:
        warned = f"{one.warned_s:.1f} s" if one.warned_s is not None else "none"
        left = f"{one.left_s:.1f} s" if one.left_s is not None else "–"
        gap = f"{one.first_gap_m:.0f} m" if one.first_gap_m is not None else "not seen"
        yield f"| {one.closing_mps:.0f} m/s | {one.true_gap_m:.0f} m | {gap} | after {warned} | {left} |"


def _drift_part(drifted: Sequence[Drifted]) -> Iterator[str]:
    yield from ("## The camera drifts", "")
    yield (
        "The freeway film, its road sheared as if the camera moved sideways from second"
        f" {WAITS_S:g} on. At 1.2 m/s one changes lanes: that should not be told. The truth is the film's own lane."
    )
    yield from ("", "| to the right by | told | our side is then truly over the line by |", "|---|---|---|")
    for one in drifted:
        told = f"over the line {one.line}" if one.line else "nothing"
        yield f"| {one.mps:g} m/s | {told} | {one.over_m:.2f} m{'' if one.line else ', at the end'} |"


def _lamps_part(lamps: Lamps | None) -> Iterator[str]:
    if lamps is None:
        yield f"Signs and lights were not judged on film: the weights of {KNOWS_MORE} were not here."
        return
    other = lamps.read.total() - lamps.read["red"]
    yield (
        f"Every light ahead in London shows red. {KNOWS_MORE} found one {lamps.found} times in the whole picture:"
        f" {lamps.read['red']} were read red, {other} otherwise, {lamps.found - lamps.read.total()} not at all."
    )
    yield f"`stop_sign` and `red_light` are judged with {KNOWS_MORE}; no film shows either passed."


def _film_row(name: str, told: Counter[str], seconds: float) -> str:
    return f"| {name} | {seconds:.0f} | {' | '.join(str(told[kind]) for kind in KINDS)} | 0 |"


def _gate_part(minute: RadarMinute, films: dict[str, tuple[Counter[str], float]]) -> Iterator[str]:
    yield f"A kind may count for a score from precision {GATE_PRECISION} on {GATE_EVENTS} events on film of real roads."
    yield from ("", "| kind | told on real roads | right | precision | standing |", "|---|---|---|---|---|")
    for kind in KINDS:
        told = sum(one[0][kind] for one in films.values()) + minute.told_of[kind]
        precision = f"0.00 ({interval(0, told)})" if told else "–"
        yield f"| `{kind}` | {told} | 0 | {precision} | on trial |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything was judged, 2 where there is nothing to judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.road_eval", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("CUSTODES_DATA"), help="folder of film")
    asked = parser.parse_args(arguments)
    if asked.data is None or not Path(asked.data).is_dir():
        print(
            "custodes: name the folder of film: make eval-road CUSTODES_DATA=FOLDER (it is no part of Custodes; the"
            " figures of the last run are in docs/errors.md)",
            file=sys.stderr,
        )
        return 2
    folder = Path(asked.data)
    try:
        verdicts = [judge_scene(scene) for scene in scenes()]
        detector = obtain_detector(say=lambda line: print(line, file=sys.stderr))
        minute = radar_minute(folder)
        approaches = [approach(folder, detector, closing_mps=mps) for mps in (4.0, 6.0, 9.0)]
        drifted = drifts(folder)
        signals = detector_that_knows_more(lambda line: print(line, file=sys.stderr))
        films = {}
        for name, (ahead, kmh) in FILMS.items():
            films[name] = judge_film(folder / name, ahead, kmh, detector, KINDS[:3])
            if signals is not None:
                films[name][0].update(judge_film(folder / name, ahead, kmh, signals, KINDS[3:])[0])
        lamps = None if signals is None else judge_lamps(folder, signals)
    except (OSError, ValueError, CustodesError) as error:
        print(f"custodes: {error}", file=sys.stderr)
        return 2
    when = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    print(put(page(verdicts, minute, approaches, drifted, films, lamps, when=when, machine=machine_facts())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
