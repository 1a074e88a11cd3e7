"""Judge the driver lens on labelled film, and write docs/errors.md.

    make eval-driver CUSTODES_DATA=FOLDER

Per look: at ten looks a second, as a unit has them, whether the eyes count as closed, against the label of that
frame; unclear frames are not judged. Per event: a told `eyes_closed` is right when it is told in a labelled sleepy
stretch, and the stretch is then found; the latency counts from the stretch's first frame to the alert.
Every other event that is told on these films is false: nobody drives, sleeps or yawns in them otherwise.
"""

import argparse
import datetime
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.drive_eval import interval
from bench.errors_page import put
from bench.playing import KNOWS_MORE, detector_that_knows_more, play
from bench.run import machine_facts
from custodes.core.errors import CustodesError
from custodes.edge.decide import Decider, parse_rule
from custodes.edge.decide.tally import DriverSummary, DriverTally
from custodes.edge.perceive import DriverPerceiver
from custodes.edge.watch_request import DRIVER_RULES, PHONE_RULES
from custodes.vision.face.reader import FaceNetworks, obtain_networks
from custodes.vision.objects import Detector

LABELS = Path(__file__).parent / "labels" / "driver_eyes.json"
LOOKS_PER_S = 10.0
FRAMES_PER_S = 30.0
"""Of every film that is labelled."""
RULES = (*DRIVER_RULES, *PHONE_RULES)
GATE_PRECISION, GATE_EVENTS = 0.95, 30
"""What a kind needs before it may count for a score: precision on film that nobody tuned it on, on enough events."""


@dataclass
class FilmVerdict:
    """One film: looks by (labelled closed, told closed), events, and what it came to."""

    film: str
    looks: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    unknown: int = 0
    sleepy: int = 0
    found: int = 0
    right: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    summary: DriverSummary | None = None
    searches: int = 0
    phones: int = 0
    """How often phones were looked for, and seen."""


def judge(
    path: Path, name: str, labels: dict[str, Any], networks: FaceNetworks, detector: Detector | None
) -> FilmVerdict:
    """Play one film as a unit would, and hold what it says against the labels."""
    verdict = FilmVerdict(name, sleepy=len(labels["sleepy"]))
    closed = set(labels["closed"])
    unclear = {frame for start, stop in labels["unclear"] for frame in range(start, stop)} - closed
    eye, tally = DriverPerceiver(lens="driver", networks=networks, detector=detector), DriverTally()
    decider = Decider([parse_rule(rule) for rule in RULES])
    onsets: list[tuple[str, float]] = []
    for look in play(path, eye, detect_fps=LOOKS_PER_S):
        seen, frame = look.observation, round(look.at_s * FRAMES_PER_S)
        tally.take(seen)
        phones = seen.driver.phones if seen.driver is not None else None
        verdict.searches += phones is not None
        verdict.phones += bool(phones)
        updates = decider.on_observation(seen)
        onsets += [(update.event.kind, look.at_s) for update in updates if update.phase == "onset"]
        if seen.driver is None or tally.state.known.openness_0_1(seen.driver.eyes_open) is None:
            verdict.unknown += 1
        elif frame not in unclear:
            verdict.looks[frame in closed, tally.closed] += 1
    _match(verdict, onsets, [(start / FRAMES_PER_S, stop / FRAMES_PER_S) for start, stop in labels["sleepy"]])
    verdict.summary = tally.summary()
    return verdict


def _match(verdict: FilmVerdict, onsets: Sequence[tuple[str, float]], sleepy: Sequence[tuple[float, float]]) -> None:
    """Sort what was told into right and false; an event counts for the stretch in which it was told."""
    for start_s, stop_s in sleepy:
        within = [at_s for kind, at_s in onsets if kind in ("eyes_closed", "drowsy") and start_s <= at_s < stop_s]
        if within:
            verdict.found += 1
            verdict.latencies_s.append(min(within) - start_s)
    for kind, at_s in onsets:
        hit = kind in ("eyes_closed", "drowsy") and any(start_s <= at_s < stop_s for start_s, stop_s in sleepy)
        (verdict.right if hit else verdict.false)[kind] += 1


