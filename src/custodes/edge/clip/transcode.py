"""Encode film as H.264 where it cannot be copied: MP4 does not hold its codec, or nobody could play it."""

import heapq
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal, cast

import av
import av.video.reformatter
from av.container import OutputContainer

from custodes.core.errors import Permanent
from custodes.core.packets import StampedPacket, StreamTemplate

# What ISO base media holds (the MP4 registration authority's list), by FFmpeg's names. Motion JPEG may go in too,
# but at ten times the size of H.264 it would fill disks and uplinks.
_MP4_HOLDS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "vvc"})
# What every current browser plays. HEVC is not among it: Chromium has no decoder for it, and plays it only where the
# machine's graphics do (tests/browser/test_browser_codecs.py asks a real one).
_BROWSERS_PLAY = frozenset({"h264", "av1", "vp9"})
# In order of wish. The usual PyAV wheel carries x264, which is GPL: it is the user's own installation, never ours to
# ship; a build of FFmpeg without it falls through to the next one.
_ENCODERS = ("libopenh264", "libx264", "h264_v4l2m2m")
_MOULD_OPTIONS = {"movflags": "empty_moov+frag_keyframe"}
GOP_S = 2.0

When = Literal["as_needed", "for_browsers", "never"]


def why_transcode(video: StreamTemplate, when: When) -> str | None:
    """Say why the film must be encoded anew, or None where it need not. With `never` MP4 may then refuse it."""
    if when == "never":
        return None
    if video.codec not in _MP4_HOLDS:
        return f"MP4 does not hold {video.codec}"
    if not video.times_are_whole:
        return "its container does not say when reordered frames are shown"
    if when == "for_browsers" and video.codec not in _BROWSERS_PLAY:
        return f"browsers do not play {video.codec}"
    return None


class Transcoder:
    """Decode packets of one stream and encode them as H.264, in order, on one thread each."""

    def __init__(self, source: StreamTemplate) -> None:
        """Open decoder and encoder. Raises Permanent where FFmpeg here has no H.264 encoder."""
        self._source = source
        self._decoder = _decoder(source)
        self._tick = Fraction(source.tick_num, source.tick_den)
        self._anchor: StampedPacket | None = None
        self._waiting_pts: list[int] = []
        self._last_pts: int | None = None
        self.damaged_packets = 0
        mould, stream = _encoder(source, self._tick)
        self._mould = mould
        self._encoder = stream.codec_context
        context = source.stream.codec_context
        width, height = (
            (context.width & ~1, context.height & ~1) if isinstance(context, av.VideoCodecContext) else (0, 0)
        )
        self._size_px = (width, height)
        across = source.rotation_deg % 180
        self.template = StreamTemplate(
            stream=stream,
            media="video",
            codec="h264",
            tick_num=source.tick_num,
            tick_den=source.tick_den,
            width_px=height if across else width,
            height_px=width if across else height,
            rotation_deg=source.rotation_deg,
            fps=source.fps,
        )

    def encode(self, packet: StampedPacket) -> Iterator[StampedPacket]:
        """Yield the H.264 packets that are ready once `packet` was decoded. Damaged packets are passed over."""
        self._anchor = packet
        heapq.heappush(self._waiting_pts, packet.pts)
        try:
            frames = self._decoder.decode(packet.packet)
        except av.FFmpegError:
            self.damaged_packets += 1
            return
        for frame in frames:
            yield from self._encode(frame)

    def flush(self) -> Iterator[StampedPacket]:
        """Yield what decoder and encoder still hold. Nothing may be encoded afterwards."""
        if self._anchor is None:
            return
        for frame in self._decoder.decode(None):
            yield from self._encode(frame)
        for packet in self._encoder.encode(None):
            yield self._stamp(packet)

    def _encode(self, frame: "av.VideoFrame") -> Iterator[StampedPacket]:
        pts = self._time_of(frame)
        if pts is None or (self._last_pts is not None and pts <= self._last_pts):
            return
        self._last_pts = pts
        fitting = frame.reformat(width=self._size_px[0], height=self._size_px[1], format="yuv420p")
        fitting.pts, fitting.time_base = pts, self._tick
        fitting.pict_type = av.video.frame.PictureType.NONE
        for packet in self._encoder.encode(fitting):
            yield self._stamp(packet)

    def _time_of(self, frame: "av.VideoFrame") -> int | None:
        earliest = heapq.heappop(self._waiting_pts) if self._waiting_pts else None
        return frame.pts if self._source.times_are_whole and frame.pts is not None else earliest

    def _stamp(self, packet: "av.Packet[Any]") -> StampedPacket:
        anchor = self._anchor
        if anchor is None or packet.pts is None:
            raise Permanent("the encoder gave a packet without a time.")
        if packet.dts is None:
            packet.dts = packet.pts
        if not packet.duration and self._source.fps:
            packet.duration = round(1 / (self._source.fps * float(self._tick)))
        since_ns = self._source.ticks_to_ns(packet.pts - anchor.pts)
        return StampedPacket.of(
            packet,
            self.template,
            wall_ns=anchor.wall_ns + since_ns,
            mono_ns=anchor.mono_ns + since_ns,
            epoch=anchor.epoch,
        )


def _decoder(source: StreamTemplate) -> "av.VideoCodecContext":
    for mould_format in ("matroska", "avi", "nut", "mpegts"):
        try:
            mould = av.open(io.BytesIO(), "w", format=mould_format)
            context = mould.add_stream_from_template(source.stream, opaque=True).codec_context
        except (ValueError, av.FFmpegError):
            continue
        if isinstance(context, av.VideoCodecContext):
            context.thread_count = 1
            return context
    raise Permanent(f"film in {source.codec} cannot be decoded here.")


def _encoder(source: StreamTemplate, tick: Fraction) -> tuple[OutputContainer, "av.VideoStream"]:
    context = source.stream.codec_context
    if not isinstance(context, av.VideoCodecContext):
        raise Permanent(f"film in {source.codec} has no picture.")
    fps = source.fps if 1 <= source.fps <= 240 else 25.0
    for name in _ENCODERS:
        try:
            mould = av.open(io.BytesIO(), "w", format="mp4", container_options=_MOULD_OPTIONS)
            stream = cast(av.VideoStream, mould.add_stream(name, rate=Fraction(fps).limit_denominator(1001)))
            stream.width, stream.height, stream.pix_fmt = context.width & ~1, context.height & ~1, "yuv420p"
            stream.codec_context.time_base = tick
            stream.codec_context.gop_size = max(round(fps * GOP_S), 1)
            stream.codec_context.max_b_frames = 0
            stream.codec_context.thread_count = 1
            stream.options = {"preset": "veryfast", "crf": "23"} if name == "libx264" else {}
            stream.time_base = tick
            if source.rotation_deg:
                stream.set_display_rotation(-source.rotation_deg)
            mould.start_encoding()
        except (ValueError, av.FFmpegError):
            continue
        return mould, stream
    raise Permanent(f"film in {source.codec} cannot go into MP4, and FFmpeg here has no H.264 encoder. Install one.")
