"""Judge telemetry and every known detector on the labelled set; print it, and write docs/accuracy.md."""

import argparse
import datetime
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import telemetry_eval, vision_eval
from bench.run import machine_facts
from custodes.core.errors import CustodesError
from custodes.vision.objects import detectors

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
UNNAMED = (
    "name the folder of labelled film: make eval CUSTODES_DATA=FOLDER (it is no part of Custodes; the figures of the"
    " last run are in docs/accuracy.md)"
)


def page(
    verdicts: Sequence[vision_eval.Verdict],
    missing: Mapping[str, str],
    measured: telemetry_eval.Measured,
    *,
    when: str,
    machine: str,
) -> str:
    """Return docs/accuracy.md."""
    head = [
        "# Accuracy",
        "",
        "Written by `make eval` from labelled film that is no part of this repository; do not edit. How the labels",
        "were made is said in `bench/labels/person_presence.json`, what counts as found in `bench/vision_eval.py`.",
        "The set is small: it shows blunders, not percentages that hold elsewhere.",
        "",
        f"Measured {when} on {machine}.",
    ]
    lines = [*head, "", *_people(verdicts, missing), "", *_films(verdicts), "", *_telemetry(measured)]
    return "\n".join(lines) + "\n"


def _people(verdicts: Sequence[vision_eval.Verdict], missing: Mapping[str, str]) -> Iterator[str]:
    yield from ("## People told of, and cats called persons", "")
    yield "| detector | precision of events | recall | seconds covered | cat photos called a person | cats found |"
    yield "|---|---|---|---|---|---|"
    for one in verdicts:
        yield (
            f"| {one.detector} | {one.precision:.2f} | {one.recall:.2f} | {one.recall_seconds:.0%} |"
            f" {one.cats_called_person} of {one.photos} | {one.cats_found} of {one.photos} |"
        )
    for name, why in missing.items():
        yield f"| {name} | not judged: {_cell(why)} | | | | |"
    for one in verdicts:
        if one.events_found_awake is not None:
            yield from ("", f"{one.detector}: {vision_eval.idling_line(one)}.")


def _films(verdicts: Sequence[vision_eval.Verdict]) -> Iterator[str]:
    yield from ("## Film by film", "")
    yield "| detector | film | events labelled | found | told | right | seconds present | covered | false |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for verdict in verdicts:
        for one in verdict.films:
            yield (
                f"| {verdict.detector} | {one.film} | {one.labelled} | {one.found} | {one.told} | {one.right} |"
                f" {one.seconds_present:.1f} | {one.seconds_covered:.1f} | {one.seconds_false:.1f} |"
            )


def _telemetry(measured: telemetry_eval.Measured) -> Iterator[str]:
    yield from ("## Position and speed", "")
    yield "| receiver's log | samples | fastest claimed (m/s) | fastest held (m/s) | it was | right |"
    yield "|---|---|---|---|---|---|"
    for log in measured.logs:
        yield (
            f"| {log.name} | {log.samples} | {log.claimed_max_mps:.2f} | {log.held_max_mps:.2f} |"
            f" {_cell(log.expected)} | {'yes' if log.ok else 'no'} |"
        )
    yield ""
    yield from (f"- {telemetry_eval.drive_line(drive)}" for drive in measured.drives)
    yield f"- {telemetry_eval.gpmf_line(measured.gpmf)}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything ran and telemetry is right, 1 when it is not, 2 where there is nothing to judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("CUSTODES_DATA"), help="folder of labelled film")
    asked = parser.parse_args(arguments)
    if asked.data is None or not Path(asked.data).is_dir():
        print(
            f"custodes: {UNNAMED if asked.data is None else f'{asked.data} is no folder; {UNNAMED}'}", file=sys.stderr
        )
        return 2
    folder = Path(asked.data)
    os.environ["CUSTODES_DATA"] = str(folder)  # the set has weights too, for machines without Internet
    try:
        measured = telemetry_eval.measure(folder)
        telemetry_eval.show(measured)
        verdicts, missing = vision_eval.judge_all(folder, list(detectors), on_verdict=vision_eval.show)
    except (OSError, ValueError, CustodesError) as error:
        print(f"custodes: {error}", file=sys.stderr)
        return 2
    for name, why in missing.items():
        print(f"\n{name}: not judged: {why}")
    when = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    PAGE.write_text(page(verdicts, missing, measured, when=when, machine=machine_facts()), encoding="utf-8")
    print(f"\nwrote {PAGE.relative_to(PAGE.parent.parent)}")
    return 0 if measured.good else 1


if __name__ == "__main__":
    raise SystemExit(main())
