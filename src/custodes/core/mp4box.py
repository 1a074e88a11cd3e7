"""Read the boxes of ISO base media files (MP4, MOV; ISO/IEC 14496-12) with strict limits.

Reads headers and small boxes alone, never the film itself, and never allocates what a file merely claims.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from custodes.core.errors import BadInput, Corrupt, Temporary

MAX_DEPTH = 8
MAX_BOXES = 1_000_000
MAX_READ_BYTES = 32 * 1024 * 1024  # of one moov or moof; an hour of 25 fps film has an index of about 2 MB
MAX_FRAGMENTS = 200_000
MAX_RUN_SAMPLES = 100_000

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mvex", b"edts", b"udta"})
_TOP_LEVEL = frozenset(
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


@dataclass(frozen=True, slots=True)
class Track:
    """One track of the film: its id, `vide` or `soun`, and its ticks per second."""

    track_id: int
    handler: str
    ticks_per_s: int
    default_duration: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What one fragment holds of one track. Times are ticks of the track.

    `shown_until` is where the last of its samples ceases to be shown: later than `decode_time` + `duration` where
    frames are reordered.
    """

    track_id: int
    decode_time: int
    duration: int
    samples: int
    shown_until: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One `moof` with its `mdat`: byte range `start` to `end`, and what it holds of each track."""

    start: int
    end: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A fragmented film: tracks, fragments in file order, and where the last whole one ends (`whole_bytes`).

    `index_end` is where `moov` ends. `size_bytes` is the file's size; it exceeds `whole_bytes` where the film is torn.
    """

    tracks: tuple[Track, ...]
    fragments: tuple[Fragment, ...]
    index_end: int
    whole_bytes: int
    size_bytes: int


