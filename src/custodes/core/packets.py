"""Encoded film as it passes from capture to perceive and clip: stream facts, stream templates, stamped packets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import av

Media: TypeAlias = Literal["video", "audio"]


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a source says of its picture. Sizes are as displayed, that is after `rotation_deg` (clockwise)."""

    codec: str
    width_px: int
    height_px: int
    rotation_deg: int
    fps: float
    has_sound: bool
    duration_s: float | None


@dataclass(frozen=True, slots=True, eq=False)
class StreamTemplate:
    """One stream's codec parameters, kept apart from the source, so that they outlive a closed connection.

    `stream` is good for `add_stream_from_template(stream, opaque=True)` and for nothing else.
    `times_are_whole` is False where the container gives no presentation time for reordered frames (H.264 with
    B-frames in AVI): such film cannot be copied into MP4 as it is.
    """

    stream: "av.VideoStream | av.AudioStream"
    media: Media
    codec: str
    tick_num: int
    tick_den: int
    width_px: int = 0
    height_px: int = 0
    rotation_deg: int = 0
    fps: float = 0.0
    times_are_whole: bool = True

    def ticks_to_ns(self, ticks: int) -> int:
        """Return `ticks` of the stream's time base in nanoseconds."""
        return ticks * self.tick_num * 1_000_000_000 // self.tick_den

    def ns_to_ticks(self, span_ns: int) -> int:
        """Return nanoseconds in ticks of the stream's time base, rounded down."""
        return span_ns * self.tick_den // (self.tick_num * 1_000_000_000)


@dataclass(slots=True, eq=False)
class StampedPacket:
    """One encoded packet and when it is to be seen.

    `wall_ns` is the presentation time on the wall clock, `mono_ns` the same on the unit's monotonic clock.
    `packet.pts` and `.dts` are always set, and `dts` grows strictly within one stream and epoch. `epoch` grows
    when the stream was opened anew with a time line or parameters that do not continue the old ones.
    """

    packet: "av.Packet[Any]"
    template: StreamTemplate
    media: Media
    wall_ns: int
    mono_ns: int
    is_keyframe: bool
    epoch: int
    pts: int
    dts: int
    size_bytes: int

    @classmethod
    def of(
        cls, packet: "av.Packet[Any]", template: StreamTemplate, *, wall_ns: int, mono_ns: int, epoch: int
    ) -> "StampedPacket":
        """Stamp a packet of the template's stream. Its `pts` and `dts` must be set: they are read from it."""
        pts, dts = packet.pts, packet.dts
        if pts is None or dts is None:
            raise ValueError("a packet is stamped after it has a place on its stream's time line")
        return cls(
            packet=packet,
            template=template,
            media=template.media,
            wall_ns=wall_ns,
            mono_ns=mono_ns,
            is_keyframe=template.media == "video" and packet.is_keyframe,
            epoch=epoch,
            pts=pts,
            dts=dts,
            size_bytes=packet.size,
        )
