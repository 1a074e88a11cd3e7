"""Judge the detectors of driving on labelled drives, and write docs/drives.md.

    make eval-drive CUSTODES_DRIVES=FOLDER       the folder may hold trips of both layouts, at any depth
    make eval-drive                              the physical model only

Layout of events: each told event is matched to a label of its kind that it overlaps within 1 s; each label once. What
is told where people said something else, or nothing, is counted by what they said. Layout of behaviours: each trip's
score, and whether they rank normal above drowsy above aggressive.

Three columns beside each other, all over the same worked-out motion:
- floor: one threshold on the force of the kind, nothing else, set on the training trips for the best F1;
- shipped: the figures that the rules have when nobody sets them;
- tuned: the same detectors with peak and change set on the training trips.
Training and test are kept apart by leaving one trip out: what is printed of a trip was set on the others.
"""

import argparse
import datetime
import itertools
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from bench import drive_model
from bench.run import machine_facts
from custodes.core.clock import NS_PER_S
from custodes.core.errors import CustodesError
from custodes.core.types import Event, Sample
from custodes.edge.decide import KINDS, id_source, parse_rule
from custodes.edge.decide.driving.harsh import Harsh, HarshState
from custodes.edge.decide.driving.motion import Motion, MotionState, follow
from custodes.edge.telemetry import read_telemetry
from custodes.edge.telemetry.layouts import Label, LabelledDrive, Manoeuvre, labelled_folders, read_labelled
from custodes.edge.trips import trips_of
from custodes.score.formula import Score, score_trip
from custodes.score.words import decimal

PAGE = Path(__file__).parent.parent / "docs" / "drives.md"
JUDGED = (Manoeuvre.BRAKE, Manoeuvre.CORNERING, Manoeuvre.ACCELERATION)
SLACK_NS = NS_PER_S
FLOORS = [value / 10 for value in range(10, 60, 2)]
PEAKS: Mapping[Manoeuvre, Sequence[float]] = {
    Manoeuvre.BRAKE: (2.2, 2.5, 2.8, 3.1, 3.4),
    Manoeuvre.CORNERING: (2.8, 3.1, 3.4, 3.7),
    Manoeuvre.ACCELERATION: (1.5, 1.8, 2.1, 2.4, 2.7),
}
CHANGES: Mapping[Manoeuvre, Sequence[float]] = {
    Manoeuvre.BRAKE: (2.0, 3.0, 4.0),
    Manoeuvre.CORNERING: (15.0, 25.0, 35.0),
    Manoeuvre.ACCELERATION: (3.0, 4.5, 6.0),
}
MODEL_SEED = 20261123


@dataclass
class Moved:
    """A labelled drive and its motion, worked out once."""

    drive: LabelledDrive
    motions: list[Motion]

    @property
    def hours(self) -> float:
        return (self.drive.samples[-1].wall_ns - self.drive.samples[0].wall_ns) / NS_PER_S / 3600


@dataclass
class Tally:
    """What one detector made of some drives."""

    labels: int = 0
    found: int = 0
    told: int = 0
    right: int = 0
    hours: float = 0.0
    wrong_on: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        self.labels += other.labels
        self.found += other.found
        self.told += other.told
        self.right += other.right
        self.hours += other.hours
        self.wrong_on += other.wrong_on

    @property
    def recall(self) -> float:
        return self.found / self.labels if self.labels else float("nan")

    @property
    def precision(self) -> float:
        return self.right / self.told if self.told else float("nan")

    @property
    def f1(self) -> float:
        missed, false = self.labels - self.found, self.told - self.right
        return 2 * self.found / (2 * self.found + missed + false) if self.found else 0.0

    @property
    def false_an_hour(self) -> float:
        """Return the false alarms an hour: told where people said calm, or said nothing."""
        return (self.wrong_on["calm"] + self.wrong_on["nothing said"]) / self.hours if self.hours else 0.0


def interval(hits: int, tries: int) -> str:
    """Return the 95 % interval of a share by Wilson, as text."""
    if not tries:
        return "–"
    z, share = 1.96, hits / tries
    middle = (share + z * z / (2 * tries)) / (1 + z * z / tries)
    half = z * sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries)) / (1 + z * z / tries)
    return f"{max(0, middle - half):.2f}–{min(1, middle + half):.2f}"


def moved(drive: LabelledDrive) -> Moved:
    state, motions = MotionState(), []
    for sample in drive.samples:
        state, motion = follow(state, sample)
        if motion is not None:
            motions.append(motion)
    return Moved(drive, motions)


