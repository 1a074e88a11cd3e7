"""The real unit as a process, with one lens and a rule for marks."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import av

from custodes.core.wire import Manifest
from rtsp_camera import eventually

LENS = """
[unit]
name = "Van 12"
state_dir = "state"

[clip]
pre_roll_s = 1
post_roll_s = 1
max_s = {max_s}

[[lens]]
name = "road"
facing = "road"
source = "{source}"
{playing}
analyse = false

[[rule]]
kind = "mark"

[alert]
sound = false
"""


class RunningUnit:
    """`custodes unit run unit.toml --json`, and what it said."""

    def __init__(self, toml: Path) -> None:
        self.toml = toml
        self.said: list[dict[str, str]] = []
        self.errors = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "custodes", "unit", "run", str(toml), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        eventually(lambda: "lens_up" in self.kinds() or self.process.poll() is not None)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    def kinds(self) -> list[str]:
        return [one["kind"] for one in self.said]

    def custodes(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "custodes", "unit", *arguments], capture_output=True, text=True, check=False
        )

    def mark(self, note: str = "") -> None:
        done = self.custodes("mark", str(self.toml), "--note", note)
        assert done.returncode == 0, done.stderr

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(20)
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()
        return code

    def clips(self) -> list[Manifest]:
        found = sorted((self.toml.parent / "state" / "clips").glob("*/manifest.json"), key=os.path.getmtime)
        return [Manifest.model_validate_json(path.read_bytes()) for path in found]

    def film_of(self, manifest: Manifest) -> Path:
        return self.toml.parent / "state" / "clips" / str(manifest.clip_id) / "film.road.mp4"


def pictures_in(path: Path) -> int:
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


def write(folder: Path, *, source: str, playing: str = "", max_s: float = 30, more: str = "") -> Path:
    toml = folder / "unit.toml"
    toml.write_text(LENS.format(source=source, playing=playing, max_s=max_s) + more)
    return toml


def told(unit: RunningUnit, words: str) -> int:
    return sum(words in one["text"] for one in unit.said if one["kind"] == "note")


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