def walk(source: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two byte positions, in file order.

    Raises Corrupt at a box that is shorter than its header or reaches past `end`.
    """
    position = start
    for _ in range(MAX_BOXES):
        if position >= end:
            return
        box = _read_header(source, position, end)
        if box is None:
            raise Corrupt(f"the box at byte {position} is cut short.")
        if box.end > end:
            raise Corrupt(
                f"the box {_name(box.kind)} at byte {position} claims {box.end - position} bytes, more than there are."
            )
        yield box
        position = box.end
    raise Corrupt(f"there are more than {MAX_BOXES} boxes.")


def layout(path: Path) -> Layout:
    """Read where the tracks and fragments of a fragmented film lie.

    A torn end is no error: `whole_bytes` says how far the film is good. Raises BadInput where the file cannot be
    read, Corrupt where it is no fragmented MP4 (no whole `moov` with tracks at its start).
    """
    with _opened(path) as source:
        size = os.fstat(source.fileno()).st_size
        return _layout(source, size)


def whole_length(path: Path) -> int:
    """Return where the last whole fragment (and what follows it whole) ends, in bytes. Raises as `layout` does."""
    return layout(path).whole_bytes


def truncate_to_whole(path: Path) -> int:
    """Cut the file back to its last whole fragment and return how many bytes were cut off.

    Durable on return. Raises BadInput or Corrupt as `layout` does (the file is then untouched), Temporary where
    the disk refuses.
    """
    found = layout(path)
    lost = found.size_bytes - found.whole_bytes
    if lost:
        try:
            with path.open("r+b") as file:
                file.truncate(found.whole_bytes)
                os.fsync(file.fileno())
        except OSError as error:
            raise Temporary(f"cannot mend {path.name}: {error.strerror}. Check the disk's space and rights.") from error
    return lost


def claim_fault(path: Path) -> str | None:
    """Say in one line what is wrong with the boxes of an MP4 or MOV, or None where nothing is or it is no MP4.

    For use before a parser that would believe the claims. Cut-short film data is no fault: what is there plays.
    Raises BadInput where the file cannot be read.
    """
    with _opened(path) as source:
        size = os.fstat(source.fileno()).st_size
        if _read(source, 0, 8)[4:] not in _TOP_LEVEL - {b"udta"}:
            return None
        return _claim_fault(source, size)


def _claim_fault(source: BinaryIO, size: int) -> str | None:
    position, has_index = 0, False
    for _ in range(MAX_BOXES):
        if position >= size:
            break
        box = _read_header(source, position, size)
        if box is None:
            break
        if box.end > size:
            if box.kind == b"mdat" and has_index:
                break
            return (
                f"it is cut short: its part {_name(box.kind)} claims {_size(box.end - box.start)}, "
                f"but the file has {_size(size)}. Copy it again."
            )
        if box.kind == b"moov":
            has_index = True
            fault = _nested_fault(source, box)
            if fault:
                return fault
        position = box.end
    return None if has_index else "it is cut short: its index (the part 'moov') is missing. Copy or record it again."


def _nested_fault(source: BinaryIO, moov: Box) -> str | None:
    """Find a table in `moov` that claims more entries than its own box has bytes for."""
    try:
        for box in _descend(source, moov, 0):
            rule = _TABLES.get(box.kind)
            if rule is None:
                continue
            count_at, entry_bytes = rule
            head = _read(source, box.body, min(count_at + 4, box.end - box.body))
            if len(head) < count_at + 4:
                return f"it is damaged: its table {_name(box.kind)} is cut short. Copy it again."
            count = int.from_bytes(head[count_at : count_at + 4], "big")
            if box.kind == b"stsz" and head[4:8] != b"\0\0\0\0":
                continue  # all samples are of one size: there is no table
            if count * entry_bytes > box.end - box.body - count_at - 4:
                return f"it is damaged: its table {_name(box.kind)} claims {count} absent entries. Copy it again."
    except Corrupt as error:
        return f"it is damaged: {error} Copy it again."
    return None


# Where the entry count stands in a table's body, and the least bytes of one entry (ISO/IEC 14496-12, clause 8).
_TABLES = {
    b"stsz": (8, 4), b"stts": (4, 8), b"ctts": (4, 8), b"stsc": (4, 12), b"stco": (4, 4), b"co64": (4, 8),
    b"stss": (4, 4), b"elst": (4, 12), b"stsd": (4, 8), b"dref": (4, 8),
}  # fmt: skip


def _descend(source: BinaryIO, box: Box, depth: int) -> Iterator[Box]:
    if depth > MAX_DEPTH:
        raise Corrupt("its boxes lie too deep in one another.")
    for child in walk(source, box.body, box.end):
        yield child
        if child.kind in _CONTAINERS:
            if child.kind == b"udta":
                continue  # free-form in MOV files
            yield from _descend(source, child, depth + 1)


def _layout(source: BinaryIO, size: int) -> Layout:
    tracks: tuple[Track, ...] = ()
    fragments: list[Fragment] = []
    index_end, whole, position = 0, 0, 0
    pending: tuple[Box, tuple[Run, ...]] | None = None
    for _ in range(MAX_BOXES):
        box = _next_whole(source, position, size)
        if box is None:
            break
        if box.kind == b"moov":
            if not tracks:
                tracks = _tracks(source, box)
                index_end = box.end
        elif box.kind == b"moof":
            if not tracks or len(fragments) >= MAX_FRAGMENTS:
                break
            try:
                pending = (box, _runs(source, box, {t.track_id: t for t in tracks}))
            except Corrupt:
                break
        elif box.kind == b"mdat" and pending is not None:
            fragments.append(Fragment(start=pending[0].start, end=box.end, runs=pending[1]))
            pending = None
        position = box.end
        if pending is None:
            whole = position
    if not tracks:
        raise Corrupt("it has no whole index (the part 'moov') at its start.")
    return Layout(tracks=tracks, fragments=tuple(fragments), index_end=index_end, whole_bytes=whole, size_bytes=size)


def _next_whole(source: BinaryIO, position: int, size: int) -> Box | None:
    """Return the top-level box at `position`, or None where the file ends, is torn, or holds something else."""
    try:
        box = _read_header(source, position, size) if position < size else None
    except Corrupt:
        return None
    return None if box is None or box.end > size or box.kind not in _TOP_LEVEL else box


def _tracks(source: BinaryIO, moov: Box) -> tuple[Track, ...]:
    _limit(moov)
    defaults: dict[int, int] = {}
    found: list[Track] = []
    for box in walk(source, moov.body, moov.end):
        if box.kind == b"mvex":
            for trex in walk(source, box.body, box.end):
                if trex.kind == b"trex":
                    track_id, _, duration = struct.unpack(">III", _exact(source, trex, 4, 12))
                    defaults[track_id] = duration
        elif box.kind == b"trak":
            found.append(_track(source, box))
    if not found:
        raise Corrupt("its index names no track.")
    return tuple(Track(t.track_id, t.handler, t.ticks_per_s, defaults.get(t.track_id, 0)) for t in found)


def _track(source: BinaryIO, trak: Box) -> Track:
    track_id, handler, ticks = 0, "", 0
    for box in _descend(source, trak, 1):
        if box.kind == b"tkhd":
            at = 20 if _exact(source, box, 0, 1) == b"\1" else 12
            track_id = int.from_bytes(_exact(source, box, at, 4), "big")
        elif box.kind == b"hdlr" and not handler:
            handler = _exact(source, box, 8, 4).decode("latin-1")
        elif box.kind == b"mdhd":
            at = 20 if _exact(source, box, 0, 1) == b"\1" else 12
            ticks = int.from_bytes(_exact(source, box, at, 4), "big")
    if not track_id or not ticks:
        raise Corrupt("its index has a track without number or clock.")
    return Track(track_id, handler, ticks)


def _runs(source: BinaryIO, moof: Box, tracks: dict[int, Track]) -> tuple[Run, ...]:
    _limit(moof)
    runs: list[Run] = []
    for traf in walk(source, moof.body, moof.end):
        if traf.kind != b"traf":
            continue
        track_id, decode_time, each, duration, samples, latest = 0, 0, 0, 0, 0, 0
        for box in walk(source, traf.body, traf.end):
            if box.kind == b"tfhd":
                track_id, each = _fragment_header(source, box)
                each = each or (tracks[track_id].default_duration if track_id in tracks else 0)
            elif box.kind == b"tfdt":
                wide = _exact(source, box, 0, 1) == b"\1"
                decode_time = int.from_bytes(_exact(source, box, 4, 8 if wide else 4), "big")
            elif box.kind == b"trun":
                count, span, until = _run(source, box, each)
                latest = max(latest, duration + until)
                samples += count
                duration += span
        if track_id not in tracks:
            raise Corrupt("a fragment names an unknown track.")
        runs.append(Run(track_id, decode_time, duration, samples, decode_time + latest))
    return tuple(runs)


def _fragment_header(source: BinaryIO, box: Box) -> tuple[int, int]:
    flags = int.from_bytes(_exact(source, box, 1, 3), "big")
    track_id = int.from_bytes(_exact(source, box, 4, 4), "big")
    if not flags & 0x8:  # default-sample-duration-present
        return track_id, 0
    at = 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    return track_id, int.from_bytes(_exact(source, box, at, 4), "big")


def _run(source: BinaryIO, box: Box, each: int) -> tuple[int, int, int]:
    """Return a run's samples, its duration, and when its last sample ceases to be shown (ticks from its start)."""
    flags = int.from_bytes(_exact(source, box, 1, 3), "big")
    signed = _exact(source, box, 0, 1) != b"\0"
    count = int.from_bytes(_exact(source, box, 4, 4), "big")
    if count > MAX_RUN_SAMPLES:
        raise Corrupt(f"a fragment claims {count} frames.")
    has_duration, has_offset = flags & 0x100, flags & 0x800  # sample-duration-, composition-time-offset-present
    step = 4 * (flags & 0xF00).bit_count()
    table = _exact(source, box, 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0), count * step)
    at, latest = 0, 0
    for sample in range(count):
        row = table[sample * step : (sample + 1) * step]
        span = int.from_bytes(row[:4], "big") if has_duration else each
        offset = int.from_bytes(row[-4:], "big", signed=signed) if has_offset else 0
        latest = max(latest, at + offset + span)
        at += span
    return count, at, latest


