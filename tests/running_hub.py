"""`custodes hub serve` in a process of its own, for as long as a test needs it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN_S = 120


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Serve the hub in `folder` on a free port and yield its address."""
    serve = ["-m", "custodes", "hub", "serve", "--data", str(folder), "--listen", "127.0.0.1:0", "--json"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CUSTODES", "DJANGO"))}
    log = folder.parent / f"{folder.name}.log"
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, *serve], stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends:
        assert process.poll() is None, log.read_text()
        for line in log.read_text().splitlines():
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("kind") == "up":
                found = re.search(r"https?://[\w.:\[\]-]+", said["text"])
                assert found, said
                return found.group()
        time.sleep(0.1)
    raise AssertionError(f"the hub did not come up: {log.read_text()}")
