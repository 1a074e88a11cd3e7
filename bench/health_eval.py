"""Judge how a lens's health is told, on any film, and write docs/health.md.

    make eval-health CUSTODES_DATA=FOLDER

Each film is played to and fro at one look a second for ten minutes: whatever is told then is a false alarm. Then it
is played on with the damage that we do to it, for a minute: the figure is after how many seconds it is told. Night is
the same film, darkened over eight minutes and with a sensor's grain, and is no alarm either, until nothing is seen.
What is told is held back until it has lasted; a heartbeat (10 s) comes on top until the hub knows.
"""

import argparse
import copy
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.run import machine_facts
from custodes.core.clock import NS_PER_S
from custodes.core.types import TroubleKind
from custodes.vision.sight import SightWatch

PAGE = Path(__file__).parent.parent / "docs" / "health.md"
FOLDERS = ("crowd", "home", "road", "driver")
PLAYED_S, DAMAGED_S, DUSK_S = 600, 60, 480
MOST_LOOKS = 120
Luma = NDArray[np.uint8]


def hand(view: Luma) -> Luma:
    """Return a hand over the lens: lit from the side, no detail."""
    return np.asarray(np.full_like(view, 90) + np.linspace(-15, 15, view.shape[1])[None, :], np.uint8)


def tape(view: Luma) -> Luma:
    """Return black tape."""
    return np.full_like(view, 6)


def rag(view: Luma) -> Luma:
    """Return something that hangs over 85 % of the view."""
    return np.asarray(np.where(np.arange(view.shape[1])[None, :] < 0.85 * view.shape[1], 60, view), np.uint8)


def soft(view: Luma) -> Luma:
    """Return a lens out of focus, or breathed upon."""
    return np.asarray(cv2.GaussianBlur(view, (0, 0), view.shape[1] / 80), np.uint8)