def floor_events(moved_drive: Moved, kind: Manoeuvre, threshold_mps2: float) -> list[tuple[int, int]]:
    """Return the stretches in which the force of a kind was above one threshold; those 2 s apart are one."""
    stretches: list[tuple[int, int]] = []
    for motion in moved_drive.motions:
        along, across = motion.along_mps2, motion.across_mps2
        force = {
            Manoeuvre.BRAKE: -along if along is not None else motion.level_mps2,
            Manoeuvre.ACCELERATION: along,
            Manoeuvre.CORNERING: abs(across) if across is not None else motion.level_mps2,
        }[kind]
        if force is None or force < threshold_mps2:
            continue
        if stretches and motion.wall_ns - stretches[-1][1] < 2 * NS_PER_S:
            stretches[-1] = (stretches[-1][0], motion.wall_ns)
        else:
            stretches.append((motion.wall_ns, motion.wall_ns))
    return stretches


def rule_events(moved_drive: Moved, kind: Manoeuvre, **figures: float) -> list[tuple[int, int]]:
    """Return the stretches that the rule of a kind tells."""
    rule: Any = KINDS.get(kind.value)(parse_rule({"kind": kind.value, **figures}))
    assert isinstance(rule, Harsh)
    state, new_id, ended = HarshState(), id_source(Random(1)), []
    for motion in moved_drive.motions:
        state, updates = rule.judge(state, motion, new_id)
        ended += [update.event for update in updates if update.phase == "end"]
    return [_span(event) for event in ended] + ([_span(state.event)] if state.event else [])


def _span(event: Event) -> tuple[int, int]:
    return event.onset_wall_ns, event.end_wall_ns or event.onset_wall_ns


def tally(told: Iterable[tuple[int, int]], moved_drive: Moved, kind: Manoeuvre) -> Tally:
    """Match what was told to the labels of one drive."""
    labels = [label for label in moved_drive.drive.labels if label.manoeuvre is kind]
    found: set[Label] = set()
    result = Tally(labels=len(labels), hours=moved_drive.hours)
    for start_ns, end_ns in told:
        touched = [
            label
            for label in moved_drive.drive.labels
            if start_ns <= label.end_wall_ns + SLACK_NS and end_ns >= label.start_wall_ns - SLACK_NS
        ]
        right = [label for label in touched if label.manoeuvre is kind]
        if right and set(right) <= found:
            continue  # the second half of a manoeuvre that was found already is no further claim
        result.told += 1
        if right:
            result.right += 1
            found.add(next(label for label in right if label not in found))
        else:
            said = {label.manoeuvre for label in touched} - {Manoeuvre.CALM}
            result.wrong_on[min(said).value if said else "calm" if touched else "nothing said"] += 1
    result.found = len(found)
    return result


@dataclass
class Verdict:
    """One kind of manoeuvre, judged three ways."""

    kind: Manoeuvre
    floor: Tally
    shipped: Tally
    tuned: Tally
    chosen: list[str]


def judge(drives: Sequence[Moved], kind: Manoeuvre) -> Verdict:
    """Judge one kind, leaving one trip out at a time for what is set on the others."""
    floors = {at: [tally(floor_events(one, kind, at), one, kind) for one in drives] for at in FLOORS}
    grid = list(itertools.product(PEAKS[kind], CHANGES[kind]))
    rules = {
        figures: [tally(rule_events(one, kind, peak_mps2=figures[0], change=figures[1]), one, kind) for one in drives]
        for figures in grid
    }
    verdict = Verdict(kind, Tally(), Tally(), Tally(), [])
    for left_out, one in enumerate(drives):
        verdict.shipped.add(tally(rule_events(one, kind), one, kind))
        best_floor = max(FLOORS, key=lambda at: pooled(floors[at], left_out).f1)
        verdict.floor.add(floors[best_floor][left_out])
        best = max(grid, key=lambda figures: pooled(rules[figures], left_out).f1)
        verdict.tuned.add(rules[best][left_out])
        verdict.chosen.append(f"{one.drive.name}: floor {best_floor:g}, peak {best[0]:g}, change {best[1]:g}")
    return verdict


def pooled(tallies: Sequence[Tally], left_out: int) -> Tally:
    total = Tally()
    for number, one in enumerate(tallies):
        if number != left_out or len(tallies) == 1:
            total.add(one)
    return total


@dataclass
class Ranked:
    """One trip of the layout of behaviours and its score."""

    name: str
    driver: str
    behaviour: str
    road: str
    score: Score


def ranked(drives: Sequence[LabelledDrive]) -> list[Ranked]:
    """Score every trip of the layout of behaviours. The longest trip of a recording stands for it."""
    found = []
    for drive in drives:
        trips = trips_of(drive.samples)
        if trips:
            longest = max(trips, key=lambda trip: trip.distance_m)
            found.append(Ranked(drive.name, drive.driver, drive.behaviour, drive.road, score_trip(longest)))
    return found


