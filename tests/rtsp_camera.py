"""A real RTSP server that dies and comes back."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 90
"""For a start of the program on a machine that does much else; a test that succeeds never waits so long."""

_SERVE = """
import asyncio, sys
from aio_rtsp_toolkit.server import RtspServer
async def main():
    await RtspServer(sys.argv[1], host="127.0.0.1", port=int(sys.argv[2])).serve_forever()
asyncio.run(main())
"""


@dataclass
class Camera:
    """A real RTSP server in a process of its own, which can die and come back at the same address."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/film.mp4"

    def up(self) -> "Camera":
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(self.folder), str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self.answers)
        return self

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def down(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def eventually(true: Callable[[], bool], *, seen: Callable[[], object] = lambda: "") -> None:
    """Wait until it is true; at the deadline fail with what was `seen` instead."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"it never came true: {seen()}"
        time.sleep(0.02)
