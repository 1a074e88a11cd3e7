"""Decode as little as the moment needs: keyframes while nothing happens, everything once it does."""

import heapq
from enum import StrEnum

import av

from custodes.core.errors import Permanent
from custodes.core.packets import StampedPacket, StreamTemplate
from custodes.edge.capture.picture import DecodedPicture
from custodes.edge.capture.templates import take_template

HELD_PACKETS = 900
HELD_BYTES = 48 * 1024 * 1024
MOST_REORDERED = 18  # H.264 and HEVC reorder at most 16 frames


class DecodeMode(StrEnum):
    """How much is decoded."""

    KEYFRAMES = "keyframes"
    ALL = "all"


class Decoder:
    """One lens's decoder, on one thread unless told otherwise.

    In KEYFRAMES mode each keyframe is decoded by itself and given out at once. A film whose keyframes are further
    apart than `max_gap_s` would leave the unit blind in between: there all frames that others build on are decoded
    and one picture every `max_gap_s` is given out. Raising `max_gap_s` saves work and sees later.
    """

    def __init__(
        self,
        *,
        mode: DecodeMode | str = DecodeMode.KEYFRAMES,
        threads: int = 1,
        max_gap_s: float = 2.0,
        min_gap_s: float = 0.3,
    ) -> None:
        """`min_gap_s`: in KEYFRAMES mode, keyframes that follow faster (MJPEG) are passed over."""
        self._mode = DecodeMode(mode)
        self._ready: list[DecodedPicture] = []
        self._threads = threads
        self._max_gap_ns = round(max_gap_s * 1e9)
        self._min_gap_ns = round(min_gap_s * 1e9)
        self._template: StreamTemplate | None = None
        self._epoch = -1
        self._codec: av.VideoCodecContext | None = None
        self._quick = False
        self._held: list[StampedPacket] = []
        self._held_bytes = 0
        self._hold_broken = True
        self._primed = False
        self._sparse = False
        self._last_given_mono_ns: int | None = None
        self._key_mono_ns = 0
        self._gop_ns = 0
        self._last_packet: StampedPacket | None = None
        self._waiting_pts: list[int] = []
        self._shown_mono_ns = -(1 << 62)
        self.damaged_packets = 0
        self.decoded_frames = 0

    @property
    def mode(self) -> DecodeMode:
        """Return how much is decoded. Setting it is `wake` or `rest`, with the pictures out at the next `decode`."""
        return self._mode

    @mode.setter
    def mode(self, mode: DecodeMode | str) -> None:
        wanted = DecodeMode(mode)
        if wanted is not self._mode:
            self._ready += self.wake() if wanted is DecodeMode.ALL else self.rest()

    def decode(self, packet: StampedPacket) -> list[DecodedPicture]:
        """Take the next packet (sound is ignored) and return the pictures that are ready, in the order of showing.

        Damaged packets are counted in `damaged_packets` and passed over. Raises Permanent where FFmpeg here has no
        decoder for the codec.
        """
        if packet.media != "video":
            return []
        ready, self._ready = self._ready, []
        return ready + self._take(packet)

    def _take(self, packet: StampedPacket) -> list[DecodedPicture]:
        if packet.template is not self._template or packet.epoch != self._epoch:
            self._begin_stream(packet)
        self._hold(packet)
        if self._mode is DecodeMode.ALL:
            return self._feed(packet)
        return self._idle(packet)

    def wake(self) -> list[DecodedPicture]:
        """Switch to ALL; return the pictures that the current GOP has had since its last one given out."""
        if self._mode is DecodeMode.ALL:
            return []
        self._mode = DecodeMode.ALL
        if self._sparse and self._codec is not None:
            self._codec.skip_frame = "DEFAULT"
            return []
        if self._quick:
            self._open_codec(quick=False)
        return [] if self._hold_broken else self._catch_up()

    def rest(self) -> list[DecodedPicture]:
        """Switch to KEYFRAMES; return the pictures that were still in the decoder."""
        if self._mode is DecodeMode.KEYFRAMES:
            return []
        self._mode = DecodeMode.KEYFRAMES
        return self.flush()

    def flush(self) -> list[DecodedPicture]:
        """Return what is still in the decoder, at the end of the film or before a pause."""
        pictures = self._drain() if self._codec is not None and self._primed else []
        self._primed = self._sparse = False
        return pictures

    def _begin_stream(self, packet: StampedPacket) -> None:
        self._template, self._epoch = packet.template, packet.epoch
        self._open_codec(quick=False)
        self._held, self._held_bytes, self._hold_broken = [], 0, True
        self._primed = self._sparse = False
        self._last_given_mono_ns = None
        self._shown_mono_ns = -(1 << 62)

    def _open_codec(self, *, quick: bool) -> None:
        """Make the decoder anew. A `quick` one leaves the edges of blocks as they are: for keyframes by themselves.

        FFmpeg takes that choice only before a codec opens, and a frame that others build on must be whole.
        """
        template = self._template
        if template is None:
            return
        fresh = take_template(template.stream)
        if fresh is None or not isinstance(fresh.stream.codec_context, av.VideoCodecContext):
            raise Permanent(f"film in {template.codec} cannot be decoded here. Set the camera to H.264.")
        codec = fresh.stream.codec_context
        codec.thread_count = self._threads
        codec.thread_type = "SLICE" if self._threads == 1 else "AUTO"
        if quick:
            codec.options = {**codec.options, "skip_loop_filter": "all"}
        self._codec, self._quick = codec, quick

    def _hold(self, packet: StampedPacket) -> None:
        """Keep the packets of the current GOP, so that `wake` can decode them."""
        if packet.is_keyframe:
            self._gop_ns = packet.mono_ns - self._key_mono_ns
            self._key_mono_ns = packet.mono_ns
            self._held, self._held_bytes, self._hold_broken = [], 0, False
        elif self._hold_broken:
            return
        self._held.append(packet)
        self._held_bytes += packet.size_bytes
        if len(self._held) > HELD_PACKETS or self._held_bytes > HELD_BYTES:
            self._held, self._held_bytes, self._hold_broken = [], 0, True

    def _idle(self, packet: StampedPacket) -> list[DecodedPicture]:
        if packet.is_keyframe:
            if self._sparse and self._gop_ns <= self._max_gap_ns:
                self._sparse = False
                self._drain()
            if not self._sparse:
                if self._given_within(self._min_gap_ns, packet.mono_ns):
                    return []
                pictures = self._feed(packet) + self._drain()
                self._primed = False
                if not self._quick:  # the first is whole: the scene's first look is made on it
                    self._open_codec(quick=True)
                return self._give(pictures[-1:])
        if not self._sparse:
            if packet.mono_ns - self._key_mono_ns < self._max_gap_ns or self._hold_broken:
                return []
            self._sparse = True
            self._open_codec(quick=False)
            if self._codec is not None:
                self._codec.skip_frame = "NONREF"
            return self._thin(self._catch_up())
        return self._thin(self._feed(packet))

    def _catch_up(self) -> list[DecodedPicture]:
        """Decode the held GOP anew and return what is later than the last picture given out."""
        since = self._last_given_mono_ns
        self._shown_mono_ns = -(1 << 62) if since is None else since
        self._primed = False
        pictures: list[DecodedPicture] = []
        for packet in self._held:
            pictures += self._feed(packet)
        return pictures

    def _thin(self, pictures: list[DecodedPicture]) -> list[DecodedPicture]:
        given: list[DecodedPicture] = []
        for picture in pictures:
            if not self._given_within(self._max_gap_ns, picture.mono_ns):
                given += self._give([picture])
        return given

    def _given_within(self, span_ns: int, mono_ns: int) -> bool:
        return self._last_given_mono_ns is not None and mono_ns - self._last_given_mono_ns < span_ns

    def _give(self, pictures: list[DecodedPicture]) -> list[DecodedPicture]:
        if pictures:
            self._last_given_mono_ns = pictures[-1].mono_ns
        return pictures

    def _feed(self, packet: StampedPacket) -> list[DecodedPicture]:
        if self._codec is None:
            return []
        if not self._primed:
            if not packet.is_keyframe:
                return []  # nothing to build on yet
            self._primed = True
        self._last_packet = packet
        try:
            frames = self._codec.decode(packet.packet)
        except av.FFmpegError:
            self.damaged_packets += 1
            return []
        if not packet.template.times_are_whole:
            heapq.heappush(self._waiting_pts, packet.pts)
        return self._pictures(frames, packet)

    def _drain(self) -> list[DecodedPicture]:
        """Return the decoder's last frames and make it ready for a new keyframe."""
        codec = self._codec
        if codec is None or self._last_packet is None:
            return []
        try:
            frames = codec.decode(None)
        except av.FFmpegError:
            frames = []
        codec.flush_buffers()
        pictures = self._pictures(frames, self._last_packet)
        self._waiting_pts.clear()
        return pictures

    def _pictures(self, frames: list["av.VideoFrame"], packet: StampedPacket) -> list[DecodedPicture]:
        template = packet.template
        pictures = []
        for frame in frames:
            pts = self._time_of(frame, template)
            since_ns = template.ticks_to_ns(pts - packet.pts) if pts is not None else 0
            if packet.mono_ns + since_ns <= self._shown_mono_ns:
                continue  # out of order: the film states too small a reordering
            self._shown_mono_ns = packet.mono_ns + since_ns
            pictures.append(
                DecodedPicture(
                    frame,
                    wall_ns=packet.wall_ns + since_ns,
                    mono_ns=packet.mono_ns + since_ns,
                    rotation_deg=template.rotation_deg,
                    is_keyframe=bool(frame.key_frame),
                )
            )
        self.decoded_frames += len(frames)
        if self._mode is DecodeMode.ALL:
            self._give(pictures)
        return pictures

    def _time_of(self, frame: "av.VideoFrame", template: StreamTemplate) -> int | None:
        """Return when the frame is shown (ticks).

        Where the container does not say it for reordered frames, frames come out in the order of showing, so the
        earliest time not yet given is theirs.
        """
        waiting = self._waiting_pts
        if template.times_are_whole or not waiting:
            return frame.pts
        while len(waiting) > MOST_REORDERED:
            heapq.heappop(waiting)
        return heapq.heappop(waiting)
