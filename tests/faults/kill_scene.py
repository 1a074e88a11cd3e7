"""A real hub and a real unit as processes of their own, to be killed. Nothing here is faked but the film."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).parent
T = TypeVar("T")


def until(question: Callable[[], T | None], *, within_s: float = 180.0, what: str = "") -> T:
    """Ask again and again until there is an answer; fail with `what` at the deadline."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s: {what}")


class Hub:
    """`custodes hub serve` on a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.parent / "hub.log"
        self.address = "127.0.0.1:0"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def start(self) -> None:
        """Start; the port stays the same over restarts."""
        start_at = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "from custodes.cli import main; main()",
                    "hub",
                    "serve",
                    "--data",
                    str(self.folder),
                    "--listen",
                    self.address,
                ],
                stdout=log,
                stderr=log,
            )

        def up() -> str | None:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            text = self.log.read_bytes()[start_at:].decode()
            said = re.search(r"The hub is at http://(\S+)", text)
            return said[1] if said else None

        self.address = until(up, what="the hub answers")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop as a person would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Read the hub's database from outside."""
        db = sqlite3.connect(f"file:{self.folder}/hub.sqlite3?mode=ro", uri=True, timeout=10)
        try:
            return db.execute(query, parameters).fetchall()
        finally:
            db.close()

    def clip_state(self, clip_id: str) -> str | None:
        rows = self.rows("SELECT state FROM clips_clip WHERE id = ?", clip_id.replace("-", ""))
        return str(rows[0][0]) if rows else None

    def partial_bytes(self, clip_id: str) -> int:
        path = self.folder / "uploads" / clip_id / "film.road.partial"
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0

    def manage(self, action: str, **values: str) -> dict[str, str]:
        """Run a small act of setup on the hub's folder, in a process of its own."""
        order = json.dumps({"action": action, **values})
        done = subprocess.run(
            [sys.executable, str(HERE / "hub_acts.py"), order],
            env={**os.environ, "CUSTODES_HUB_DATA_DIR": str(self.folder)},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        answer: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return answer


class UnitProcess:
    """A shipper as a process of its own over a state folder; it writes down every chunk that it sends."""

    def __init__(self, state_dir: Path, *, chunk_kb: int = 64) -> None:
        self.state_dir = state_dir
        self.chunk_kb = chunk_kb
        self.sent_log = state_dir.parent / "sent.jsonl"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.state_dir.parent / "unit.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    str(HERE / "unit_process.py"),
                    str(self.state_dir),
                    str(self.sent_log),
                    str(self.chunk_kb),
                ],
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def sent(self) -> list[tuple[int, int]]:
        """Return (offset, length) of every film chunk that was put on the wire."""
        if not self.sent_log.exists():
            return []
        lines = self.sent_log.read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines if line.endswith("]")]  # type: ignore[misc]
