"""Recorded buses: candump, Vector ASC and BLF, PCAN TRC, python-can's CSV, read by python-can."""

import io
import logging
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import Sample
from custodes.edge.telemetry.bus_frames import BusFrames
from custodes.edge.telemetry.bus_settings import BusSignal
from custodes.edge.telemetry.reading import Raw, Reason, Tally, is_a_time

if TYPE_CHECKING:
    from can import Message

MAX_CONTAINER_BYTES = 32 * 1024**2
"""What one container of a BLF file may unfold to; writers fill them with 128 KiB."""

_CANDUMP_LINE = re.compile(rb"\s*\(\d+\.\d+\)\s+\S+\s+[0-9A-Fa-f]{3,8}#")
_BEGINS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("BLF", re.compile(rb"LOGG")),
    ("candump", _CANDUMP_LINE),
    ("bus CSV", re.compile(rb"timestamp,arbitration_id,")),
    ("TRC", re.compile(rb"\s*;\$FILEVERSION", re.IGNORECASE)),
    ("ASC", re.compile(rb"(//[^\n]*\n\s*)*(date\s+\w+\s+\w+\s|base\s+(hex|dec)\s)", re.IGNORECASE)),
)
_COLUMNS = {
    "candump": (None, (r"\(\d+(\.\d+)?\)", r"\S+", r"[0-9A-Fa-f]{1,8}##?[0-9A-Fa-fRr.]*")),
    "bus CSV": (",", (r"\d+(\.\d+)?", r"(0x)?[0-9A-Fa-f]+", "[01]", "[01]", "[01]", r"\d+", r"[A-Za-z0-9+/]*=*\s*")),
}
_WRONG = (ValueError, ArithmeticError, IndexError, KeyError, TypeError, EOFError, struct.error, zlib.error)


class _Lines(io.TextIOWrapper):
    """Text that knows which line was read last, so that an error can name it."""

    number = 0
    last = ""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # as io.TextIOWrapper has it
        line = super().readline(size)
        if line:
            self.number, self.last = self.number + 1, line
        return line


class _Counting(logging.Handler):
    """Count what python-can leaves out of a log and only logs."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(logging.WARNING)
        self._tally = tally

    def emit(self, record: logging.LogRecord) -> None:
        self._tally.add(Reason.MALFORMED)


@contextmanager
def _counted(tally: Tally) -> Iterator[None]:
    """Count as malformed, in place of printing, what python-can skips."""
    log, handler = logging.getLogger("can"), _Counting(tally)
    before = log.propagate
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = before


@dataclass(frozen=True, slots=True)
class _Frame:
    wall_ns: int
    arbitration_id: int
    extended: bool
    content: bytes


def bus_log_kind(head: bytes) -> str | None:
    """Return which kind of recorded bus a file is, by how it begins; None where it is none."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return next((kind for kind, begins in _BEGINS if begins.match(head)), None)


def read_bus_log(path: Path, kind: str, *, signals: Sequence[BusSignal], tally: Tally) -> Raw:
    """Return the samples in a recorded bus. A log that is cut off in its last line is read up to there.

    Raises BadInput that names the line, and where it shows the column, of what cannot be read.
    """
    frames = BusFrames(signals)
    samples: list[Sample] = []
    read = _binary(path, tally) if kind == "BLF" else _text(path, kind, tally)
    with _counted(tally):
        for frame in read:
            sample = frames.take(frame.arbitration_id, frame.content, extended=frame.extended, wall_ns=frame.wall_ns)
            if sample is not None:
                samples.append(sample)
    if not samples:
        said = " and no frame of a [[telemetry.bus.signal]]" if signals else ""
        raise BadInput(
            f"{path} is a recorded bus ({kind}), but holds no answer of OBD-II to speed or engine{said}. "
            "Record it while they are asked, or describe the vehicle's own frames as [[telemetry.bus.signal]]."
        )
    return Raw(f"a recorded bus ({kind})", samples)


def _text(path: Path, kind: str, tally: Tally) -> Iterator[_Frame]:
    from can.io.asc import ASCReader
    from can.io.canutils import CanutilsLogReader
    from can.io.csv import CSVReader
    from can.io.trc import TRCReader

    with _Lines(path.open("rb"), encoding="utf-8-sig", errors="replace") as lines:
        try:
            match kind:
                case "ASC":
                    yield from _frames(ASCReader(lines, relative_timestamp=False))
                case "TRC":
                    yield from _frames(TRCReader(lines))
                case "bus CSV":
                    yield from _frames(CSVReader(lines))
                case _:
                    yield from _frames(CanutilsLogReader(lines))
        except _WRONG as error:
            if not lines.closed and not lines.last.endswith("\n"):
                tally.add(Reason.CUT_SHORT)
                return
            where = _column(kind, lines.last)
            raise BadInput(
                f"{path}, line {lines.number}{where}: {lines.last.strip()[:60]!r} is no line of this log ({kind}). "
                "Record it again, or cut the line out."
            ) from error


def _binary(path: Path, tally: Tally) -> Iterator[_Frame]:
    from can.io.blf import BLFParseError, BLFReader

    some = False
    with suppress(struct.error, zlib.error):  # cut off or damaged there: the reader reads up to it
        _unfolds_small(path)
    try:
        for frame in _frames(BLFReader(path)):
            some = True
            yield frame
    except (*_WRONG, BLFParseError) as error:
        if not some:
            raise BadInput(f"{path} is a damaged BLF file ({error}). Record it again.") from error
        tally.add(Reason.CUT_SHORT)


def _unfolds_small(path: Path) -> None:
    """Raise BadInput where a container of a BLF file unfolds to more than any logger writes into one.

    python-can unfolds each as a whole; layout as in its `BLFReader`: little-endian, containers of zlib.
    """
    with path.open("rb") as file:
        (header_bytes,) = struct.unpack_from("<I", file.read(8), 4)
        file.seek(max(header_bytes, 144))
        while base := file.read(16):
            signature, size, kind = struct.unpack("<4s4xII", base)
            if signature != b"LOBJ" or size < 32:
                return  # the reader says what is wrong
            content = file.read(size - 16)
            file.seek(size % 4, io.SEEK_CUR)
            if kind == 10 and struct.unpack_from("<H", content)[0] == 2:
                unfolded = zlib.decompressobj()
                unfolded.decompress(content[16:], MAX_CONTAINER_BYTES)
                if unfolded.unconsumed_tail:
                    raise BadInput(
                        f"{path}: a container of this BLF file unfolds to more than {MAX_CONTAINER_BYTES // 1024**2} "
                        "MiB, which no logger writes. Record it again."
                    )


def _frames(messages: Iterable["Message"]) -> Iterator[_Frame]:
    for message in messages:
        if message.is_error_frame or message.is_remote_frame:
            continue
        if not is_a_time(message.timestamp * NS_PER_S):
            raise ValueError(f"{message.timestamp} is no time")
        wall_ns = round(message.timestamp * NS_PER_S)
        yield _Frame(wall_ns, message.arbitration_id, message.is_extended_id, bytes(message.data or b""))


def _column(kind: str, line: str) -> str:
    """Return which column of a line is wrong, where that shows."""
    separator, wanted = _COLUMNS.get(kind, (None, ()))
    if not wanted:
        return ""
    cells = line.strip().split(separator)
    for number, (cell, pattern) in enumerate(zip(cells, wanted, strict=False), 1):
        if not re.fullmatch(pattern, cell):
            return f", column {number}"
    return f" ({len(cells)} columns where {len(wanted)} are)" if len(cells) != len(wanted) else ""
