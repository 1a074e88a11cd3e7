"""The parent's side of a limited child: start it, answer what it reads of sealed films, end it whatever happens.

The child's side is `process.child`, with what both speak.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from custodes.core.errors import Permanent, Temporary
from custodes.hub.process import turns
from custodes.hub.process.child import READ, READ_BYTES, WORD, read_exactly

WALL_PER_CPU = 4
"""Wall seconds allowed per CPU second: the machine may be busy."""

Read = Callable[[int, int], bytes]


class Unfit(Permanent):
    """The film cannot be shown to anybody; the message says why, for people."""


class Stopping(BaseException):
    """The hub stops: a step under way is cut, concludes nothing, and is done again at the next start."""


_children: set["LimitedChild"] = set()
_stopping = threading.Event()


def stop_all() -> None:
    """End every child and let none start: each step under way raises Stopping."""
    _stopping.set()
    for child in tuple(_children):
        child.stop()


def go_on() -> None:
    """Let children start again."""
    _stopping.clear()


def is_stopping() -> bool:
    """Say whether the hub stops: what fails now fails for that."""
    return _stopping.is_set()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one film may cost: memory (bytes) and CPU time (s)."""

    memory_bytes: int
    cpu_seconds: int


class LimitedChild:
    """One child process that sees films through a pipe. A context manager; it never outlives it."""

    def __init__(self, module: str, order: Mapping[str, object], *, limits: Limits) -> None:
        self._module = module
        self._order = {**order, "memory_bytes": limits.memory_bytes, "cpu_seconds": limits.cpu_seconds}
        self._limits = limits

    def __enter__(self) -> Self:
        """Start the child. Raises Temporary when none can be started."""
        if is_stopping():
            raise Stopping
        try:
            self._child = subprocess.Popen(  # noqa: S603  # our own module, by this interpreter
                [sys.executable, "-I", "-m", self._module, json.dumps(self._order)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None,
                env={"PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                close_fds=True,
            )
        except OSError as error:
            raise Temporary(f"cannot start a probe: {error.strerror}") from error
        self._watchdog = threading.Timer(self._limits.cpu_seconds * WALL_PER_CPU, self._child.kill)
        self._watchdog.start()
        _children.add(self)
        if is_stopping():  # told meanwhile, by somebody who did not know this one
            self.stop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchdog.cancel()
        _children.discard(self)
        turns.charge(_cpu_s(self._child.pid))  # before anything below asks how it ended: then the kernel forgets it
        broke = isinstance(error, EOFError | BrokenPipeError)
        why = self._why_it_died() if broke else ""
        self._child.kill()
        self._child.wait()
        self.requests.close()
        with contextlib.suppress(BrokenPipeError):
            self.answers.close()  # what it did not read any more is gone with it
        if error is not None and is_stopping():
            raise Stopping from None
        if broke:
            raise Unfit(why) from None

    @property
    def requests(self) -> IO[bytes]:
        """Return what the child says."""
        assert self._child.stdout is not None
        return self._child.stdout

    @property
    def answers(self) -> IO[bytes]:
        """Return what the child hears."""
        assert self._child.stdin is not None
        return self._child.stdin

    def stop(self) -> None:
        """End the child now; whoever waits for it finds it dead."""
        self._child.kill()

    def hand(self, secret: bytes) -> None:
        """Give the child what must not stand on a command line."""
        self.answers.write(WORD.pack(len(secret)) + secret)
        self.answers.flush()

    def answer(self, read: Read, *, size_bytes: int) -> bytes:
        """Answer the child's reads until it says something else; return what kind of thing (one byte).

        A child that reads without end is stopped: raises Unfit.
        """
        budget = 16 * size_bytes + 64 * READ_BYTES
        while True:
            kind = read_exactly(self.requests, 1)
            if kind != b"R":
                return kind
            _, start, length = READ.unpack(kind + read_exactly(self.requests, READ.size - 1))
            budget -= length
            if length > READ_BYTES or budget < 0:
                raise Unfit("its index leads in circles")
            piece = read(start, min(start + length, size_bytes)) if start < size_bytes else b""
            self.answers.write(WORD.pack(len(piece)) + piece)
            self.answers.flush()

    def block(self, *, at_most: int) -> bytes:
        """Return a block of bytes that the child sends. Raises Unfit when it is larger than `at_most`."""
        length = WORD.unpack(read_exactly(self.requests, WORD.size))[0]
        if length > at_most:
            raise Unfit("its probe answered too much")
        return read_exactly(self.requests, length)

    def _why_it_died(self) -> str:
        try:
            code = self._child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            code = None
        if code in (-9, -24):  # SIGKILL by the watchdog or the kernel, SIGXCPU
            return f"opening it takes more than {self._limits.cpu_seconds} s or {self._limits.memory_bytes >> 20} MiB"
        return "it makes the decoder fail"


def _cpu_s(pid: int) -> float:
    """Return the CPU time (s) of a child that was not waited for yet; proc(5), `utime` and `stime`."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # a system without /proc: its units take turns by number alone
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
