"""What somebody at the site asks of the running unit, by files: keep this moment, fetch that past one, look away."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import BadInput
from custodes.core.fs import write_durably
from custodes.core.types import ManualMark
from custodes.edge.clip.disk_cut import GAP_NS
from custodes.edge.clip.disk_ring import kept_in
from custodes.edge.settings import UnitSettings, load
from custodes.edge.state_lock import somebody_runs

MAX_NOTE = 200
MAX_RECALL_S = 600


@dataclass(frozen=True, slots=True)
class Recall:
    """Film of a past time, wanted from the ring on disk."""

    start_wall_ns: int
    end_wall_ns: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class PersonalTime:
    """Nothing is to be filmed, and no place told, until a moment; one in the past ends it."""

    until_wall_ns: int


Asked: TypeAlias = ManualMark | Recall | PersonalTime


def mark_now(settings_path: Path, *, note: str, clock: Clock) -> str:
    """Leave a mark for the running unit, which cuts a clip around it. Durable on return; a line for people.

    Raises BadInput when the unit has no rule for marks.
    """
    settings = load(settings_path, sources=False)
    _must_run(settings.unit.state_dir)
    if not any(rule.kind == "mark" for rule in settings.rule):
        raise BadInput(f'{settings_path} has no rule for marks. Add [[rule]] with kind = "mark".')
    _leave(settings.unit.state_dir, {"ask": "mark", "wall_ns": clock.wall_ns(), "note": note[:MAX_NOTE]})
    return "marked; the running unit keeps this moment"


def recall(settings_path: Path, start: datetime, end: datetime, *, note: str) -> str:
    """Ask the running unit for a clip of a past time. Durable on return; a line for people.

    Times without a zone are local. Raises BadInput when no unit runs, the unit keeps no ring or nothing of that time in
    it, or the range is empty or too long.
    """
    settings = load(settings_path, sources=False)
    _must_run(settings.unit.state_dir)
    if settings.ring is None:
        raise BadInput(
            f"{settings_path} has no [ring], so nothing of the past is kept. Add one with folder and max_gb."
        )
    start_wall_ns, end_wall_ns = (round(moment.astimezone().timestamp() * NS_PER_S) for moment in (start, end))
    if not 0 < end_wall_ns - start_wall_ns <= MAX_RECALL_S * NS_PER_S:
        raise BadInput(f"give an end after the start, and at most {MAX_RECALL_S} s of film.")
    _must_be_kept(settings, start_wall_ns, end_wall_ns)
    asked = {"ask": "recall", "start_wall_ns": start_wall_ns, "end_wall_ns": end_wall_ns, "note": note[:MAX_NOTE]}
    _leave(settings.unit.state_dir, asked)
    return "asked; the running unit makes a clip of what its ring still holds of it"


def take_personal_time(settings_path: Path, minutes: int, *, clock: Clock) -> str:
    """Ask the running unit for personal time of so many minutes from now; 0 ends it. A line for people.

    Raises BadInput when the settings allow none, or not for so long.
    """
    settings = load(settings_path, sources=False)
    most = settings.privacy.personal_max_minutes
    if minutes and not most:
        raise BadInput(f"{settings_path} allows no personal time (privacy.personal_max_minutes = 0).")
    if not 0 <= minutes <= most:
        raise BadInput(f"give 1 to {most} minutes (privacy.personal_max_minutes of {settings_path}).")
    _must_run(settings.unit.state_dir)
    until_wall_ns = clock.wall_ns() + minutes * 60 * NS_PER_S if minutes else 0
    _leave(settings.unit.state_dir, {"ask": "personal", "until_wall_ns": until_wall_ns})
    if not minutes:
        return "personal time ends; the unit films again"
    return f"personal time for {minutes} min: nothing is filmed, no place is told; --end ends it sooner"


def read_requests(state_dir: Path, say: Callable[[str], None]) -> list[Asked]:
    """Take the requests that wait; a damaged one is dropped and said."""
    asked: list[Asked] = []
    for path in sorted(requests_dir(state_dir).glob("*.json")):
        try:
            asked.append(_parse(json.loads(path.read_bytes())))
        except (ValueError, KeyError, TypeError, OSError) as error:
            say(f"request {path.name} could not be read and was dropped: {error}")
        path.unlink(missing_ok=True)
    return asked


def requests_dir(state_dir: Path) -> Path:
    """Return where requests wait for the unit."""
    return state_dir / "requests"


def _parse(left: dict[str, object]) -> Asked:
    note = str(left.get("note", ""))[:MAX_NOTE]
    if left["ask"] == "mark":
        return ManualMark(wall_ns=int(str(left["wall_ns"])), note=note)
    if left["ask"] == "personal":
        return PersonalTime(int(str(left["until_wall_ns"])))
    return Recall(int(str(left["start_wall_ns"])), int(str(left["end_wall_ns"])), note)


def _must_run(state_dir: Path) -> None:
    if not somebody_runs(state_dir):
        raise BadInput(f"no unit runs in {state_dir}, so nothing is filmed. Start it with 'custodes unit run'.")


def _must_be_kept(settings: UnitSettings, start_wall_ns: int, end_wall_ns: int) -> None:
    """Raise BadInput, with what is kept, when no lens's ring holds anything of that time."""
    stretches = _stretches(settings)
    if any(start < end_wall_ns and end > start_wall_ns for start, end in stretches):
        return
    if not stretches:
        raise BadInput("the ring holds no film yet. Ask again in a minute.")
    kept = f"it keeps {_local(stretches[0][0])} to {_local(stretches[-1][1])}"
    before = [end for _start, end in stretches if end <= start_wall_ns]
    after = [start for start, _end in stretches if start >= end_wall_ns]
    if before and after:
        kept += f", but nothing from {_local(before[-1])} to {_local(after[0])}"
    raise BadInput(f"the ring holds no film of that time: {kept} (local time). Give a time that it keeps.")


def _stretches(settings: UnitSettings) -> list[tuple[int, int]]:
    """Return from when to when the rings of all lenses hold film, without gaps of more than a second between."""
    assert settings.ring is not None
    recorded = [lens.name for lens in settings.lens if lens.record and lens.upload]
    segments = [segment for name in recorded for segment in kept_in(settings.ring.folder / name)]
    stretches: list[tuple[int, int]] = []
    for segment in sorted(segments, key=lambda segment: segment.zero_wall_ns):
        start, end = segment.zero_wall_ns, segment.end_wall_ns
        if stretches and start <= stretches[-1][1] + GAP_NS:
            start, end = stretches[-1][0], max(end, stretches.pop()[1])
        stretches.append((start, end))
    return stretches


def _local(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns // NS_PER_S).astimezone().strftime("%Y-%m-%dT%H:%M:%S")


def _leave(state_dir: Path, request: dict[str, object]) -> None:
    folder = requests_dir(state_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot use {state_dir}: {error.strerror}. Check unit.state_dir.") from error
    write_durably(folder / f"{uuid4()}.json", json.dumps(request).encode())
