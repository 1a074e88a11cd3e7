"""Cut a film out of continuous segments on disk by moving whole fragments: nothing is decoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from custodes.core import mp4box
from custodes.core.clock import NS_PER_S
from custodes.core.errors import CustodesError, Permanent
from custodes.core.mp4splice import moved_fragment
from custodes.core.types import LensFilm
from custodes.edge.clip.film import PARTIAL, disk_error
from custodes.edge.clip.identity import FilmIdentity, identity_box, read_identity
from custodes.edge.clip.repair import describe
from custodes.edge.clip.ring import LEAD_NS
from custodes.edge.clip.sink import FilmFile

GAP_NS = NS_PER_S  # more than a frame between two segments: the camera was away


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of continuous film on disk. `zero_wall_ns` is the wall time of its presentation time zero."""

    path: Path
    zero_wall_ns: int
    end_wall_ns: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DiskCut:
    """A film cut from the disk ring, and what its reader should know of it."""

    film: LensFilm
    notes: tuple[str, ...] = ()


class DiskCutter:
    """One cut: fragments of several segments, one after the other on one time line."""

    def __init__(self, parts: list[Segment], clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        """Cut from `parts`, oldest first, all of one lens."""
        self._parts = parts
        self._clip_id = clip_id
        self._start_wall_ns = start_wall_ns
        self._end_wall_ns = end_wall_ns
        self._notes: list[str] = []
        self._zero_wall_ns: int | None = None
        self._index: bytes = b""

    def write(self, folder: Path) -> DiskCut:
        """Write the film into `folder`. Durable on return. Raises as `DiskRing.cut_from_disk` does."""
        lens = read_identity(self._parts[0].path).lens
        final = folder / f"{self._clip_id}.{lens}.mp4"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = FilmFile(final.with_name(final.name.removesuffix(".mp4") + PARTIAL))
        except OSError as error:
            raise disk_error(final, error) from error
        try:
            identity = self._copy(file)
            file.keep()
            file.close_as(final)
            film = describe(final, identity)
        except OSError as error:
            file.discard()
            raise disk_error(final, error) from error
        except CustodesError:
            file.discard()
            raise
        if self._zero_wall_ns is not None and self._zero_wall_ns > self._start_wall_ns:
            late_s = (self._zero_wall_ns - self._start_wall_ns) / NS_PER_S
            self._notes.insert(0, f"film of {lens} begins {late_s:.1f} s late: the disk holds none before")
        return DiskCut(film, tuple(self._notes))

    def _copy(self, file: FilmFile) -> FilmIdentity:
        identity: FilmIdentity | None = None
        sequence = 0
        until_wall_ns: int | None = None
        for part in self._parts:
            said = read_identity(part.path)
            found = mp4box.layout(part.path)
            index = _read(part.path, 0, found.index_end)
            if identity is None:
                kept = self._first_kept(found, said)
                self._zero_wall_ns = said.zero_wall_ns + kept
                identity = said.model_copy(update={"clip_id": self._clip_id, "zero_wall_ns": self._zero_wall_ns})
                self._index = index
                file.write(index + identity_box(identity))
            elif index != self._index:
                self._notes.append(f"film of {said.lens} ends early: the camera changed its picture")
                break
            if until_wall_ns is not None and said.zero_wall_ns < until_wall_ns - GAP_NS:
                self._notes.append(f"film of {said.lens} ends early: the unit's clock was set back")
                break
            if until_wall_ns is not None and said.zero_wall_ns > until_wall_ns + GAP_NS:
                gap_s = (said.zero_wall_ns - until_wall_ns) / NS_PER_S
                self._notes.append(f"film of {said.lens} has a gap of {gap_s:.0f} s")
            for fragment in self._chosen(found, said):
                sequence += 1
                file.write(self._moved(part.path, fragment, found, said, sequence))
            until_wall_ns = part.end_wall_ns
        if identity is None or not sequence:
            raise Permanent("the disk holds no whole GOP in that time.")
        return identity

    def _first_kept(self, found: mp4box.Layout, said: FilmIdentity) -> int:
        """Return where the first fragment to copy begins, counted from the segment's zero (ns)."""
        starts = [_start_ns(fragment, found) for fragment in found.fragments]
        asked = self._start_wall_ns - said.zero_wall_ns
        first = max((start for start in starts if start <= asked), default=min(starts, default=0))
        after = [start for start in starts if asked < start < self._end_wall_ns - said.zero_wall_ns]
        return min(after) if asked - first > LEAD_NS and after else first

    def _chosen(self, found: mp4box.Layout, said: FilmIdentity) -> Iterator[mp4box.Fragment]:
        for fragment in found.fragments:
            begins_ns = said.zero_wall_ns + _start_ns(fragment, found)
            if (self._zero_wall_ns or 0) <= begins_ns < self._end_wall_ns:
                yield fragment

    def _moved(
        self, path: Path, fragment: mp4box.Fragment, found: mp4box.Layout, said: FilmIdentity, sequence: int
    ) -> bytes:
        shift_ns = said.zero_wall_ns - (self._zero_wall_ns or 0)
        shifts = {track.track_id: round(shift_ns * track.ticks_per_s / NS_PER_S) for track in found.tracks}
        content = _read(path, fragment.start, fragment.end - fragment.start)
        return moved_fragment(content, sequence=sequence, shift_ticks=shifts)


def _start_ns(fragment: mp4box.Fragment, found: mp4box.Layout) -> int:
    """Return when a fragment begins, counted from its segment's zero (ns); by its picture where it has one."""
    tracks = {track.track_id: track for track in found.tracks}
    ordered = sorted(fragment.runs, key=lambda run: tracks[run.track_id].handler != "vide")
    return ordered[0].decode_time * NS_PER_S // tracks[ordered[0].track_id].ticks_per_s if ordered else 0


def _read(path: Path, start: int, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(count)
    except OSError as error:
        raise Permanent(f"cannot read {path.name}: {error.strerror}. Check the disk.") from error
