"""The process that opens foreign films can reach nothing: no key, no network, no other program."""

import json
import logging
import os
import socket
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from custodes.hub.process import runtime
from custodes.hub.process.confine import Confinement
from custodes.hub.process.probe import Limits, probe

TAKEN_OVER = """
import ctypes, json, os, resource, socket, sys
from custodes.hub.process import child
key, port, parent = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

def thread():
    import _thread
    _thread.start_new_thread(print, ())

def fork():
    if os.fork() == 0:
        os._exit(0)

def shared_memory():
    if ctypes.CDLL(None, use_errno=True).shmget(0, 4096, 0o1600) < 0:
        raise OSError

TRIES = {
    "limit the parent": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE),
    "slow the parent": lambda: os.setpriority(os.PRIO_PROCESS, parent, os.getpriority(os.PRIO_PROCESS, parent)),
    "pin the parent": lambda: os.sched_setaffinity(parent, os.sched_getaffinity(parent)),
    "date a file": lambda: os.utime(key, (1, 1)),
    "label a file": lambda: os.setxattr(key, "user.x", b"1"),
    "share memory": shared_memory,
    "move about": lambda: os.chdir("/"),
    "read": lambda: open(key).read(),
    "write": lambda: open(key + ".new", "w"),
    "list": lambda: os.listdir(os.path.dirname(key)),
    "remove": lambda: os.unlink(key),
    "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=2),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "fork": fork,
    "thread": thread,
    "exec": lambda: os.execv("/bin/sh", ["sh", "-c", "cat " + key]),
    "signal": lambda: os.kill(parent, 0),
}

def taken_over(film, *, poster_at_ns):
    # Stands in for a decoder that a film has taken over.
    won = []
    for name, attempt in TRIES.items():
        try:
            attempt()
        except (OSError, RuntimeError):
            continue
        won.append(name)
    return {"won": won}, b""

child.examine = taken_over
sys.exit(child.main())
"""


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "root.key"
    path.write_text("secret")
    return path


def run_taken_over(key_file: Path, port: int) -> bytes:
    order = json.dumps({"size_bytes": 1, "poster_at_ns": None, "memory_bytes": 1 << 30, "cpu_seconds": 10})
    done = subprocess.run(
        [sys.executable, "-I", "-c", TAKEN_OVER, order, str(key_file), str(port), str(os.getpid())],
        input=b"",
        capture_output=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def test_code_in_the_child_can_reach_nothing(key_file: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        said = run_taken_over(key_file, listener.getsockname()[1])
    assert said.startswith(b"A")
    assert b'{"won": []}' in said
    assert b"secret" not in said
    assert key_file.read_text() == "secret"
    assert not key_file.with_suffix(".key.new").exists()


@pytest.mark.parametrize(
    ("wall", "holds"),
    [
        ("_seccomp", {"read", "write", "list", "remove", "exec", "connect"}),
        ("_landlock", {"read", "write", "remove", "exec", "connect", "udp", "fork", "thread", "signal"}),
    ],
    ids=["Landlock alone", "seccomp alone"],
)
def test_each_wall_stands_without_the_other(key_file: Path, monkeypatch, wall: str, holds: set[str]):
    without = f"from custodes.hub.process import confine\nconfine.{wall} = lambda libc: 0\n"
    monkeypatch.setitem(globals(), "TAKEN_OVER", without + TAKEN_OVER.replace('    "exec"', '    # "exec"'))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        said = run_taken_over(key_file, listener.getsockname()[1])
    won = json.loads(said[5:].split(b"}P")[0] + b"}")["won"]
    assert not holds & set(won)


@pytest.mark.parametrize(
    ("kernel", "level", "words"),
    [
        (Confinement(landlock_abi=0, seccomp=False), logging.WARNING, "neither seccomp nor Landlock"),
        (Confinement(landlock_abi=0, seccomp=True), logging.INFO, "no Landlock"),
        (Confinement(landlock_abi=7, seccomp=True), 0, ""),
    ],
)
def test_the_hub_says_what_its_kernel_lacks(caplog, kernel: Confinement, level: int, words: str):
    with caplog.at_level(logging.INFO, logger=runtime.__name__):
        runtime._say_what_is_missing(kernel)
    assert [(record.levelno, words in record.message) for record in caplog.records] == (
        [(level, True)] if level else []
    )


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4", "libvpx-vp9", "mjpeg"])
def test_films_of_every_codec_of_units_are_opened_behind_the_walls(tmp_path: Path, codec: str):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream(codec, rate=10)
        stream.width, stream.height = 128, 96
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(6):
            frame = av.VideoFrame.from_ndarray(np.full((96, 128, 3), number * 40, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    plain = path.read_bytes()
    found = probe(
        lambda start, stop: plain[start:stop],
        size_bytes=len(plain),
        poster_at_ns=300_000_000,
        limits=Limits(memory_bytes=1 << 30, cpu_seconds=20),
    )
    assert (found.facts.width_px, found.facts.height_px, found.facts.frames) == (128, 96, 6)
    assert found.poster.startswith(b"\xff\xd8")