def turned(view: Luma) -> Luma:
    """Return a view that is turned by a fifth of its width."""
    return np.roll(view, view.shape[1] // 5, 1)


def tilted(view: Luma) -> Luma:
    """Return a view that is tilted by a tenth of its height."""
    return np.roll(view, view.shape[0] // 10, 0)


DAMAGES: Mapping[str, tuple[Callable[[Luma], Luma], TroubleKind]] = {
    "hand": (hand, TroubleKind.COVERED),
    "tape": (tape, TroubleKind.COVERED),
    "85 % hidden": (rag, TroubleKind.COVERED),
    "out of focus": (soft, TroubleKind.BLURRED),
    "turned 1/5": (turned, TroubleKind.MOVED),
    "tilted 1/10": (tilted, TroubleKind.MOVED),
}


@dataclass(slots=True)
class Verdict:
    """One film: alarms per stretch that nobody damaged, and (what was told, after s) per damage."""

    film: str
    size_px: tuple[int, int]
    day_alarms: int = 0
    dusk_alarms: int = 0
    told: dict[str, tuple[TroubleKind | None, int]] = field(default_factory=dict)
    cpu_ms_a_look: float = 0.0


def looks_of(path: Path) -> list[Luma]:
    """Return the luma of up to MOST_LOOKS frames, a second apart, or closer in a short film."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        length_s = float((stream.duration or 0) * (stream.time_base or 0)) or 10.0
        step_s = 1.0 if length_s > 30 else 0.5
        frames: list[Luma] = []
        next_s = 0.0
        for frame in film.decode(stream):
            if (frame.time or 0.0) >= next_s - 1e-3 and len(frames) < MOST_LOOKS:
                frames.append(np.asarray(frame.to_ndarray(format="gray"), np.uint8))
                next_s += step_s
        return frames


def to_and_fro(looks: Sequence[Luma]) -> Iterator[Luma]:
    """Yield the looks forwards and backwards for ever."""
    order = [*range(len(looks)), *range(len(looks) - 2, 0, -1)]
    while True:
        for number in order:
            yield looks[number]


def dusk(view: Luma, share: float, random: np.random.Generator) -> Luma:
    """Return the view in `share` of its light, with the grain of a sensor that turns up its gain."""
    grain = random.normal(0, 1 + 3 * (1 - share), view.shape).astype(np.float32)
    return np.asarray(np.clip(view * share + grain, 0, 255), np.uint8)


def judge(path: Path, name: str) -> Verdict | None:
    """Play one film whole, damaged and into the night."""
    looks = looks_of(path)
    if len(looks) < 3:
        return None
    verdict = Verdict(name, (looks[0].shape[1], looks[0].shape[0]))
    watch, film = SightWatch(), to_and_fro(looks)
    began_s, spells, last = time.process_time(), 0, None
    for at in range(PLAYED_S):
        trouble = watch.look(next(film), at_ns=at * NS_PER_S)
        spells, last = spells + (trouble is not None and trouble is not last), trouble
    verdict.cpu_ms_a_look = 1000 * (time.process_time() - began_s) / PLAYED_S
    verdict.day_alarms = spells
    for damage, (change, _kind) in DAMAGES.items():
        spoilt, again = copy.deepcopy(watch), to_and_fro(looks)
        verdict.told[damage] = (None, DAMAGED_S)
        for at in range(DAMAGED_S):
            trouble = spoilt.look(change(next(again)), at_ns=(PLAYED_S + at) * NS_PER_S)
            if trouble is not None:
                verdict.told[damage] = (trouble, at)
                break
    verdict.dusk_alarms = _into_the_night(watch, looks)
    return verdict


def _into_the_night(watch: SightWatch, looks: Sequence[Luma]) -> int:
    random, film, spells, last = np.random.default_rng(1), to_and_fro(looks), 0, None
    for at in range(DUSK_S):
        share = 1.0 - 0.94 * at / DUSK_S
        trouble = watch.look(dusk(next(film), share, random), at_ns=(PLAYED_S + at) * NS_PER_S)
        wrong = trouble is not None and trouble is not TroubleKind.DARK
        spells, last = spells + (wrong and trouble is not last), trouble
    return spells


def page(verdicts: Sequence[Verdict]) -> str:
    """Return docs/health.md."""
    day_h, dusk_h = len(verdicts) * PLAYED_S / 3600, len(verdicts) * DUSK_S / 3600
    day, night = sum(one.day_alarms for one in verdicts), sum(one.dusk_alarms for one in verdicts)
    lines = [
        "# Health of a lens",
        "",
        "Written by `make eval-health`; do not edit. How it is judged is said in `bench/health_eval.py`.",
        "",
        machine_facts(),
        "",
        f"False alarms on ordinary film: **{day} in {day_h:.1f} h** by day, **{night} in {dusk_h:.1f} h** of dusk and",
        "night (the same film darkened, for no film of a night was at hand). The hours repeat short films:",
        "they show less variety than as many hours of a street.",
        "",
        "Each cell: after how many seconds it was told, of 60; – is not told; a word is what it was taken for. A",
        "lens on the road in whose view nothing stands still (no bonnet, no frame) cannot be told to have moved.",
        "",
        "| film | " + " | ".join(DAMAGES) + " | false by day | false at dusk | CPU ms a second of video |",
        "|---|" + "---|" * (len(DAMAGES) + 3),
    ]
    for one in verdicts:
        cells = [_cell(one.told[damage], kind) for damage, (_change, kind) in DAMAGES.items()]
        cost = f"{one.cpu_ms_a_look:.2f} ({one.size_px[0]}×{one.size_px[1]})"
        lines.append(f"| {one.film} | {' | '.join(cells)} | {one.day_alarms} | {one.dusk_alarms} | {cost} |")
    found = {name: sum(one.told[name][0] is kind for one in verdicts) for name, (_c, kind) in DAMAGES.items()}
    lines += ["", "Told: " + ", ".join(f"{name} {n} of {len(verdicts)}" for name, n in found.items()) + "."]
    return "\n".join(lines) + "\n"


def _cell(told: tuple[TroubleKind | None, int], kind: TroubleKind) -> str:
    what, after_s = told
    return "–" if what is None else f"{after_s}" if what is kind else f"{what.value} {after_s}"


def main() -> int:
    """Judge each film of the folder; return 0 unless there is none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CUSTODES_DATA"))
    folder = parser.parse_args().data
    films = sorted(
        path for name in FOLDERS for path in (Path(folder or ".") / name).glob("*") if path.suffix in {".mp4", ".avi"}
    )
    if not films:
        print("no film: name a folder of films in CUSTODES_DATA", file=sys.stderr)
        return 2
    verdicts = []
    for path in films:
        verdict = judge(path, path.name)
        if verdict is not None:
            verdicts.append(verdict)
            print(path.name, verdict.day_alarms, verdict.dusk_alarms, verdict.told, flush=True)
    PAGE.write_text(page(verdicts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
