"""Trace a leak against one folder, without a hub: what `custodes trace` does."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from custodes.core.errors import BadInput, Corrupt
from custodes.trace.book import read_book
from custodes.trace.pursue import Corners, Hints, Suspect, pursue
from custodes.trace.reference import read_reference
from custodes.trace.report import Finding, as_json
from custodes.trace.verdicts import CAVEATS

_PAIRS = (("a.mp4", "b.mp4"), ("keep-a.mp4", "keep-b.mp4"))
BOOK = "book.json"
SHOWN_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """A leak, the folder of the clip, and the clip's corners in the leak as text, if somebody clicked them."""

    leak: Path
    folder: Path
    corners: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A finding for machines and for people, and whether it identifies a view."""

    as_json: str
    as_text: str
    identified: bool


def trace_files(request: TraceRequest, *, say: Callable[[str], None]) -> Told:
    """Trace a leak against the variants and the code book of a folder.

    Raises BadInput where a file is missing or cannot be read, or corners are not four points.
    """
    corners = _corners(request.corners) if request.corners else None
    if not request.leak.is_file():
        raise BadInput(f"cannot open {request.leak}: there is no such file. Check the path.")
    pair = _pair(request.folder)
    book = read_book(request.folder / BOOK)
    try:
        reference = read_reference(*pair)
    except Corrupt as error:
        raise BadInput(f"the variants in {request.folder} cannot be used: {error}") from error
    if any(len(word.letters) != reference.fragments for word in book.words):
        raise BadInput(f"{request.folder / BOOK} belongs to another clip: its words do not fit {pair[0].name}.")
    suspect = Suspect(book.clip_id, reference, book.words, sha256=(_digest(pair[0]), _digest(pair[1])))
    finding = pursue(request.leak, suspect, hints=Hints(corners), say=say)
    return Told(as_json(finding), as_text(finding), bool(finding.named))


def as_text(finding: Finding) -> str:
    """Return a finding in a few lines."""
    read = sum(reading.z is not None for reading in finding.readings)
    lines = [f"{finding.verdict.value.capitalize()} · {read} half seconds read, {finding.views_tested} views tested"]
    lines += [
        f"  view {candidate.view_id}: {candidate.verdict.value}; {candidate.agreeing} of {candidate.read} letters "
        f"agree; chance of a false accusation {_chance(candidate.false_accusation)}"
        for candidate in finding.candidates[:SHOWN_CANDIDATES]
    ]
    if finding.mix:
        lines.append(f"  Two views were {finding.mix}: {' and '.join(str(view) for view in finding.together)}")
    lines += [
        f"  leak {stretch.leak_from_s:.1f}–{stretch.leak_to_s:.1f} s shows "
        f"clip {stretch.clip_from_s:.1f}–{stretch.clip_to_s:.1f} s"
        for stretch in finding.playing
    ]
    lines += [f"  {reason}" for reason in finding.reasons]
    lines.append(f"  {CAVEATS[0]}")
    return "\n".join(lines)


def _chance(chance: float) -> str:
    return "about 1" if chance > 0.5 else f"1 in {1 / max(chance, 1e-12):,.0f}"


def _pair(folder: Path) -> tuple[Path, Path]:
    if not folder.is_dir():
        raise BadInput(f"cannot open {folder}: there is no such folder. Give the clip's folder after --clip.")
    for names in _PAIRS:
        paths = (folder / names[0], folder / names[1])
        if all(path.is_file() for path in paths):
            return paths
    raise BadInput(f"{folder} holds no variants (a.mp4 and b.mp4): they were erased, or this is another folder.")


def _corners(text: str) -> Corners:
    try:
        values = [float(part) for part in text.replace(",", " ").replace(";", " ").split()]
    except ValueError:
        values = []
    if len(values) != 8 or not all(math.isfinite(value) for value in values):
        raise BadInput("--corners wants four points, such as '120,80 610,95 600,400 110,380'.")
    return tuple((values[place], values[place + 1]) for place in range(0, 8, 2))


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