def in_order(rows: Sequence[Ranked]) -> dict[str, str]:
    """Return, for each driver, whether the means rank normal above drowsy above aggressive, as far as all are there."""
    verdicts = {}
    for driver in sorted({row.driver for row in rows}):
        means = {}
        for behaviour in ("normal", "drowsy", "aggressive"):
            scores = [float(row.score.exact) for row in rows if (row.driver, row.behaviour) == (driver, behaviour)]
            if scores:
                means[behaviour] = sum(scores) / len(scores)
        order = list(means.values())
        right = all(first > second for first, second in itertools.pairwise(order))
        said = " > ".join(f"{name} {value:.1f}" for name, value in means.items())
        verdicts[driver] = f"{said}: {'in order' if right else 'not in order'}"
    return verdicts


def calm_set(folder: Path) -> list[str]:
    """Return what the rules tell where nobody drove harshly: receiver logs, a track, a highway minute with its IMU."""
    lines = []
    for segment in folder.glob("telematics/comma2k19/*/*/*/processed_log"):
        minute = highway_minute(segment)
        told = Counter(event.kind for trip in trips_of(minute) for event in trip.events)
        lines.append(f"| comma2k19, a highway minute, IMU 104 Hz | {len(minute)} | 1 | {dict(told) or 'none'} |")
    for path in sorted([*folder.glob("telematics/nmea_gpsd_BSD2/*.log"), *folder.glob("telematics/gpx/*.gpx")]):
        try:
            samples = read_telemetry(path).samples
        except CustodesError:
            continue
        trips = trips_of(samples)
        told = Counter(event.kind for trip in trips for event in trip.events)
        lines.append(f"| {path.name} | {len(samples)} | {len(trips)} | {dict(told) or 'none'} |")
    return lines


def highway_minute(segment: Path) -> list[Sample]:
    """Return the minute's receiver and its inertial sensor (x forward, y right, z down) on one time line."""
    fix_s, fixes = np.load(segment / "GNSS/live_gnss_ublox/t"), np.load(segment / "GNSS/live_gnss_ublox/value")
    force_s, forces = np.load(segment / "IMU/accelerometer/t"), np.load(segment / "IMU/accelerometer/value")
    turn_s, turns = np.load(segment / "IMU/gyro/t"), np.load(segment / "IMU/gyro/value")
    samples = [
        Sample(round(at * 1e9), lat_deg=fix[0], lon_deg=fix[1], speed_mps=float(fix[2]))
        for at, fix in zip(fix_s, fixes, strict=True)
    ]
    level = [np.interp(force_s, turn_s, turns[:, axis]) for axis in range(3)]
    samples += [
        Sample(round(at * 1e9), accel_mps2_xyz=(float(x), float(y), float(z)), gyro_radps_xyz=turning)
        for at, (x, y, z), turning in zip(force_s, forces, zip(*level, strict=True), strict=True)
    ]
    return sorted(samples, key=lambda sample: sample.wall_ns)


