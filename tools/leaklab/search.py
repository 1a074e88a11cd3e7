"""Find a leak's clip in a library: hit@1 and time among 100, 1,000 and 10,000 clips. Never shipped.

Distractors are made from the film at hand: mirrored, turned pieces of its pictures, which have its textures and are
no clip that is asked for. Each is kept as it is made, so that a run goes on where it stopped.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np

from custodes.trace.fingerprint import Fingerprint, look_of
from custodes.trace.frames import Picture
from custodes.trace.index import Library
from custodes.trace.register import KNOWN_SIDE_PX, find_features
from tools.leaklab import films
from tools.leaklab.attacks import DIGITAL, Attack, Luma
from tools.leaklab.phone import FILMED
from tools.leaklab.reel import Shot, shots

ROOT = Path(__file__).parents[2] / ".leaklab"
SEED = 20261123
SECONDS, LOOKS, ASKED_WITH, EVERY = 3.0, 3, 4, 3
SHORT_SIDE_PX = 360
ATTACKS = (
    "240p, CRF 28",
    "crop 30 %, CRF 26",
    "screen recording, CRF 26",
    "phone standard, 2 Mbit/s",
    "phone hard, 1 Mbit/s",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; print and keep one line of JSON for each attack and size of library."""
    parser = argparse.ArgumentParser(prog="python -m tools.leaklab.search", description=__doc__)
    parser.add_argument("--clips", type=int, nargs="+", default=[100, 1000, 10_000], help="sizes of the library")
    asked = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    ROOT.mkdir(exist_ok=True)
    known = reels()
    own = [_own(number, reel) for number, reel in enumerate(known)]
    others = list(_others(max(asked.clips) - len(own), [shot.luma for reel in known for shot in reel[::5]]))
    leaks = [
        (attack.name, number, attacked(attack, reel))
        for attack in (*DIGITAL, *FILMED)
        if attack.name in ATTACKS
        for number, reel in enumerate(known)
    ]
    lines = []
    for size in asked.clips:
        library = Library([*own, *others[: size - len(own)]])
        for name in ATTACKS:
            lines.append(_measure(library, size, [leak for leak in leaks if leak[0] == name]))
            sys.stdout.write(lines[-1])
            sys.stdout.flush()
    (ROOT / "search.jsonl").write_text("".join(lines), encoding="utf-8")
    return 0


def reels() -> list[list[Shot]]:
    """Return the clips that are asked for: three seconds of each film, once each."""
    return [
        list(itertools.islice(shots(path, start_s=scene.start_s, stop_s=scene.start_s + SECONDS), 150))
        for scene, path in films.scenes()
        if not scene.loop_s
    ]


def looked_at(reel: list[Shot]) -> list[Shot]:
    """Return the pictures that a clip is known by."""
    return [reel[at] for at in np.linspace(0, len(reel) - 1, LOOKS).astype(int)]


def _measure(library: Library, size: int, leaks: list[tuple[str, int, list[Picture]]]) -> str:
    hits, began = 0, time.process_time()
    for _name, number, pictures in leaks:
        found = library.find(pictures)
        hits += bool(found) and found[0].clip_id == UUID(int=number + 1)
    row = {
        "attack": leaks[0][0],
        "clips": size,
        "leaks": len(leaks),
        "hit_at_1": hits,
        "cpu_s_a_leak": round((time.process_time() - began) / len(leaks), 2),
    }
    return json.dumps(row) + "\n"


def _own(number: int, reel: list[Shot]) -> Fingerprint:
    looks = tuple(look_of(find_features(worked(one.luma), KNOWN_SIDE_PX), one.time_s) for one in looked_at(reel))
    height, width = worked(reel[0].luma).shape
    return Fingerprint(UUID(int=number + 1), (height, width), looks)


def _others(count: int, pictures: list[Luma]) -> Iterator[Fingerprint]:
    kept = ROOT / f"distractors-{SEED}-{len(pictures)}.jsonl"
    known = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []
    yield from (Fingerprint.from_json(line) for line in known[:count])
    with kept.open("a", encoding="utf-8") as more:
        for number in range(len(known), count):
            one = _distractor(number, pictures)
            more.write(one.as_json() + "\n")
            yield one


def piece(number: int, pictures: list[Luma]) -> Luma:
    """Return a picture of another clip: a mirrored, turned piece of one of these."""
    rng = np.random.default_rng([SEED, number])
    luma = worked(pictures[int(rng.integers(len(pictures)))])[:, ::-1]
    height, width = luma.shape
    turn = cv2.getRotationMatrix2D(
        (width * rng.uniform(0.3, 0.7), height * rng.uniform(0.3, 0.7)), rng.uniform(0, 360), rng.uniform(1.5, 3.0)
    )
    turned = cv2.warpAffine(np.ascontiguousarray(luma), turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(np.clip(turned * rng.uniform(0.7, 1.3) + rng.uniform(-20, 20), 0, 255), np.uint8)


def _distractor(number: int, pictures: list[Luma]) -> Fingerprint:
    made = piece(number, pictures)
    look = look_of(find_features(made, KNOWN_SIDE_PX), 0.0)
    return Fingerprint(UUID(int=1_000_000 + number), made.shape, (look,))


def attacked(attack: Attack, reel: list[Shot]) -> list[Picture]:
    """Return the pictures that a search is made with. The encoding of the attack is left out: it moves no feature."""
    made = attack.change(iter(reel), np.random.default_rng(SEED))
    chosen = itertools.islice(made, 0, EVERY * ASKED_WITH, EVERY)
    return [Picture(shot.time_s, shot.luma) for shot in chosen]


def worked(luma: Luma) -> Luma:
    scale = min(1.0, SHORT_SIDE_PX / min(luma.shape))
    small = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
