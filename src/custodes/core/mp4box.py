"""Find the tracks and fragments of a fragmented MP4 (ISO/IEC 14496-12, clause 8.8), and where it is torn.

Reads headers and small boxes alone, never the film itself, and never allocates what a file merely claims.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from custodes.core.boxes import (
    MAX_BOXES,
    TOP_LEVEL,
    Box,
    check_size,
    descend,
    opened,
    read_exact,
    read_header,
    walk,
)
from custodes.core.errors import Corrupt, Temporary

MAX_FRAGMENTS = 200_000
MAX_RUN_SAMPLES = 100_000


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


def layout(path: Path) -> Layout:
    """Read where the tracks and fragments of a fragmented film lie.

    A torn end is no error: `whole_bytes` says how far the film is good. Raises BadInput where the file cannot be
    read, Corrupt where it is no fragmented MP4 (no whole `moov` with tracks at its start).
    """
    with opened(path) as source:
        return layout_of(source, os.fstat(source.fileno()).st_size)


def layout_of(source: BinaryIO, size_bytes: int) -> Layout:
    """Read the layout of a film that is open already, of `size_bytes`. Raises Corrupt as `layout` does."""
    return _layout(source, size_bytes)


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
        box = read_header(source, position, size) if position < size else None
    except Corrupt:
        return None
    return None if box is None or box.end > size or box.kind not in TOP_LEVEL else box


def _tracks(source: BinaryIO, moov: Box) -> tuple[Track, ...]:
    check_size(moov)
    defaults: dict[int, int] = {}
    found: list[Track] = []
    for box in walk(source, moov.body, moov.end):
        if box.kind == b"mvex":
            for trex in walk(source, box.body, box.end):
                if trex.kind == b"trex":
                    track_id, _, duration = struct.unpack(">III", read_exact(source, trex, 4, 12))
                    defaults[track_id] = duration
        elif box.kind == b"trak":
            found.append(_track(source, box))
    if not found:
        raise Corrupt("its index names no track.")
    return tuple(Track(t.track_id, t.handler, t.ticks_per_s, defaults.get(t.track_id, 0)) for t in found)


def _track(source: BinaryIO, trak: Box) -> Track:
    track_id, handler, ticks = 0, "", 0
    for box in descend(source, trak, 1):
        if box.kind == b"tkhd":
            at = 20 if read_exact(source, box, 0, 1) == b"\1" else 12
            track_id = int.from_bytes(read_exact(source, box, at, 4), "big")
        elif box.kind == b"hdlr" and not handler:
            handler = read_exact(source, box, 8, 4).decode("latin-1")
        elif box.kind == b"mdhd":
            at = 20 if read_exact(source, box, 0, 1) == b"\1" else 12
            ticks = int.from_bytes(read_exact(source, box, at, 4), "big")
    if not track_id or not ticks:
        raise Corrupt("its index has a track without number or clock.")
    return Track(track_id, handler, ticks)


def _runs(source: BinaryIO, moof: Box, tracks: dict[int, Track]) -> tuple[Run, ...]:
    check_size(moof)
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
                wide = read_exact(source, box, 0, 1) == b"\1"
                decode_time = int.from_bytes(read_exact(source, box, 4, 8 if wide else 4), "big")
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
    flags = int.from_bytes(read_exact(source, box, 1, 3), "big")
    track_id = int.from_bytes(read_exact(source, box, 4, 4), "big")
    if not flags & 0x8:  # default-sample-duration-present
        return track_id, 0
    at = 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    return track_id, int.from_bytes(read_exact(source, box, at, 4), "big")


def _run(source: BinaryIO, box: Box, each: int) -> tuple[int, int, int]:
    """Return a run's samples, its duration, and when its last sample ceases to be shown (ticks from its start)."""
    flags = int.from_bytes(read_exact(source, box, 1, 3), "big")
    signed = read_exact(source, box, 0, 1) != b"\0"
    count = int.from_bytes(read_exact(source, box, 4, 4), "big")
    if count > MAX_RUN_SAMPLES:
        raise Corrupt(f"a fragment claims {count} frames.")
    has_duration, has_offset = flags & 0x100, flags & 0x800  # sample-duration-, composition-time-offset-present
    step = 4 * (flags & 0xF00).bit_count()
    table = read_exact(source, box, 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0), count * step)
    at, latest = 0, 0
    for sample in range(count):
        row = table[sample * step : (sample + 1) * step]
        span = int.from_bytes(row[:4], "big") if has_duration else each
        offset = int.from_bytes(row[-4:], "big", signed=signed) if has_offset else 0
        latest = max(latest, at + offset + span)
        at += span
    return count, at, latest
