"""Read an open container: its streams, its packets past damaged places, its first picture."""

from collections.abc import Generator, Iterator
from typing import Any, NoReturn, cast

import av
from av.container import InputContainer

from custodes.core.errors import BadInput
from custodes.core.packets import StreamFacts, StreamTemplate
from custodes.edge.capture.opening import open_film, video_stream
from custodes.edge.capture.settings import shown
from custodes.edge.capture.templates import take_template
from custodes.edge.capture.timeline import TickLine

MAX_FAULTS_IN_ROW = 100
PROBE_PACKETS = 400


class Track:
    """One stream of the open file: its template and its tick line."""

    def __init__(self, template: StreamTemplate) -> None:
        self.template = template
        fps = template.fps or 25.0
        self.line = TickLine(step_ticks=round(template.tick_den / (template.tick_num * fps)))


class Reading:
    """Demux, and go on after a damaged place."""

    def __init__(self, container: InputContainer, indices: list[int], *, patient: bool = True) -> None:
        """With `patient`, go on after damage (a file); without, an error ends the reading (a connection)."""
        self._container = container
        self._streams = [container.streams[i] for i in indices]
        self._generator = self._demux()
        self._patient = patient
        self.faults = 0

    def __iter__(self) -> Iterator["av.Packet[Any]"]:
        in_row = 0
        while True:
            try:
                packet = next(self._generator, None)
            except av.FFmpegError as error:
                self.faults += 1
                in_row += 1
                if not self._patient and not isinstance(error, av.InvalidDataError):
                    raise
                if in_row > MAX_FAULTS_IN_ROW:
                    return
                self._generator = self._demux()
                continue
            except IndexError:  # at the end, PyAV stumbles over streams that appeared while it read
                return
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


def open_tracks(container: InputContainer, name: str, *, rotation_deg: int = 0) -> tuple[dict[int, Track], StreamFacts]:
    """Return the tracks to read by stream index, the picture's first, and what is known of the picture.

    Raises BadInput with one line where there is no picture or its codec cannot be handled.
    """
    video = video_stream(container, name)
    whole = _has_whole_times(container, video)
    template = take_template(video, rotation_deg=rotation_deg, times_are_whole=whole)
    if template is None:
        _refuse_codec(name, video.codec_context.name)
    tracks = {video.index: Track(template)}
    for audio in container.streams.audio[:1]:
        sound = take_template(audio) if audio.codec_context is not None else None
        if sound is not None:
            tracks[audio.index] = Track(sound)
    facts = StreamFacts(
        codec=template.codec,
        width_px=template.width_px,
        height_px=template.height_px,
        rotation_deg=template.rotation_deg,
        fps=template.fps,
        has_sound=len(tracks) > 1,
        duration_s=None if container.duration is None else container.duration / av.time_base,
    )
    return tracks, facts


def probe_rotation(path: str) -> int:
    """Decode a film's first picture; return by how much it is to be turned (degrees clockwise).

    Raises BadInput where no picture comes out of the film's first packets.
    """
    name = shown(path)
    with open_film(path) as container:
        stream = video_stream(container, name)
        stream.thread_type = "NONE"
        # The picture is not shown: it needs no smooth edges, and it needs no others before it comes out.
        stream.codec_context.options = {**stream.codec_context.options, "skip_loop_filter": "all"}
        codec = stream.codec_context.name
        reading = Reading(container, [stream.index])
        try:
            for count, packet in enumerate(reading):
                frames = _decoded(stream, packet)
                if packet.is_keyframe and not frames:
                    frames = _decoded(stream, None)
                    stream.codec_context.flush_buffers()
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


def _refuse_codec(name: str, codec: str) -> NoReturn:
    raise BadInput(f"cannot open {name}: its codec {codec} cannot be copied. Convert it to H.264.")


def _decoded(stream: "av.VideoStream", packet: "av.Packet[Any] | None") -> list["av.VideoFrame"]:
    try:
        return list(stream.decode(packet))
    except av.FFmpegError:
        return []


def _has_whole_times(container: InputContainer, video: "av.VideoStream") -> bool:
    """Tell whether the container gives a presentation time to each frame, reordered ones included."""
    return not (video.codec_context.has_b_frames and container.format.name in {"avi", "h264", "hevc"})
