"""One trial: a film, a view of it, an attack, and what the trace says."""

import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from custodes.core.errors import CustodesError
from custodes.trace.burn import Box, BurnPlan, burn
from custodes.trace.codes import draw_word, word_matrix
from custodes.trace.keys import CodeKey, CodeWord, MarkKey
from custodes.trace.mark import VariantPair, keep_small, make_variants
from custodes.trace.mark_settings import MarkSettings
from custodes.trace.pursue import Hints, Suspect, pursue
from custodes.trace.reference import read_reference
from custodes.trace.report import Finding
from custodes.trace.splice import ViewLayout, write_view
from tools.leaklab.attacks import Attack, averaged, spliced
from tools.leaklab.phone import SCENES, corners_of
from tools.leaklab.reel import Coding, Shot, shots, write

VIEWS = 50
LEAKER, ACCOMPLICE = 17, 31
SECRET = b"the bench's secret, known to all"


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A film made ready: its variants, words and reference, and what that cost (CPU s a second of film)."""

    name: str
    folder: Path
    film: Path
    pair: VariantPair
    words: tuple[CodeWord, ...]
    suspect: Suspect
    mark_cost: float
    keep_cost: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one trial. `z` are soft bits times the leaker's letters: negative is an error; None is unread."""

    film: str
    attack: str
    seconds: float
    read: int
    errors: int
    mean_z: float
    presence: float
    first: int
    second: int
    identified: tuple[int, ...]
    false_accusation: float
    cost_s: float
    how: str
    z: tuple[float | None, ...]
    fault: str = ""


def prepare(name: str, film: Path, folder: Path, *, settings: MarkSettings) -> Case:
    """Mark a film and draw fifty words."""
    folder.mkdir(parents=True, exist_ok=True)
    clip_id = UUID(int=zlib.crc32(name.encode()))
    start = time.process_time()
    pair = make_variants(film, folder, key=MarkKey(SECRET, clip_id), settings=settings)
    marked = time.process_time()
    keep_small(pair, folder, settings=settings)
    kept = time.process_time()
    key, words = CodeKey(SECRET, clip_id), list[CodeWord]()
    for number in range(VIEWS):
        words.append(draw_word(key, UUID(int=number), len(pair.index.a), words))
    for who in (LEAKER, ACCOMPLICE):
        write_view(ViewLayout(pair.index, words[who].letters), pair.path_a, pair.path_b, folder / f"view-{who}.mp4")
    suspect = Suspect(clip_id, read_reference(pair.path_a, pair.path_b), words)
    seconds = pair.index.end_s
    return Case(name, folder, film, pair, tuple(words), suspect, (marked - start) / seconds, (kept - marked) / seconds)


def run(case: Case, attack: Attack, *, seed: int) -> Outcome:
    """Attack the leaker's view and trace what comes out."""
    rng = np.random.default_rng([seed, zlib.crc32(attack.name.encode()), zlib.crc32(case.name.encode())])
    leak = case.folder / "leak.mp4"
    view = case.folder / f"view-{LEAKER}.mp4"
    source = shots(_export(case, view)) if attack.exported else _collusion(case, view, attack, rng)
    write(leak, attack.change(source, rng), attack.coding)
    hints = Hints()
    if attack.clicked:
        hand = rng.normal(0, 2.0, (4, 2))  # a person clicks within a few pixels
        corners = corners_of(SCENES[attack.name], next(iter(shots(view))).luma.shape) + hand
        hints = Hints(tuple((float(x), float(y)) for x, y in corners))
    return trace(case, leak, attack.name, hints=hints)


def trace(case: Case, leak: Path, attack: str, *, hints: Hints | None = None) -> Outcome:
    """Trace one leak of a case and say how that compares with the truth."""
    seconds = max((shot.time_s for shot in shots(leak)), default=0.0)
    start = time.process_time()
    try:
        finding = pursue(leak, case.suspect, hints=hints)
    except CustodesError as error:
        cost = time.process_time() - start
        return Outcome(case.name, attack, seconds, 0, 0, 0.0, 0.0, -1, -1, (), 1.0, cost, "", (), str(error))
    return _outcome(case, attack, seconds, finding, time.process_time() - start)


def unmarked(case: Case, coding: Coding) -> Path:
    """Write the film itself, without a mark, as a leak."""
    return write(case.folder / "unmarked.mp4", shots(case.film), coding)


def _outcome(case: Case, attack: str, seconds: float, finding: Finding, cost: float) -> Outcome:
    letters = word_matrix([case.words[LEAKER]], len(case.words[LEAKER].letters))[0]
    z = [None if entry.z is None else round(entry.z * int(letters[entry.fragment]), 3) for entry in finding.readings]
    read = [value for value in z if value is not None]
    order = [candidate.view_id.int for candidate in finding.candidates]
    return Outcome(
        film=case.name,
        attack=attack,
        seconds=round(seconds, 2),
        read=len(read),
        errors=sum(value < 0 for value in read),
        mean_z=round(float(np.mean(read)), 2) if read else 0.0,
        presence=finding.presence,
        first=order[0] if order else -1,
        second=order[1] if len(order) > 1 else -1,
        identified=tuple(candidate.view_id.int for candidate in finding.named),
        false_accusation=finding.candidates[0].false_accusation if finding.candidates else 1.0,
        cost_s=round(cost, 2),
        how=finding.registration.how if finding.registration else "not found",
        z=tuple(z),
        fault=" ".join(finding.reasons),
    )


def _collusion(case: Case, view: Path, attack: Attack, rng: np.random.Generator) -> Iterator[Shot]:
    other = case.folder / f"view-{ACCOMPLICE}.mp4"
    if attack.collusion == "averaged":
        return averaged(shots(view), shots(other))
    if attack.collusion == "spliced":
        return spliced(shots(view), shots(other), rng)
    return shots(view)


def _export(case: Case, view: Path) -> Path:
    """Export a view as the hub does: two boxes that wander, time and speed burnt in, encoded anew."""
    moments = [number / 5 for number in range(round(case.pair.index.end_s * 5))]
    boxes = tuple(
        (at_s, tuple(Box(x, 0.3, x + 0.15, 0.8, "person") for x in (0.1 + at_s % 5 / 10, 0.7 - at_s % 4 / 10)))
        for at_s in moments
    )
    speeds = tuple((at_s, f"{40 + at_s:.0f} km/h") for at_s in moments)
    target = case.folder / "export.mp4"
    with view.open("rb") as film, target.open("wb") as out:
        burn(film, out, BurnPlan("View 00000011 for Bob", boxes, speeds, first_wall_ns=1_700_000_000_000_000_000))
    return target


def as_row(outcome: Outcome) -> dict[str, object]:
    """Return an outcome for a line of JSON."""
    return asdict(outcome)
