"""A film file as a source: as fast as possible or at the clock's pace, once or again and again."""

import threading
from collections.abc import Generator, Iterator
from typing import Any, NoReturn, cast

import av
from av.container import InputContainer

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import BadInput, Permanent
from custodes.core.packets import StampedPacket, StreamFacts, StreamTemplate
from custodes.edge.capture.notices import NoticeSink, PacketsSkipped, ignore
from custodes.edge.capture.opening import open_film, video_stream
from custodes.edge.capture.settings import LensSource, shown
from custodes.edge.capture.templates import same_parameters, take_template
from custodes.edge.capture.timeline import TickLine, WallOffset

PROBE_PACKETS = 400
MAX_FAULTS_IN_ROW = 100
WAIT_SLICE_S = 0.1


class _Track:
    """One stream of the open file: its template and its tick line."""

    def __init__(self, template: StreamTemplate) -> None:
        self.template = template
        fps = template.fps or 25.0
        self.line = TickLine(step_ticks=round(template.tick_den / (template.tick_num * fps)))


class FilmSource:
    """Packets of one film file. Reads one packet ahead of nobody: the consumer sets the pace, or the clock does."""

    def __init__(
        self,
        settings: LensSource,
        *,
        clock: Clock,
        stop: threading.Event | None = None,
        on_notice: NoticeSink = ignore,
        sub: bool = False,
        start_wall_ns: int | None = None,
    ) -> None:
        """Open the film and decode its first picture.

        Raises BadInput with one line where it is no film that can be shown.
        """
        self._path = settings.sub_source if sub and settings.sub_source else settings.source
        self._settings = settings
        self._clock = clock
        self._stop = stop or threading.Event()
        self._closed = threading.Event()
        self._tell = on_notice
        self.skipped_packets = 0
        self._told_skipped = 0
        rotation_deg = _probe(self._path)
        self._rotation_deg = rotation_deg
        self._container: InputContainer | None = None
        self._tracks: dict[int, _Track] = {}
        self._epoch = 0
        self.facts = self._open()
        start_ns = start_wall_ns if start_wall_ns is not None else settings.start_wall_ns
        self._wall = WallOffset(clock, start_wall_ns=start_ns, fixed=not settings.realtime)
        self._base_mono_ns = clock.mono_ns()
        self._base_pts: int | None = None

    @property
    def templates(self) -> tuple[StreamTemplate, ...]:
        """Return the streams' templates, the picture's first."""
        return tuple(track.template for track in self._tracks.values())

    def packets(self) -> Iterator[StampedPacket]:
        """Yield packets in the file's order until it ends, `stop` is set or the source is closed.

        In real time each packet waits for its decoding time. Damaged packets are passed over and counted.
        Raises Permanent where a looped file cannot be opened any more.
        """
        while True:
            read = 0
            for stamped in self._one_pass():
                read += 1
                yield stamped
            self._tell_skipped()
            if not self._settings.loop or read == 0 or self._over():
                return
            self._rewind()

    def close(self) -> None:
        """Release the file. May be called twice, and from another thread: reading then ends at the next packet."""
        self._closed.set()

    def _over(self) -> bool:
        return self._stop.is_set() or self._closed.is_set()

    def _open(self) -> StreamFacts:
        name = shown(self._path)
        container = open_film(self._path)
        try:
            video = video_stream(container, name)
            template = take_template(
                video, rotation_deg=self._rotation_deg, times_are_whole=_has_whole_times(container, video)
            )
            if template is None:
                _refuse_codec(name, video.codec_context.name)
            tracks = {video.index: _Track(template)}
            for audio in container.streams.audio[:1]:
                sound = take_template(audio) if audio.codec_context is not None else None
                if sound is not None:
                    tracks[audio.index] = _Track(sound)
        except BaseException:
            container.close()
            raise
        self._container = container
        old = self._tracks
        self._tracks = tracks
        if old:
            self._carry_over(list(old.values()))
        duration = None if container.duration is None else container.duration / av.time_base
        return StreamFacts(
            codec=template.codec,
            width_px=template.width_px,
            height_px=template.height_px,
            rotation_deg=template.rotation_deg,
            fps=template.fps,
            has_sound=len(tracks) > 1,
            duration_s=duration,
        )

    def _carry_over(self, old: list[_Track]) -> None:
        """Let the film's next pass follow the last one on the same time line; a changed film begins an epoch."""
        new = list(self._tracks.values())
        end_pts = old[0].line.end_pts or 0
        length_ns = old[0].template.ticks_to_ns(end_pts) - self._zero_ns()
        if len(old) != len(new) or not all(
            same_parameters(a.template, b.template) for a, b in zip(old, new, strict=True)
        ):
            self._epoch += 1
            self._base_mono_ns += length_ns
            self._base_pts = None
            return
        first = self._base_pts or 0
        for index, (before, track) in enumerate(zip(old, new, strict=True)):
            track.template = before.template
            shift = end_pts - first if index == 0 else track.template.ns_to_ticks(length_ns)
            track.line.shift = shift
            track.line.last_dts = before.line.last_dts
            track.line.end_pts = before.line.end_pts

    def _zero_ns(self) -> int:
        video = next(iter(self._tracks.values()))
        return video.template.ticks_to_ns(self._base_pts or 0)

    def _rewind(self) -> None:
        try:
            self._open()
        except BadInput as error:
            raise Permanent(str(error)) from error

    def _one_pass(self) -> Iterator[StampedPacket]:
        container = self._container
        if container is None:
            return
        reading = _Reading(container, list(self._tracks))
        try:
            for packet in reading:
                if self._over():
                    return
                stamped = self._stamp(packet)
                if stamped is None:
                    continue
                if self._settings.realtime and not self._wait_for(stamped):
                    return
                yield stamped
        finally:
            self.skipped_packets += reading.faults
            reading.close()
            self._container = None
            container.close()

    def _stamp(self, packet: "av.Packet[Any]") -> StampedPacket | None:
        track = self._tracks[packet.stream_index]
        size = packet.size
        if packet.is_corrupt or not size:
            self.skipped_packets += 1 if size else 0
            return None
        template = track.template
        pts, dts = track.line.place(packet.pts, packet.dts, packet.duration)
        packet.pts, packet.dts = pts, dts
        packet.stream = template.stream
        is_video = template.media == "video"
        if self._base_pts is None:
            if not is_video:
                return None  # sound before the first picture has no place on the time line yet
            self._base_pts = pts
        since_ns = template.ticks_to_ns(pts) - self._zero_ns()
        mono_ns = self._base_mono_ns + since_ns
        return StampedPacket(
            packet=packet,
            template=template,
            media=template.media,
            wall_ns=mono_ns + self._wall.ns,
            mono_ns=mono_ns,
            is_keyframe=is_video and packet.is_keyframe,
            epoch=self._epoch,
            pts=pts,
            dts=dts,
            size_bytes=size,
        )

    def _wait_for(self, stamped: StampedPacket) -> bool:
        """Wait until the packet's decoding time; return False when told to stop."""
        lead_ns = stamped.template.ticks_to_ns(stamped.pts - stamped.dts)
        due_ns = stamped.mono_ns - lead_ns
        while not self._over():
            left_s = (due_ns - self._clock.mono_ns()) / NS_PER_S
            if left_s <= 0:
                break
            self._clock.sleep(min(left_s, WAIT_SLICE_S))
        else:
            return False
        jump = self._wall.check()
        if jump is not None:
            self._tell(jump)
            stamped.wall_ns = stamped.mono_ns + self._wall.ns
        return True

    def _tell_skipped(self) -> None:
        fresh = self.skipped_packets - self._told_skipped
        if fresh:
            self._told_skipped = self.skipped_packets
            self._tell(PacketsSkipped(count=fresh, reason=f"{shown(self._path)} is damaged"))


