"""The optional continuous film on disk: segments of about a minute under a size cap, the oldest removed first."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput, Corrupt, Permanent, Temporary
from custodes.core.fs import sync_folder
from custodes.core.packets import StampedPacket, StreamTemplate
from custodes.core.types import Facing
from custodes.edge.clip.disk_cut import DiskCut, DiskCutter, Segment
from custodes.edge.clip.film import PARTIAL, FilmWriter, disk_error
from custodes.edge.clip.identity import FilmIdentity, read_identity
from custodes.edge.clip.repair import Repaired, describe, mend

NO_CLIP = UUID(int=0)
_NAME = re.compile(r"^(\d{20})-(\d{20})\.[a-z0-9_-]+\.mp4$")


@dataclass(slots=True)
class _Open:
    """The segment that is being written."""

    writer: FilmWriter
    identity: FilmIdentity
    start_mono_ns: int


class DiskRing:
    """One lens's continuous film. Not for several threads: its lens's thread calls everything.

    Every GOP is durable once the next begins, as in a clip; a segment that a power cut tore is mended at start.
    """

    def __init__(
        self,
        *,
        lens: str,
        facing: Facing,
        folder: Path,
        limit_bytes: int,
        segment_s: float = 60.0,
        keep_sound: bool = False,
    ) -> None:
        """Take over `folder`: mend what is torn, and remove what is over the limit.

        `mended` tells what was torn. Raises Temporary where the disk refuses.
        """
        self._lens = lens
        self._facing = facing
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._segment_ns = round(segment_s * NS_PER_S)
        self._keep_sound = keep_sound
        self._open: _Open | None = None
        self._template: StreamTemplate | None = None
        self._sound: StreamTemplate | None = None
        self._epoch = -1
        self._segments: list[Segment] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Temporary(f"cannot create {folder}: {error.strerror}. Check its rights.") from error
        self.mended = tuple(self._mend(path) for path in sorted(folder.glob("*.mp4")) if not _NAME.match(path.name))
        self._segments = sorted(_named_segments(folder), key=lambda segment: segment.zero_wall_ns)
        self._trim()

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the finished segments, oldest first."""
        return tuple(self._segments)

    @property
    def size_bytes(self) -> int:
        """Return what the ring takes on disk, the open segment included."""
        finished = sum(segment.size_bytes for segment in self._segments)
        return finished + (self._open.writer.size_bytes if self._open else 0)

    def append(self, packet: StampedPacket) -> None:
        """Write one packet. Durable once the GOP after it has begun.

        When the disk is full the oldest segments go first. Raises Temporary where none is left to remove: what is on
        disk stays good, and the next keyframe tries again; Permanent where MP4 cannot hold the codec.
        """
        if packet.media == "audio":
            if not self._keep_sound:
                return
            self._sound = packet.template
        elif packet.is_keyframe:
            self._turn(packet)
        current = self._open
        if current is None or packet.epoch != self._epoch:
            return
        try:
            current.writer.write(packet)
        except Temporary:
            self._abandon()
            if not self._remove_oldest():
                raise

    def close(self) -> None:
        """Finish the open segment. Durable on return. Raises Temporary where the disk refuses."""
        current = self._open
        if current is None:
            return
        try:
            written = current.writer.finish()
        except Temporary:
            self._abandon()
            raise
        self._open = None
        self._name(written.path, current.identity.zero_wall_ns, written.duration_ns, written.size_bytes)

    def cut_from_disk(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int, folder: Path) -> DiskCut:
        """Copy a range into one film in `folder`, from the keyframe before `start_wall_ns`. Durable on return.

        Nothing is decoded: whole fragments are moved. The film ends with the GOP that holds `end_wall_ns`, or where
        the camera changed its picture. Raises Permanent where the ring holds nothing of the range, Temporary where
        the disk refuses.
        """
        parts = [s for s in self._readable() if s.end_wall_ns > start_wall_ns and s.zero_wall_ns < end_wall_ns]
        if not parts:
            raise Permanent(f"the disk holds no film of {self._lens} in that time.")
        return DiskCutter(parts, clip_id, start_wall_ns=start_wall_ns, end_wall_ns=end_wall_ns).write(folder)

    def _turn(self, packet: StampedPacket) -> None:
        """Begin a segment where it is time for one, and keep to the limit."""
        current = self._open
        anew = packet.epoch != self._epoch or packet.template is not self._template
        if current is not None and (anew or packet.mono_ns - current.start_mono_ns >= self._segment_ns):
            try:
                self.close()
            except Temporary:  # its last GOP is lost; what came before is a segment already
                if not self._remove_oldest():
                    raise
        if packet.epoch != self._epoch:
            self._sound = None
        self._epoch, self._template = packet.epoch, packet.template
        self._trim()
        while self._open is None:
            try:
                self._begin(packet)
            except Temporary:
                if not self._remove_oldest():
                    raise

    def _begin(self, packet: StampedPacket) -> None:
        template = packet.template
        identity = FilmIdentity(
            clip_id=NO_CLIP,
            lens=self._lens,
            facing=self._facing,
            codec=template.codec,
            width_px=template.width_px,
            height_px=template.height_px,
            zero_wall_ns=packet.wall_ns - template.ticks_to_ns(packet.pts - packet.dts),
            has_sound=False,
        )
        path = self._folder / f"{identity.zero_wall_ns:020d}.{self._lens}.mp4"
        writer = FilmWriter(path, video=template, sound=self._sound, identity=identity)
        self._open = _Open(writer, identity, packet.mono_ns)

    def _abandon(self) -> None:
        """Keep what is whole of the open segment."""
        current, self._open = self._open, None
        if current is not None:
            self._mend(current.writer.abandon())

    def _mend(self, path: Path) -> Repaired:
        mended = mend(path)
        film = mended.film
        if film is not None:
            self._name(Path(film.path), film.first_frame_wall_ns, film.duration_ns, film.size_bytes)
        return mended

    def _name(self, path: Path, zero_wall_ns: int, duration_ns: int, size_bytes: int) -> None:
        """Give a whole segment the name that says its time: at start no segment need be opened to know it."""
        end_wall_ns = zero_wall_ns + duration_ns
        final = path.with_name(f"{zero_wall_ns:020d}-{end_wall_ns:020d}.{self._lens}.mp4")
        try:
            path.rename(final)
            sync_folder(self._folder)
        except OSError as error:
            raise disk_error(path, error) from error
        self._segments.append(Segment(final, zero_wall_ns, end_wall_ns, size_bytes))

    def _trim(self) -> None:
        while self._segments and self.size_bytes > self._limit_bytes:
            self._remove_oldest()

    def _remove_oldest(self) -> bool:
        """Remove the oldest segment; return False where there is none."""
        if not self._segments:
            return False
        oldest = self._segments.pop(0)
        try:
            oldest.path.unlink(missing_ok=True)
            sync_folder(self._folder)
        except OSError as error:
            raise disk_error(oldest.path, error) from error
        return True

    def _readable(self) -> list[Segment]:
        """Return all segments, the whole part of the open one last."""
        found = list(self._segments)
        current = self._open
        if current is not None:
            with contextlib.suppress(Corrupt):  # not one GOP of it is on disk yet
                found.append(_whole_part(current.writer.partial_path, current.identity))
        return found


def _named_segments(folder: Path) -> Iterator[Segment]:
    for path in folder.glob("*.mp4"):
        said = _NAME.match(path.name)
        if said is not None:
            with contextlib.suppress(FileNotFoundError):  # the ring has just let go of it
                yield Segment(path, int(said[1]), int(said[2]), path.stat().st_size)


def _whole_part(partial: Path, identity: FilmIdentity) -> Segment:
    film = describe(partial, identity)
    end_wall_ns = film.first_frame_wall_ns + film.duration_ns
    return Segment(partial, film.first_frame_wall_ns, end_wall_ns, film.size_bytes)


def kept_in(folder: Path) -> list[Segment]:
    """Return what a ring keeps in `folder`, oldest first, though another process writes it: its open segment too."""
    found: list[Segment] = []
    # The open ones first: one that is finished meanwhile is found under its last name below.
    for partial in folder.glob(f"*{PARTIAL}"):
        with contextlib.suppress(Corrupt, BadInput, Permanent, OSError):
            found.append(_whole_part(partial, read_identity(partial)))
    found += _named_segments(folder)
    return sorted(found, key=lambda segment: segment.zero_wall_ns)
