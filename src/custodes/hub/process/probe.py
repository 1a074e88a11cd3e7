"""The parent's side of a probe: start the child, feed it ranges of the film, take what it says within limits."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from custodes.core.errors import Permanent, Temporary
from custodes.hub.process.child import READ, READ_BYTES, WORD, read_exactly

MAX_FACTS_BYTES = 64 * 1024
MAX_POSTER_BYTES = 2 * 1024 * 1024
WALL_PER_CPU = 4
"""Wall seconds allowed per CPU second: the machine may be busy."""


class Unfit(Permanent):
    """The film cannot be shown to anybody; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one film may cost: memory (bytes) and CPU time (s)."""

    memory_bytes: int
    cpu_seconds: int


class FilmFacts(BaseModel):
    """What the child found. Sizes in pixels; `frames` counts packets that hold a frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    codec: str
    width_px: int
    height_px: int
    frames: int


@dataclass(frozen=True, slots=True)
class Probed:
    """A film's facts and, where one was asked for, its poster (JPEG)."""

    facts: FilmFacts
    poster: bytes


def probe(read: Callable[[int, int], bytes], *, size_bytes: int, poster_at_ns: int | None, limits: Limits) -> Probed:
    """Probe the film that `read(start, stop)` gives, in a limited child.

    Raises Unfit with a reason for people; Temporary when no child could be started; whatever `read` raises.
    """
    order = json.dumps(
        {
            "size_bytes": size_bytes,
            "poster_at_ns": poster_at_ns,
            "memory_bytes": limits.memory_bytes,
            "cpu_seconds": limits.cpu_seconds,
        }
    )
    try:
        child = subprocess.Popen(  # noqa: S603  # our own module, by this interpreter
            [sys.executable, "-I", "-m", "custodes.hub.process.child", order],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            close_fds=True,
        )
    except OSError as error:
        raise Temporary(f"cannot start a probe: {error.strerror}") from error
    assert child.stdin is not None
    assert child.stdout is not None
    watchdog = threading.Timer(limits.cpu_seconds * WALL_PER_CPU, child.kill)
    watchdog.start()
    try:
        said, poster = _serve(child.stdout, child.stdin, read, size_bytes)
    except (EOFError, BrokenPipeError):
        raise Unfit(_why_it_died(child, limits)) from None
    finally:
        watchdog.cancel()
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
    return Probed(_facts(said), poster)


def _serve(
    requests: IO[bytes], answers: IO[bytes], read: Callable[[int, int], bytes], size_bytes: int
) -> tuple[bytes, bytes]:
    """Answer the child's reads until it has said what it found. A child that reads without end is stopped."""
    budget = 16 * size_bytes + 64 * READ_BYTES
    while True:
        kind = read_exactly(requests, 1)
        if kind == b"A":
            said = _block(requests, MAX_FACTS_BYTES)
            if read_exactly(requests, 1) != b"P":
                raise Unfit("its probe broke off")
            return said, _block(requests, MAX_POSTER_BYTES)
        if kind != b"R":
            raise Unfit("its probe broke off")
        _, start, length = READ.unpack(kind + read_exactly(requests, READ.size - 1))
        budget -= length
        if length > READ_BYTES or budget < 0:
            raise Unfit("its index leads in circles")
        piece = read(start, min(start + length, size_bytes)) if start < size_bytes else b""
        answers.write(WORD.pack(len(piece)) + piece)
        answers.flush()


def _block(file: IO[bytes], at_most: int) -> bytes:
    length = WORD.unpack(read_exactly(file, WORD.size))[0]
    if length > at_most:
        raise Unfit("its probe answered too much")
    return read_exactly(file, length)


def _facts(said: bytes) -> FilmFacts:
    found = json.loads(said)
    if "unfit" in found:
        raise Unfit(str(found["unfit"])[:200])
    try:
        return FilmFacts.model_validate(found)
    except ValidationError as error:
        raise Unfit("its probe broke off") from error


def _why_it_died(child: subprocess.Popen[bytes], limits: Limits) -> str:
    try:
        code = child.wait(timeout=1)
    except subprocess.TimeoutExpired:
        code = None
    if code in (-9, -24):  # SIGKILL by the watchdog or the kernel, SIGXCPU
        return f"opening it takes more than {limits.cpu_seconds} s or {limits.memory_bytes >> 20} MiB"
    return "it makes the decoder fail"