def events_table(drives: Sequence[Moved]) -> list[str]:
    verdicts = [judge(drives, kind) for kind in JUDGED]
    heads = ["kind", "detector", "labels", "found", "recall (95 %)", "told", "right", "precision (95 %)"]
    heads += ["false an hour", "told on"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for verdict in verdicts:
        for name, one in (("floor", verdict.floor), ("shipped", verdict.shipped), ("tuned", verdict.tuned)):
            wrong = ", ".join(f"{what} {count}" for what, count in one.wrong_on.most_common()) or "–"
            lines.append(
                f"| {verdict.kind.value} | {name} | {one.labels} | {one.found} |"
                f" {one.recall:.2f} ({interval(one.found, one.labels)}) | {one.told} | {one.right} |"
                f" {one.precision:.2f} ({interval(one.right, one.told)}) | {one.false_an_hour:.1f} | {wrong} |"
            )
    lines += ["", "Set on the other trips, for each that was left out:", ""]
    lines += [f"- {verdict.kind.value}: {'; '.join(verdict.chosen)}" for verdict in verdicts]
    return lines


def behaviour_table(rows: Sequence[Ranked]) -> list[str]:
    lines = ["| trip | driver | said | road | score | lost on |", "|---|---|---|---|---|---|"]
    for row in rows:
        lost = ", ".join(f"{share.part} {decimal(share.lost)}" for share in row.score.shares if share.lost) or "–"
        shown = decimal(row.score.exact) + ("" if row.score.value is not None else " (too short to score)")
        lines.append(f"| {row.name} | {row.driver} | {row.behaviour} | {row.road} | {shown} | {lost} |")
    lines += ["", *(f"- {driver}: {said}" for driver, said in in_order(rows).items())]
    return lines


def section(title: str, drives: Sequence[LabelledDrive]) -> list[str]:
    labelled = [moved(drive) for drive in drives if drive.labels]
    behaved = [drive for drive in drives if drive.behaviour]
    lines = [f"## {title}", ""]
    if labelled:
        minutes = sum(one.hours for one in labelled) * 60
        counts = Counter(label.manoeuvre.value for one in labelled for label in one.drive.labels)
        said = ", ".join(f"{count} {what}" for what, count in counts.most_common())
        lines += [
            f"{len(labelled)} trips, {minutes:.0f} minutes; people labelled {said}.",
            "",
            *events_table(labelled),
            "",
        ]
    if behaved:
        lines += [f"{len(behaved)} trips with a behaviour.", "", *behaviour_table(ranked(behaved)), ""]
    return lines


def modelled(scratch: Path, seed: int = MODEL_SEED) -> list[LabelledDrive]:
    """Return the physical model's drives in both layouts. Its seed is not among those that figures were set on."""
    chance = Random(seed)
    drive_model.write_events_set(scratch / "events", seed=seed)
    manners = {
        "NORMAL1": drive_model.Manners(harsh_0_1=0.03),
        "DROWSY": drive_model.Manners(harsh_0_1=0.12, wander_mps2=0.4),
        "AGGRESSIVE": drive_model.Manners(harsh_0_1=0.5, speed_over_mps=6),
    }
    for driver, (name, one) in itertools.product(("D1", "D2", "D3"), manners.items()):
        model = drive_model.drive(14, chance, one, rate_hz=50.0)
        drive_model.write_behaviour_trip(
            scratch / "behaviour", model, chance, f"20151110175712-16km-{driver}-{name}-SECONDARY"
        )
    return [read_labelled(folder) for folder in labelled_folders(scratch)]


HEAD = """# Drives

Written by `make eval-drive`; do not edit. How it is judged is said in `bench/drive_eval.py`.

**floor**: one threshold on the force of the kind. **shipped**: the rules as they come. **tuned**: the same rules with
peak and change set on the training trips. Every figure of floor and tuned is of a trip that was left out when they
were set. Intervals are Wilson's, 95 %. *False an hour* counts what was told where people said calm or said nothing;
time without a label is not known to be calm, so it is an upper bound.
"""
MODEL_SAYS = """Drives of a physical model (`bench/drive_model.py`), not of a road: they show that axes are found under
vibration, bias, a bent compass and a crooked mount, and what a threshold does there. They do not show how people
drive. No figure that a rule ships with was set on this seed ({seed}).
"""
NO_FOLDER = """No folder of labelled drives was given for this run, so there is no figure on a road here. To have it:
`make eval-drive CUSTODES_DRIVES=FOLDER`.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything was judged, 2 where the folder holds nothing to judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.drive_eval", description=__doc__)
    parser.add_argument("--drives", type=Path, default=os.environ.get("CUSTODES_DRIVES"), help="labelled drives")
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("CUSTODES_DATA"), help="the shared set: calm drives"
    )
    parser.add_argument("--no-model", action="store_true", help="leave the physical model out")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the page is written")
    asked = parser.parse_args(arguments)
    when = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    lines = [*HEAD.splitlines(), "", f"Measured {when} on {machine_facts()}.", ""]
    try:
        if asked.drives is not None:
            drives = [read_labelled(folder) for folder in labelled_folders(Path(asked.drives))]
            if not drives:
                print(f"custodes: {asked.drives} holds no labelled drive in either layout", file=sys.stderr)
                return 2
            lines += section("Labelled drives", drives)
        else:
            lines += ["## Labelled drives", "", *NO_FOLDER.splitlines(), ""]
        if asked.data is not None and (calm := calm_set(Path(asked.data))):
            lines += ["## Recordings without a harsh moment", ""]
            lines += ["| recording | samples | trips | events told |", "|---|---|---|---|", *calm, ""]
        if not asked.no_model:
            with tempfile.TemporaryDirectory() as scratch:
                model = section("The physical model", modelled(Path(scratch)))
            lines += [*model[:2], *MODEL_SAYS.format(seed=MODEL_SEED).splitlines(), "", *model[2:]]
    except (OSError, ValueError, CustodesError) as error:
        print(f"custodes: {error}", file=sys.stderr)
        return 2
    text = "\n".join(lines).rstrip() + "\n"
    asked.page.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
