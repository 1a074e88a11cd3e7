"""Write one film: packets into a fragmented MP4 without re-encoding, one fragment a GOP."""

import contextlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av

from custodes.core.errors import CustodesError, Permanent, Temporary
from custodes.core.packets import StampedPacket, StreamTemplate
from custodes.edge.clip.aac import audio_config, without_adts
from custodes.edge.clip.identity import FilmIdentity, identity_box
from custodes.edge.clip.sink import FilmFile

# A pure stream of whole fragments: the index comes first and nothing is ever written back into the file.
_MP4_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
    "flush_packets": "1",
    "avoid_negative_ts": "disabled",
    "max_interleave_delta": "1000000",
}
PARTIAL = ".partial.mp4"


@dataclass(frozen=True, slots=True)
class WrittenFilm:
    """A film that is on disk, whole and durable. Times count from presentation time zero."""

    path: Path
    duration_ns: int
    frames: int
    sha256_hex: str
    size_bytes: int
    has_sound: bool


class FilmWriter:
    """One open film of one clip and lens. Begins at a keyframe; every whole GOP is durable once the next begins."""

    def __init__(
        self, path: Path, *, video: StreamTemplate, sound: StreamTemplate | None, identity: FilmIdentity
    ) -> None:
        """Create `path` with its partial name and write the index and the identity. Durable on return.

        Raises Temporary when the disk refuses, Permanent where MP4 cannot hold the codec.
        """
        self._final = path
        self._file = _create(path.with_name(path.name.removesuffix(".mp4") + PARTIAL))
        self.frames = 0
        self._end_ns = 0
        self._zero: tuple[int, int] | None = None
        self._first_pts = 0
        self._strips_adts = False
        try:
            self._container = av.open(self._file, "w", format="mp4", container_options=_MP4_OPTIONS)
            self._video = self._container.add_stream_from_template(video.stream, opaque=True)
            self._sound = self._add_sound(sound)
            self.has_sound = self._sound is not None
            self._container.start_encoding()
            self._file.write(identity_box(identity.model_copy(update={"has_sound": self.has_sound})))
            self._file.keep()
        except (av.FFmpegError, ValueError) as error:
            self._file.discard()
            if self._file.failure is not None:
                raise disk_error(path, self._file.failure) from error
            raise Permanent(f"MP4 cannot hold film in {video.codec}.") from error
        except OSError as error:
            self._file.discard()
            raise disk_error(path, error) from error

    def write(self, packet: StampedPacket) -> None:
        """Add one packet. Durable once the GOP after it has begun.

        Raises Temporary when the disk is full: what came before the current GOP stays good, see `finish`.
        """
        template = packet.template
        if self._zero is None:
            if not packet.is_keyframe:
                return
            self._zero = (packet.dts, template.ticks_to_ns(packet.dts))
            self._first_pts = packet.pts
        if template.media == "video":
            if packet.pts < self._first_pts:
                return  # of an open GOP: it builds on the GOP before, which this film has not
            stream, zero = self._video, self._zero[0]
        elif self._sound is not None:
            stream, zero = self._sound, template.ns_to_ticks(self._zero[1])
        else:
            return
        pts, dts = packet.pts - zero, packet.dts - zero
        if dts < 0:
            return
        # Any buffer will do: the bytes are shared with the ring, not copied.
        content = cast(bytes, packet.packet)
        if self._strips_adts and template.media == "audio":
            content = without_adts(bytes(packet.packet))
        copy = av.Packet(content)
        copy.stream = stream
        copy.time_base = Fraction(template.tick_num, template.tick_den)
        copy.pts, copy.dts = pts, dts
        copy.duration = packet.packet.duration or 0
        copy.is_keyframe = packet.is_keyframe or template.media == "audio"
        self._mux(copy)
        if template.media == "video":
            self.frames += 1
            self._end_ns = max(self._end_ns, template.ticks_to_ns(pts + (packet.packet.duration or 0)))

    def finish(self) -> WrittenFilm:
        """Close the film. Durable under its final name on return.

        Raises Temporary when the disk is full; the partial file then holds all whole GOPs before the last.
        """
        try:
            self._container.close()
            self._file.keep()
            self._file.close_as(self._final)
        except (OSError, ValueError, av.FFmpegError) as error:
            raise self._explained(error) from error
        return WrittenFilm(
            path=self._final,
            duration_ns=self._end_ns,
            frames=self.frames,
            sha256_hex=self._file.sha256_hex(),
            size_bytes=self._file.written_bytes,
            has_sound=self.has_sound,
        )

    def abandon(self) -> Path:
        """After a failed write, cut the partial file back to its last durable GOP; return its path, to be mended."""
        self._file.give_up()
        with contextlib.suppress(av.FFmpegError):  # its last words are of no use, but it must let go of its memory
            self._container.close()
        self._file.cut_back()
        return self._file.path

    @property
    def path(self) -> Path:
        """Return the film's final path."""
        return self._final

    @property
    def partial_path(self) -> Path:
        """Return where the film is while it is being written."""
        return self._file.path

    @property
    def size_bytes(self) -> int:
        """Return what is written so far."""
        return self._file.written_bytes

    def _add_sound(self, sound: StreamTemplate | None) -> "av.AudioStream | None":
        if sound is None:
            return None
        bare = sound.codec == "aac" and not sound.stream.codec_context.extradata
        config = audio_config(cast(av.AudioCodecContext, sound.stream.codec_context)) if bare else None
        if bare and config is None:
            return None
        try:
            stream = self._container.add_stream_from_template(sound.stream, opaque=True)
        except (ValueError, av.FFmpegError):
            return None
        if config is not None:
            stream.codec_context.extradata = config
            self._strips_adts = True
        return cast(av.AudioStream, stream)

    def _mux(self, packet: "av.Packet[Any]") -> None:
        try:
            self._container.mux(packet)
            self._file.keep()
        except (OSError, ValueError, av.FFmpegError) as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> CustodesError:
        """FFmpeg hands on the disk's errors and its own in one shape; only the file knows which it was."""
        if self._file.failure is not None:
            return disk_error(self._final, self._file.failure)
        return Permanent(f"film does not fit MP4 ({error}).")


def disk_error(path: Path, error: OSError) -> Temporary:
    """Return the error for a disk that refuses."""
    return Temporary(f"cannot write {path.name}: {error.strerror or error}. Free some disk space or check its rights.")


def _create(path: Path) -> FilmFile:
    try:
        return FilmFile(path)
    except OSError as error:
        raise disk_error(path, error) from error
