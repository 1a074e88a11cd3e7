"""Walk the boxes of an ISO base media file (MP4, MOV; ISO/IEC 14496-12, clause 4.2) with strict limits.

Reads what is asked for and never allocates what a file merely claims.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from custodes.core.errors import BadInput, Corrupt

MAX_DEPTH = 8
MAX_BOXES = 1_000_000
MAX_READ_BYTES = 32 * 1024 * 1024  # of one moov or moof; an hour of 25 fps film has an index of about 2 MB

CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mvex", b"edts", b"udta"})
TOP_LEVEL = frozenset(
    {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"uuid", b"sidx", b"mfra", b"emsg",
     b"prft", b"meta", b"pnot", b"PICT", b"ssix", b"pdin", b"udta"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """One box: where it begins, how long its header is, and where it ends (bytes from the file's start)."""

    kind: bytes
    start: int
    body: int
    end: int


def walk(source: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two byte positions, in file order.

    Raises Corrupt at a box that is shorter than its header or reaches past `end`.
    """
    position = start
    for _ in range(MAX_BOXES):
        if position >= end:
            return
        box = read_header(source, position, end)
        if box is None:
            raise Corrupt(f"the box at byte {position} is cut short.")
        if box.end > end:
            claimed = box.end - position
            raise Corrupt(
                f"the box {box_name(box.kind)} at byte {position} claims {claimed} bytes, more than there are."
            )
        yield box
        position = box.end
    raise Corrupt(f"there are more than {MAX_BOXES} boxes.")


def descend(source: BinaryIO, box: Box, depth: int = 0) -> Iterator[Box]:
    """Yield all boxes within `box`, each before what it contains. Raises Corrupt as `walk` does, and when too deep."""
    if depth > MAX_DEPTH:
        raise Corrupt("its boxes lie too deep in one another.")
    for child in walk(source, box.body, box.end):
        yield child
        if child.kind in CONTAINERS:
            if child.kind == b"udta":
                continue  # free-form in MOV files
            yield from descend(source, child, depth + 1)


def check_size(box: Box) -> None:
    """Raise Corrupt where an index is longer than is ever read."""
    if box.end - box.start > MAX_READ_BYTES:
        raise Corrupt(f"its part {box_name(box.kind)} is {size_text(box.end - box.start)} long, more than is read.")


def read_header(source: BinaryIO, position: int, end: int) -> Box | None:
    """Return the box at `position`, or None where not even its header is whole."""
    head = read_at(source, position, min(16, max(end - position, 0)))
    if len(head) < 8:
        return None
    size, kind = struct.unpack(">I4s", head[:8])
    header = 8
    if size == 1:
        if len(head) < 16:
            return None
        size, header = int.from_bytes(head[8:16], "big"), 16
    elif size == 0:
        size = end - position  # reaches to the end of what encloses it
    if size < header:
        raise Corrupt(f"the box {box_name(kind)} at byte {position} is shorter than its own header.")
    return Box(kind, position, position + header, position + size)


def read_exact(source: BinaryIO, box: Box, offset: int, count: int) -> bytes:
    """Return `count` bytes of the box's body from `offset`. Raises Corrupt where it has fewer."""
    if box.body + offset + count > box.end:
        raise Corrupt(f"the box {box_name(box.kind)} at byte {box.start} is too short.")
    found = read_at(source, box.body + offset, count)
    if len(found) != count:
        raise Corrupt(f"the box {box_name(box.kind)} at byte {box.start} is cut short.")
    return found


def read_at(source: BinaryIO, position: int, count: int) -> bytes:
    """Return up to `count` bytes at `position`."""
    source.seek(position)
    return source.read(count)


def opened(path: Path) -> BinaryIO:
    """Open a file for reading. Raises BadInput with one line where it cannot be."""
    try:
        return path.open("rb")
    except OSError as error:
        raise BadInput(
            f"cannot open {path.name}: {(error.strerror or 'not readable').lower()}. Check the path."
        ) from error


def box_name(kind: bytes) -> str:
    """Return a box's kind as it is shown."""
    return repr(kind.decode("latin-1"))


def size_text(count: int) -> str:
    """Return a number of bytes as it is shown."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"
