"""What happens, as it happens: one line a happening for people, one JSON object a line for machines."""

import json
import sys
import threading
from dataclasses import asdict, dataclass
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
    "event",
    "event_end",
    "alert",
    "clip_cut",
    "sealed",
    "uploading",
    "uploaded",
    "tombstone",
    "note",
    "unit_down",
    "summary",
]

STYLES: dict[str, str] = {
    "detection": "green",
    "event": "yellow",
    "alert": "bold red",
    "tombstone": "red",
    "lens_lost": "red",
    "uploaded": "blue",
    "note": "dim",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened on the unit. `text` is for people and says it all."""

    kind: HappeningKind
    text: str
    wall_ns: int
    lens: str | None = None
    event_id: str | None = None
    clip_id: str | None = None


class Reporter(Protocol):
    """Takes happenings from any thread."""

    def tell(self, happening: Happening) -> None:
        """Show or store one happening. Must not block for long and must not raise."""
        ...


class ConsoleReporter:
    """Lines for people, on standard error, so that a summary on standard output stays clean."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)

    def tell(self, happening: Happening) -> None:
        """Print one line: local time, kind, text."""
        self.console.print(line_of(happening))


class JsonReporter:
    """One JSON object a line, flushed at once; keys as in `Happening`, absent where unknown."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self._lock = threading.Lock()

    def tell(self, happening: Happening) -> None:
        """Write one line."""
        facts = {key: value for key, value in asdict(happening).items() if value is not None}
        with self._lock:
            print(json.dumps(facts, ensure_ascii=False), file=self.stream, flush=True)


def line_of(happening: Happening, *, prefix: str = "") -> Text:
    """Return the happening as one coloured line."""
    clock = datetime.fromtimestamp(happening.wall_ns / 1e9).astimezone().strftime("%H:%M:%S")
    line = Text(f"{clock}  ", style="dim")
    if prefix:
        line.append(f"{prefix:<8}", style="bold")
    line.append(f"{happening.kind.replace('_', ' '):<11}", style=STYLES.get(happening.kind, "bold"))
    line.append(happening.text)
    return line
