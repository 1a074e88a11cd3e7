"""Take a stream's codec parameters out of an open container, so that they outlive it."""

import io
from fractions import Fraction

import av
import av.container

from custodes.core.packets import StreamTemplate

# Containers that between them take nearly every codec; nothing is ever written into them.
_MOULD_FORMATS = ("matroska", "avi", "nut", "mpegts")


def take_template(
    stream: "av.VideoStream | av.AudioStream", *, rotation_deg: int = 0, times_are_whole: bool = True
) -> StreamTemplate | None:
    """Return a template of `stream`, or None where its codec fits no mould.

    After a container is closed its streams point at freed memory. The template lives in a container of its own
    that is never started, and therefore never writes.
    """
    cast = _cast(stream)
    if cast is None:
        return None
    tick = stream.time_base or Fraction(1, 90_000)
    if isinstance(cast, av.VideoStream) and isinstance(stream, av.VideoStream):
        width, height = cast.codec_context.width, cast.codec_context.height
        if rotation_deg % 180:
            width, height = height, width
        rate = stream.average_rate or stream.guessed_rate
        return StreamTemplate(
            stream=cast,
            media="video",
            codec=stream.codec_context.codec.canonical_name,
            tick_num=tick.numerator,
            tick_den=tick.denominator,
            width_px=width,
            height_px=height,
            rotation_deg=rotation_deg,
            fps=float(rate) if rate else 0.0,
            times_are_whole=times_are_whole,
        )
    return StreamTemplate(
        stream=cast,
        media="audio",
        codec=stream.codec_context.codec.canonical_name,
        tick_num=tick.numerator,
        tick_den=tick.denominator,
    )


def _cast(stream: "av.VideoStream | av.AudioStream") -> "av.VideoStream | av.AudioStream | None":
    for mould_format in _MOULD_FORMATS:
        mould = av.open(io.BytesIO(), "w", format=mould_format)
        try:
            return mould.add_stream_from_template(stream, opaque=True)
        except (ValueError, av.FFmpegError):
            continue
    return None


def same_parameters(one: StreamTemplate | None, other: StreamTemplate | None) -> bool:
    """Tell whether packets of `other` may go into a film that was begun with `one`."""
    if one is None or other is None:
        return one is other
    a, b = one.stream.codec_context, other.stream.codec_context
    return (one.media, one.codec, one.tick_num, one.tick_den, one.width_px, one.height_px, one.rotation_deg) == (
        other.media,
        other.codec,
        other.tick_num,
        other.tick_den,
        other.width_px,
        other.height_px,
        other.rotation_deg,
    ) and a.extradata == b.extradata