def _limit(box: Box) -> None:
    if box.end - box.start > MAX_READ_BYTES:
        raise Corrupt(f"its part {_name(box.kind)} is {_size(box.end - box.start)} long, more than is read.")


def _read_header(source: BinaryIO, position: int, end: int) -> Box | None:
    """Return the box at `position`, or None where not even its header is whole."""
    head = _read(source, position, min(16, max(end - position, 0)))
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
        raise Corrupt(f"the box {_name(kind)} at byte {position} is shorter than its own header.")
    return Box(kind, position, position + header, position + size)


def _exact(source: BinaryIO, box: Box, offset: int, count: int) -> bytes:
    if box.body + offset + count > box.end:
        raise Corrupt(f"the box {_name(box.kind)} at byte {box.start} is too short.")
    found = _read(source, box.body + offset, count)
    if len(found) != count:
        raise Corrupt(f"the box {_name(box.kind)} at byte {box.start} is cut short.")
    return found


def _read(source: BinaryIO, position: int, count: int) -> bytes:
    source.seek(position)
    return source.read(count)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise BadInput(
            f"cannot open {path.name}: {(error.strerror or 'not readable').lower()}. Check the path."
        ) from error


def _name(kind: bytes) -> str:
    return repr(kind.decode("latin-1"))


def _size(count: int) -> str:
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"
