"""Keep one lens's last seconds in memory, and cut films for clips out of them as they go on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import CustodesError, Permanent, Temporary
from custodes.core.packets import StampedPacket, StreamTemplate
from custodes.core.types import Facing
from custodes.edge.clip.film import FilmWriter
from custodes.edge.clip.identity import FilmIdentity
from custodes.edge.clip.outcome import FinishedFilm, LostFilm, lens_film
from custodes.edge.clip.repair import mend
from custodes.edge.clip.ring import LEAD_NS, PacketRing
from custodes.edge.clip.settings import ClipSettings
from custodes.edge.clip.transcode import Transcoder, why_transcode

SAID_FROM_S = 0.1
"""A film that begins later than this after what was asked for says so."""


@dataclass(slots=True)
class _OpenFilm:
    """A film that was asked for; `writer` is None until its first keyframe came.

    It has `begun` once the ring gave it what it begins with: not before pictures of its range have come.
    """

    clip_id: UUID
    start_mono_ns: int
    end_mono_ns: int
    start_wall_ns: int
    end_wall_ns: int
    begun: bool = False
    shown_mono_ns: int = -(1 << 62)
    writer: FilmWriter | None = None
    transcoder: Transcoder | None = None
    identity: FilmIdentity | None = None
    notes: list[str] = field(default_factory=list)


class LensRecorder:
    """One lens's ring and open films. Not for several threads: its lens's thread calls everything.

    A film begins at the last keyframe at or before the asked start (`PacketRing.since`: less than 3 s before it), and
    ends with the first frame at or after the asked end; nothing is encoded anew unless MP4 cannot hold the codec. Each
    GOP is durable once the next begins.
    """

    def __init__(self, *, lens: str, facing: Facing, folder: Path, settings: ClipSettings, clock: Clock) -> None:
        """Create `folder` if need be. Raises Temporary where the disk refuses."""
        self._lens = lens
        self._facing = facing
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._ring = PacketRing(span_ns=settings.ring_span_ns, limit_bytes=settings.ring_mb * 1024 * 1024)
        self._open: list[_OpenFilm] = []
        self._done: list[FinishedFilm] = []
        self._lost: list[LostFilm] = []
        self._epoch: int | None = None
        self._wall_minus_mono_ns = 0
        self._keep_sound = settings.keep_sound
        self._video: StreamTemplate | None = None
        self._sound: StreamTemplate | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Temporary(f"cannot create {folder}: {error.strerror}. Check its rights.") from error

    def append(self, packet: StampedPacket) -> list[FinishedFilm]:
        """Add the lens's next packet to the ring and to every open film; return the films that it finished.

        A full disk ends the films early: what is whole of them comes back finished, with a note; films of which
        nothing is left are told by `take_lost`. Never raises for the disk.
        """
        if packet.media == "video":
            if packet.template is not self._video or packet.epoch != self._epoch:
                self._begin_epoch(packet)
            self._wall_minus_mono_ns = packet.wall_ns - packet.mono_ns
        elif not self._keep_sound or packet.epoch != self._epoch:
            return []
        else:
            self._sound = packet.template
        self._ring.append(packet)
        if not self._open and not self._done:
            return []
        for film in list(self._open):
            if film.begun:
                self._advance(film, packet)
            else:
                self._begin_film(film)
        done, self._done = self._done, []
        return done

    def begin(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        """Open a film from `start_wall_ns` (in the past, as far as the ring reaches, or to come) to `end_wall_ns`.

        Raises Permanent where the clip already has an open film here or ends before it starts. A film whose end
        has passed comes back finished from the next `append` or `finish_all`.
        """
        if end_wall_ns <= start_wall_ns:
            raise Permanent(f"clip {clip_id} ends before it starts.")
        if any(film.clip_id == clip_id for film in self._open):
            raise Permanent(f"clip {clip_id} is already being filmed by {self._lens}.")
        offset = self._wall_offset()
        film = _OpenFilm(
            clip_id=clip_id,
            start_mono_ns=start_wall_ns - offset,
            end_mono_ns=end_wall_ns - offset,
            start_wall_ns=start_wall_ns,
            end_wall_ns=end_wall_ns,
        )
        self._open.append(film)
        self._begin_film(film)

    def extend(self, clip_id: UUID, *, end_wall_ns: int) -> None:
        """Let an open film run on until `end_wall_ns`; an earlier end changes nothing.

        Raises Permanent where the clip has no open film here.
        """
        for film in self._open:
            if film.clip_id == clip_id:
                film.end_wall_ns = max(film.end_wall_ns, end_wall_ns)
                film.end_mono_ns = max(film.end_mono_ns, end_wall_ns - self._wall_offset())
                return
        raise Permanent(f"clip {clip_id} has no open film of {self._lens} to extend.")

    def finish_all(self) -> list[FinishedFilm]:
        """Close all open films where they are, and return all finished ones. Call at the end of the source."""
        for film in list(self._open):
            if not film.begun:
                self._begin_film(film, ended=True)
        for film in list(self._open):
            if film.end_mono_ns > (self._ring.newest_mono_ns or 0):
                film.notes.append(f"film of {self._lens} ends early: the source ended")
            self._close(film)
        done, self._done = self._done, []
        return done

    def forget(self, why: str) -> list[FinishedFilm]:
        """Close all open films with a note and forget the ring: nothing of before goes into what comes next."""
        for film in list(self._open):
            film.notes.append(f"film of {self._lens} ends early: {why}")
            self._close(film)
        self._ring.clear()
        self._epoch = None
        done, self._done = self._done, []
        return done

    def take_lost(self) -> list[LostFilm]:
        """Return the films of which nothing could be kept since the last call."""
        lost, self._lost = self._lost, []
        return lost

    def clock_jumped(self, step_ns: int) -> None:
        """Take that the wall clock stepped by `step_ns`: open films say so; their timing is not touched."""
        for film in self._open:
            film.notes.append(f"the unit's clock jumped by {step_ns / 1e9:+.1f} s while {self._lens} was filmed")

    @property
    def open_films(self) -> int:
        """Return how many films are open."""
        return len(self._open)

    def _begin_epoch(self, packet: StampedPacket) -> None:
        """The stream was opened anew: no film can hold packets from both sides."""
        if self._epoch is not None:
            for film in list(self._open):
                if film.writer is not None:
                    film.notes.append(f"film of {self._lens} ends early: the camera was lost or changed its picture")
                    self._close(film)
        self._ring.clear()
        self._video, self._epoch = packet.template, packet.epoch
        self._sound = None

    def _begin_film(self, film: _OpenFilm, *, ended: bool = False) -> None:
        """Give the film what the ring holds of its range; without a picture of it yet, leave it waiting."""
        onset_mono_ns = film.start_mono_ns + round(self._settings.pre_roll_s * NS_PER_S)
        latest_mono_ns = min(onset_mono_ns, film.end_mono_ns)
        packets = self._ring.since(film.start_mono_ns, latest_mono_ns=latest_mono_ns, ended=ended)
        if packets is None:
            return
        film.begun = True
        for packet in packets:
            if film not in self._open:
                return
            self._advance(film, packet)

    def _advance(self, film: _OpenFilm, packet: StampedPacket) -> None:
        """Put one packet into one film; open or close the film where it is time."""
        if packet.media == "video":
            past_end = packet.mono_ns - _lead_ns(packet) > film.end_mono_ns
            if past_end and packet.mono_ns > film.shown_mono_ns:  # frames that belong between written ones still go in
                self._close(film)
                return
        try:
            if film.writer is None:
                if not packet.is_keyframe or packet.template is not self._video:
                    return
                self._start_writer(film, packet)
            self._write(film, packet)
            if packet.media == "video":
                film.shown_mono_ns = max(film.shown_mono_ns, packet.mono_ns)
        except CustodesError as error:
            self._fail(film, error)

    def _start_writer(self, film: _OpenFilm, packet: StampedPacket) -> None:
        video = packet.template
        late_s = (packet.mono_ns - film.start_mono_ns) / NS_PER_S
        if late_s >= SAID_FROM_S:
            film.notes.append(f"film of {self._lens} begins {late_s:.1f} s late: there was none before")
        elif -late_s * NS_PER_S > LEAD_NS:
            film.notes.append(f"film of {self._lens} begins {-late_s:.1f} s early: the camera has so few keyframes")
        why = why_transcode(video, self._settings.transcode)
        if why is not None:
            film.transcoder = Transcoder(video)
            film.notes.append(f"film of {self._lens} was encoded anew as H.264: {why}")
            video = film.transcoder.template
        # With an encoder in between, presentation time zero is the first frame; else it is the first decoding time.
        lead_ns = 0 if film.transcoder else _lead_ns(packet)
        film.identity = FilmIdentity(
            clip_id=film.clip_id,
            lens=self._lens,
            facing=self._facing,
            codec=video.codec,
            width_px=video.width_px,
            height_px=video.height_px,
            zero_wall_ns=packet.wall_ns - lead_ns,
            has_sound=False,
            notes=tuple(film.notes),
        )
        path = self._folder / f"{film.clip_id}.{self._lens}.mp4"
        film.writer = FilmWriter(path, video=video, sound=self._sound, identity=film.identity)
        if self._sound is not None and not film.writer.has_sound:
            film.notes.append(f"film of {self._lens} has no sound: MP4 cannot hold {self._sound.codec}")

    def _write(self, film: _OpenFilm, packet: StampedPacket) -> None:
        writer = film.writer
        if writer is None:
            return
        packets: Iterable[StampedPacket] = (packet,)
        if film.transcoder is not None and packet.media == "video":
            packets = film.transcoder.encode(packet)
        for one in packets:
            writer.write(one)

    def _close(self, film: _OpenFilm) -> None:
        if film not in self._open:
            return
        writer = film.writer
        if writer is None or film.identity is None:
            self._drop(film, f"{self._lens} had no picture in that time")
            return
        try:
            for packet in film.transcoder.flush() if film.transcoder else ():
                writer.write(packet)
            written = writer.finish()
        except CustodesError as error:
            self._fail(film, error)
            return
        self._open.remove(film)
        self._done.append(FinishedFilm(film.clip_id, lens_film(film.identity, written), tuple(film.notes)))

    def _fail(self, film: _OpenFilm, error: CustodesError) -> None:
        """Keep what is whole of a film that cannot go on."""
        if film.writer is None:
            self._drop(film, str(error), disk_full=isinstance(error, Temporary))
            return
        mended = mend(film.writer.abandon())
        if mended.film is None:
            self._drop(film, f"{error} {mended.reason}", disk_full=isinstance(error, Temporary))
            return
        self._open.remove(film)
        film.notes.append(f"film of {self._lens} ends early: {error}")
        self._done.append(FinishedFilm(film.clip_id, mended.film, tuple(film.notes)))

    def _drop(self, film: _OpenFilm, reason: str, *, disk_full: bool = False) -> None:
        self._open.remove(film)
        self._lost.append(
            LostFilm(film.clip_id, self._lens, film.start_wall_ns, film.end_wall_ns, reason, disk_full=disk_full)
        )

    def _wall_offset(self) -> int:
        if self._epoch is None:
            return self._clock.wall_ns() - self._clock.mono_ns()
        return self._wall_minus_mono_ns


def _lead_ns(packet: StampedPacket) -> int:
    """Return by how much the packet is decoded before it is shown (ns)."""
    return packet.template.ticks_to_ns(packet.pts - packet.dts)