def page(verdicts: Sequence[FilmVerdict], cats: str, *, when: str, machine: str) -> str:
    """Return docs/errors.md."""
    lines = [
        "# Errors of the driver lens",
        "",
        "Written by `make eval-driver`; do not edit. How it is judged is said in `bench/driver_eval.py`, how the",
        "labels were made in `bench/labels/driver_eyes.json`. Intervals are Wilson's, 95 %.",
        "",
        "Read this first: five films of four people, a minute in all. One lets the lids fall, one sits in a car; none",
        "yawns, looks away for three seconds, wears glasses or drives at night. The one figure that decides when lids",
        "count as shut was set on these very films. They show blunders; they cannot show a rate on the road. So every",
        "kind stays on trial and no score counts it. A phone needs a detector that knows one; the",
        "default one does not.",
        "",
        f"Measured {when} on {machine}.",
        "",
        "## Look by look: are the eyes shut?",
        "",
        "| film | looks judged | shut | found | false | precision | recall | eyes not told |",
        "|---|---|---|---|---|---|---|---|",
        *(look_row(one.film, one.looks, one.unknown) for one in verdicts),
    ]
    total: Counter[tuple[bool, bool]] = Counter()
    for one in verdicts:
        total += one.looks
    lines += [look_row("**all**", total, sum(one.unknown for one in verdicts)), ""]
    return "\n".join([*lines, *events_part(verdicts), "", "## A cat called a person", "", cats]) + "\n"


def look_row(name: str, looks: Counter[tuple[bool, bool]], unknown: int) -> str:
    """Return one row of the first table."""
    hit, missed, false = looks[True, True], looks[True, False], looks[False, True]
    precision = f"{hit / (hit + false):.2f} ({interval(hit, hit + false)})" if hit + false else "–"
    recall = f"{hit / (hit + missed):.2f} ({interval(hit, hit + missed)})" if hit + missed else "–"
    judged = sum(looks.values())
    return f"| {name} | {judged} | {hit + missed} | {hit} | {false} | {precision} | {recall} | {unknown} |"


def events_part(verdicts: Sequence[FilmVerdict]) -> Iterator[str]:
    """Yield the tables of events: film by film, and kind by kind with its gate."""
    yield from ("## Event by event", "")
    yield "| film | sleepy stretches | found | latency to the alert | right | false | PERCLOS | blinks | yawns |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in verdicts:
        summary = one.summary
        latency = ", ".join(f"{seconds:.1f} s" for seconds in one.latencies_s) or "–"
        perclos = f"{summary.perclos:.1%}" if summary is not None and summary.perclos is not None else "–"
        yield (
            f"| {one.film} | {one.sleepy} | {one.found} | {latency} | {one.right.total()} | {one.false.total()} |"
            f" {perclos} | {summary.blinks if summary else 0} | {summary.yawns if summary else 0} |"
        )
    searches, phones = sum(one.searches for one in verdicts), sum(one.phones for one in verdicts)
    looked = (
        f"was looked for {searches} times with {KNOWS_MORE}, and seen {phones} times" if searches else "was not judged"
    )
    yield from ("", f"No film shows a phone. One {looked}.")
    yield from ("", f"A kind may count for a score from precision {GATE_PRECISION} on {GATE_EVENTS} events on.", "")
    yield "| kind | told | right | precision | standing |"
    yield "|---|---|---|---|---|"
    for rule in RULES:
        kind = str(rule["kind"])
        right, false = sum(one.right[kind] for one in verdicts), sum(one.false[kind] for one in verdicts)
        told = right + false
        passed = told >= GATE_EVENTS and right / told >= GATE_PRECISION
        precision = f"{right / told:.2f} ({interval(right, told)})" if told else "–"
        yield f"| `{kind}` | {told} | {right} | {precision} | {'may count' if passed else 'on trial'} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything was judged, 2 where there is nothing to judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.driver_eval", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("CUSTODES_DATA"), help="folder of labelled film")
    asked = parser.parse_args(arguments)
    if asked.data is None or not Path(asked.data).is_dir():
        print(
            "custodes: name the folder of labelled film: make eval-driver CUSTODES_DATA=FOLDER (it is no part of"
            " Custodes; the figures of the last run are in docs/errors.md)",
            file=sys.stderr,
        )
        return 2
    try:
        networks = obtain_networks(provider="openvino")
        films = json.loads(LABELS.read_text(encoding="utf-8"))["films"]
        detector = detector_that_knows_more(lambda line: print(line, file=sys.stderr))
        verdicts = [judge(Path(asked.data) / name, name, labels, networks, detector) for name, labels in films.items()]
    except (OSError, ValueError, CustodesError) as error:
        print(f"custodes: {error}", file=sys.stderr)
        return 2
    when = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    cats = "Judged by `make eval`; the table is in [accuracy](accuracy.md)."
    print(put(page(verdicts, cats, when=when, machine=machine_facts())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
