"""The demo's processes: started, listened to, stopped; each line of theirs becomes one line here."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from custodes.core.errors import CustodesError

STOP_WITHIN_S = 12.0
KEPT_LINES = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line that a program printed: `kind` and `text` of its JSON, or the bare text."""

    who: str
    kind: str
    text: str
    clip_id: str | None = None


class Program:
    """One child process and its last words."""

    def __init__(self, who: str, process: "subprocess.Popen[str]") -> None:
        self.who = who
        self.process = process
        self.last_lines: list[str] = []

    def failed(self) -> str | None:
        """Return why it ended, where it did so by itself and badly."""
        code = self.process.poll()
        if code is None or code == 0:
            return None
        words = self.last_lines[-1] if self.last_lines else "it said nothing"
        return f"{self.who} ended with exit code {code}: {words}"


class Stage:
    """Starts `custodes …` children and passes their lines on; `close` stops all of them cleanly."""

    def __init__(self, on_line: Callable[[Line], None], *, log_dir: Path) -> None:
        self.on_line = on_line
        self.log_dir = log_dir
        self.programs: list[Program] = []
        log_dir.mkdir(parents=True, exist_ok=True)

    def start(self, who: str, arguments: Sequence[str]) -> Program:
        """Start one child in a session of its own, so that Ctrl-C reaches it through us alone."""
        process = subprocess.Popen(  # noqa: S603  # our own program with arguments that we made
            [sys.executable, "-m", "custodes", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        program = Program(who, process)
        self.programs.append(program)
        threading.Thread(target=self._relay, args=(program,), name=f"relay-{who}", daemon=True).start()
        return program

    def check(self) -> None:
        """Raise CustodesError when a child ended by itself and badly."""
        for program in self.programs:
            why = program.failed()
            if why:
                raise CustodesError(f"{why}. Its log is in {self.log_dir / program.who}.log.")

    def close(self) -> None:
        """Ask all children to stop, last started first; kill what does not within STOP_WITHIN_S."""
        for program in reversed(self.programs):
            if program.process.poll() is None:
                program.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        for program in reversed(self.programs):
            try:
                program.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                program.process.kill()
                program.process.wait()
        self.programs.clear()

    def _relay(self, program: Program) -> None:
        stream = program.process.stdout
        assert stream is not None
        with (self.log_dir / f"{program.who}.log").open("a", encoding="utf-8") as log:
            for raw in stream:
                log.write(raw)
                log.flush()
                program.last_lines = [*program.last_lines[-KEPT_LINES:], raw.strip()]
                line = parse_line(program.who, raw)
                if line is not None:
                    self.on_line(line)


def parse_line(who: str, raw: str) -> Line | None:
    """Return what a child said, or None for an empty line."""
    raw = raw.strip()
    if not raw:
        return None
    try:
        said = json.loads(raw)
    except ValueError:
        return Line(who, "log", raw)
    if not isinstance(said, dict):
        return Line(who, "log", raw)
    clip_id = said.get("clip_id")
    return Line(who, str(said.get("kind", "log")), str(said.get("text", raw)), str(clip_id) if clip_id else None)
