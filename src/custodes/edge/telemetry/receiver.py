"""A receiver on a serial line or USB that speaks NMEA 0183, read as it talks."""

import os
import termios
import tty
from collections.abc import Callable
from dataclasses import replace

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.types import Sample
from custodes.edge.telemetry.clean import MAX_SPEED_MPS
from custodes.edge.telemetry.nmea import SENTENCE, Epoch, parse_sentence, sample_of, take_sentence
from custodes.edge.telemetry.parked import Anchorage, Motion
from custodes.edge.telemetry.reading import Reason, Tally

REOPEN_NS = 2 * NS_PER_S
"""How long to wait before a receiver that went away is called again."""

COMPLETE_NS = 300_000_000
"""A receiver tells one moment in a burst; silence this long (a third of the usual second) means that it is told."""

MAX_LINE_BYTES = 4096
_READ_BYTES = 65_536


def is_receiver(source: str) -> bool:
    """Return whether a telemetry source is a device and no file."""
    return source.startswith("/dev/")


class Receiver:
    """Read a device without ever waiting for it; call it again when it went away. One thread reads it.

    Samples are timed by the unit's clock at their first sentence, so that they lie on the film's time line whatever
    the satellites say. `tally` counts what was damaged or without a fix. `on_notice` is told, in a line, when the
    receiver goes away and when it is back.
    """

    def __init__(
        self,
        path: str,
        *,
        clock: Clock,
        baud: int,
        parked_filter: bool,
        on_notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.tally = Tally()
        self._absent = False
        self._on_notice = on_notice
        self._path = path
        self._clock = clock
        self._baud = baud
        self._descriptor: int | None = None
        self._retry_ns = 0
        self._tail = b""
        self._epochs: list[Epoch] = []
        self._began_ns = 0
        self._heard_ns = 0
        self._last_ns = 0
        self._motion = Motion(worked_out=False) if parked_filter else None
        self._anchorage = Anchorage()

    @property
    def absent(self) -> bool:
        """Whether the device itself cannot be reached."""
        return self._absent

    def read_until(self, wall_ns: int) -> list[Sample]:
        """Return the moments that the receiver has told since the last call; empty while it is absent or silent."""
        heard = self._hear()
        samples: list[Sample] = []
        for match in SENTENCE.finditer(heard):
            sentence = parse_sentence(match.group(), self.tally)
            if sentence is None or not take_sentence(sentence, self._epochs):
                continue
            self._heard_ns = wall_ns
            if len(self._epochs) == 1 and not self._began_ns:
                self._began_ns = wall_ns
            while len(self._epochs) > 1:
                samples += self._told(self._epochs.pop(0), self._began_ns)
                self._began_ns = wall_ns
        if self._epochs and wall_ns - self._heard_ns >= COMPLETE_NS:
            samples += self._told(self._epochs.pop(), self._began_ns)
            self._began_ns = 0
        return samples

    def close(self) -> None:
        """Let go of the device."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _told(self, epoch: Epoch, wall_ns: int) -> list[Sample]:
        if not epoch.fix or epoch.lat_deg is None or epoch.lon_deg is None:
            self.tally.add(Reason.NO_FIX)
            return []
        sample = sample_of(epoch, max(wall_ns, self._last_ns + 1))
        if sample.speed_mps is not None and sample.speed_mps > MAX_SPEED_MPS:
            self.tally.add(Reason.TOO_FAST)
            return []
        self._last_ns = sample.wall_ns
        if self._motion is None:
            return [sample]
        moves, _ = self._motion.step(sample)
        return [replace(self._anchorage.place(sample, moves=moves), wall_ns=sample.wall_ns)]

    def _hear(self) -> bytes:
        """Return the whole lines that have arrived."""
        descriptor = self._opened()
        if descriptor is None:
            return b""
        try:
            fresh = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._gone(error.strerror or str(error))
            return b""
        if not fresh:  # a line that hung up reads as its end
            self._gone("it was unplugged")
            return b""
        lines, newline, tail = (self._tail + fresh).rpartition(b"\n")
        self._tail = tail[-MAX_LINE_BYTES:]
        return lines + newline

    def _opened(self) -> int | None:
        if self._descriptor is not None:
            return self._descriptor
        if self._clock.mono_ns() < self._retry_ns:
            return None
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
            if os.isatty(self._descriptor):
                _set_line(self._descriptor, self._baud)
        except (OSError, termios.error) as error:
            self._gone(error.strerror if isinstance(error, OSError) and error.strerror else str(error))
            return None
        if self._absent:
            self._absent = False
            self._on_notice(f"the receiver {self._path} is back")
        return self._descriptor

    def _gone(self, why: str) -> None:
        self.close()
        self._retry_ns = self._clock.mono_ns() + REOPEN_NS
        self._tail = b""
        self._epochs.clear()
        self._began_ns = 0
        if not self._absent:
            self._absent = True
            self._on_notice(f"no position from the receiver {self._path}: {why}. It is called again until it is back.")


def _set_line(descriptor: int, baud: int) -> None:
    """Set the serial line to raw bytes at `baud`. USB receivers take any rate."""
    tty.setraw(descriptor, termios.TCSANOW)
    speed = getattr(termios, f"B{baud}")
    attributes = termios.tcgetattr(descriptor)
    attributes[4] = attributes[5] = speed
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
