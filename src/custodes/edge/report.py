"""What happens, as it happens: one line a happening for people, one JSON object a line for machines."""

import json
import sys
import threading
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal, Protocol, TextIO

from rich.console import Console
from rich.text import Text

HappeningKind = Literal[
    "unit_up",
    "lens_up",
    "lens_lost",
    "lens_ended",
    "detection",
    "driver",
    "event",
    "event_end",
    "alert",
    "clip_cut",
    "sealed",
    "kept",
    "uploading",
    "uploaded",
    "tombstone",
    "trouble",
    "note",
    "unit_down",
    "summary",
]

TIMELESS_KINDS = frozenset({"alert", "note", "trouble", "sealed", "kept", "clip_cut", "uploaded", "tombstone"})
"""Told when they are done, which is no moment of the film."""

TOLD_LATE_KINDS = frozenset({"event_end"})
"""Known only some time after the moment that they are about: for people that moment stands in the text, so that the
times down the margin only grow."""
SAME_AGAIN_S = 10.0
"""People read once that a class is there: a track that is lost and found again within this time is no news."""

STYLES: dict[str, str] = {
    "detection": "green",
    "driver": "cyan",
    "event": "yellow",
    "alert": "bold red",
    "tombstone": "red",
    "lens_lost": "red",
    "trouble": "red",
    "uploaded": "blue",
    "note": "dim",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened on the unit. `text` is for people and says it all; the rest is for programs.

    `film_s` is the film's own time, where a film is read at its own pace; `box_px_xyxy` is in main-stream pixels.
    """

    kind: HappeningKind
    text: str
    wall_ns: int
    lens: str | None = None
    event_id: str | None = None
    clip_id: str | None = None
    film_s: float | None = None
    event_kind: str | None = None
    rule: str | None = None
    severity: str | None = None
    track_id: int | None = None
    object_class: str | None = None
    score_0_1: float | None = None
    box_px_xyxy: tuple[float, ...] | None = None


class Reporter(Protocol):
    """Takes happenings from any thread."""

    def tell(self, happening: Happening) -> None:
        """Show or store one happening. Must not block for long and must not raise."""
        ...


class ConsoleReporter:
    """Lines for people, on standard error, so that a summary on standard output stays clean."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self.film_zero_wall_ns: int | None = None
        """Set while a film is read faster than the clock: lines then show the film's time, where they have one."""
        self._last_seen_ns: dict[tuple[str | None, str | None], int] = {}

    def tell(self, happening: Happening) -> None:
        """Print one line: local time (or the film's), kind, text. A class that is still there is told once."""
        if happening.kind == "detection" and self._seen_lately(happening):
            return
        self.console.print(line_of(happening, film_zero_wall_ns=self.film_zero_wall_ns), soft_wrap=True)

    def _seen_lately(self, happening: Happening) -> bool:
        what = (happening.lens, happening.object_class)
        last_ns = self._last_seen_ns.get(what)
        self._last_seen_ns[what] = happening.wall_ns
        return last_ns is not None and 0 <= happening.wall_ns - last_ns < SAME_AGAIN_S * 1e9


class JsonReporter:
    """One JSON object a line, flushed at once; keys as in `Happening`, absent where unknown."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.film_zero_wall_ns: int | None = None
        """Set while a film is read faster than the clock: lines then carry `film_s`, where they have one."""
        self._lock = threading.Lock()

    def tell(self, happening: Happening) -> None:
        """Write one line."""
        if self.film_zero_wall_ns is not None and happening.kind not in TIMELESS_KINDS:
            film_s = (happening.wall_ns - self.film_zero_wall_ns) / 1e9
            happening = replace(happening, film_s=round(film_s, 3))
        facts = {key: value for key, value in asdict(happening).items() if value is not None}
        with self._lock:
            print(json.dumps(facts, ensure_ascii=False), file=self.stream, flush=True)


def line_of(happening: Happening, *, prefix: str = "", film_zero_wall_ns: int | None = None) -> Text:
    """Return the happening as one coloured line."""
    late = happening.kind in TOLD_LATE_KINDS
    at = time_of(happening, film_zero_wall_ns)
    line = Text(f"{'' if late else at:<10}", style="dim")
    if prefix:
        line.append(f"{prefix:<6}", style="bold")
    line.append(f"{happening.kind.replace('_', ' '):<11}", style=STYLES.get(happening.kind, "bold"))
    line.append(f"{happening.text} at {at}" if late else happening.text)
    return line


def time_of(happening: Happening, film_zero_wall_ns: int | None) -> str:
    """Return the local time, or where a film is read at its own pace, the film's time or nothing."""
    if film_zero_wall_ns is None:
        return datetime.fromtimestamp(happening.wall_ns / 1e9).astimezone().strftime("%H:%M:%S")
    if happening.kind in TIMELESS_KINDS:
        return ""
    seconds = (happening.wall_ns - film_zero_wall_ns) / 1e9
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