class _Reading:
    """Demux, and go on after a damaged place."""

    def __init__(self, container: InputContainer, indices: list[int]) -> None:
        self._container = container
        self._streams = [container.streams[i] for i in indices]
        self._generator = self._demux()
        self.faults = 0

    def __iter__(self) -> Iterator["av.Packet[Any]"]:
        in_row = 0
        while True:
            try:
                packet = next(self._generator, None)
            except av.FFmpegError:
                self.faults += 1
                in_row += 1
                if in_row > MAX_FAULTS_IN_ROW:
                    return
                self._generator = self._demux()
                continue
            if packet is None:
                return
            if packet.size:
                in_row = 0
                yield packet

    def _demux(self) -> "Generator[av.Packet[Any]]":
        return cast("Generator[av.Packet[Any]]", self._container.demux(self._streams))

    def close(self) -> None:
        """End reading. Must come before the container is closed, which frees what a suspended reader holds."""
        self._generator.close()


def _refuse_codec(name: str, codec: str) -> NoReturn:
    raise BadInput(f"cannot open {name}: its codec {codec} cannot be copied. Convert it to H.264.")


def _probe(path: str) -> int:
    """Decode the first picture; return by how much it is to be turned (degrees clockwise).

    Raises BadInput where no picture comes out of the film's first packets.
    """
    name = shown(path)
    with open_film(path) as container:
        stream = video_stream(container, name)
        stream.thread_type = "NONE"
        codec = stream.codec_context.name
        reading = _Reading(container, [stream.index])
        try:
            for count, packet in enumerate(reading):
                frames = _decoded(stream, packet)
                if frames:
                    return -frames[0].rotation % 360
                if count > PROBE_PACKETS:
                    break
            for frame in _decoded(stream, None):
                return -frame.rotation % 360
        finally:
            reading.close()
    raise BadInput(
        f"cannot open {name}: no picture can be decoded from it ({codec}). It is damaged or cut short; copy it again."
    )


def _decoded(stream: "av.VideoStream", packet: "av.Packet[Any] | None") -> list["av.VideoFrame"]:
    try:
        return list(stream.decode(packet))
    except av.FFmpegError:
        return []


def _has_whole_times(container: InputContainer, video: "av.VideoStream") -> bool:
    """Tell whether the container gives a presentation time to each frame, reordered ones included."""
    return not (video.codec_context.has_b_frames and container.format.name in {"avi", "h264", "hevc"})
