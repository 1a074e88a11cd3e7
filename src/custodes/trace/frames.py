"""Read the pictures of a film within bounds: luma planes with their times, upright.

A leak is foreign: decode it in the hub's limited child. The bounds here keep an honest but huge film affordable.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
import av.video.reformatter
import cv2
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from custodes.core.errors import BadInput

MAX_SIDE_PX = 8192
MAX_PIXELS = MAX_SIDE_PX * MAX_SIDE_PX
MAX_SECONDS = 600.0
MAX_FRAMES = 60_000
MAX_DECODED_PIXELS = 64_000_000_000
"""Pictures times area, over all that is decoded of one film: two minutes of 4K at 60 pictures a second."""
DEMUXERS = frozenset(
    {
        *("mov", "matroska", "avi", "mpegts", "mpeg", "flv", "asf", "gif", "h264", "hevc", "ivf"),
        *("jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "image2", "apng"),
    }
)
"""FFmpeg's readers of films and stills that people send. Its readers of playlists and devices stay shut."""
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
"""What packed files begin with. None is unpacked here: a few bytes of them become as many as they like."""


Film: TypeAlias = Path | BinaryIO
"""A film by its path, or open and seekable."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture: seconds since the film's first, and uint8 luma (height, width)."""

    time_s: float
    luma: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How much of a film to read: at most `fps` pictures a second, no side above `max_side_px`."""

    fps: float = math.inf
    max_side_px: int = MAX_SIDE_PX
    start_s: float = 0.0
    stop_s: float = MAX_SECONDS


def read_pictures(film: Film, plan: ReadPlan) -> Iterator[Picture]:
    """Yield the luma of a film's pictures in order of time, or that of one still.

    Damaged pictures are passed over; what follows a break in the file is left out. Raises BadInput where the file is
    no film, shows nothing, or is too large.
    """
    name = called(film)
    try:
        _refuse_by_beginning(film, name)
        # FFmpeg decodes a picture to probe a file: the bound must be there before that.
        with av.open(source_of(film), "r", options={"max_pixels": str(MAX_PIXELS)}) as container:
            if DEMUXERS.isdisjoint(container.format.name.split(",")):
                raise BadInput(f"{name} is no film or still of a kind that is known here. Give an MP4, MOV or JPEG.")
            yield from _read(container, name, plan)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadInput(f"cannot read {name}: {_reason(error)}. Give a film or a still that a player opens.") from None


def called(film: Film) -> str:
    """Return what messages call a film."""
    return film.name if isinstance(film, Path) else "the file"


def source_of(film: Film) -> "str | BinaryIO":
    """Return what FFmpeg opens; an open film from its beginning."""
    if isinstance(film, Path):
        return str(film)
    film.seek(0)
    return film


def _refuse_by_beginning(film: Film, name: str) -> None:
    if isinstance(film, Path):
        with film.open("rb") as source:
            beginning = source.read(8)
    else:
        film.seek(0)
        beginning = film.read(8)
    if not beginning:
        raise BadInput(f"{name} is empty. Give a film or a still.")
    if beginning.startswith(ARCHIVES):
        raise BadInput(f"{name} is an archive. Unpack it and give the film.")


def picture_rate(path: Path) -> float:
    """Return a film's pictures a second as its header claims, between 1 and 240; 25 where it claims nothing sane."""
    try:
        with av.open(str(path), "r") as container:
            if not container.streams.video:
                raise BadInput(f"{path.name} shows no picture. Give a film.")
            return claimed_rate(container.streams.video[0])
    except (av.FFmpegError, OSError) as error:
        raise BadInput(f"cannot read {path.name}: {_reason(error)}. Give a film that a player opens.") from None


def longest_side_px(path: Path) -> int:
    """Return the longer side of a film's pictures as its header claims it. Raises BadInput as `picture_rate` does."""
    try:
        with av.open(str(path), "r") as container:
            if not container.streams.video:
                raise BadInput(f"{path.name} shows no picture. Give a film.")
            context = container.streams.video[0].codec_context
            return max(context.width, context.height)
    except (av.FFmpegError, OSError) as error:
        raise BadInput(f"cannot read {path.name}: {_reason(error)}. Give a film that a player opens.") from None


def claimed_rate(stream: "av.VideoStream") -> float:
    """Return the pictures a second that a stream claims, between 1 and 240; 25 where it claims nothing sane."""
    claimed = stream.average_rate
    return float(claimed) if claimed and 1 <= claimed <= 240 else 25.0


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error)).rstrip(".")


def _read(container: InputContainer, name: str, plan: ReadPlan) -> Iterator[Picture]:
    if not container.streams.video:
        raise BadInput(f"{name} shows no picture. Give a film or a still.")
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    _refuse_large(stream.codec_context, name)
    first_s: float | None = None
    due_s, shown, pixels = 0.0, 0, 0
    for packet in _packets(container, stream):
        try:
            frames = packet.decode()
        except (av.error.InvalidDataError, av.error.ArgumentError):  # damaged, and larger than MAX_PIXELS
            continue
        for frame in frames:
            _refuse_large(frame, name)
            shown += 1
            pixels += frame.width * frame.height
            if pixels > MAX_DECODED_PIXELS:
                raise BadInput(
                    f"{name} has too many pictures of {frame.width}x{frame.height} px to look through. "
                    "Cut it to the part that shows the clip, or scale it down."
                )
            stamp = frame.time if frame.time is not None else shown / 25
            first_s = stamp if first_s is None else first_s
            time_s = stamp - first_s
            if time_s >= min(plan.stop_s, MAX_SECONDS) or shown > MAX_FRAMES:
                return
            if time_s + 1e-6 < max(due_s, plan.start_s):
                continue
            due_s = max(due_s + 1 / plan.fps, time_s) if math.isfinite(plan.fps) else 0.0
            yield Picture(time_s, upright_luma(frame, plan.max_side_px))
    if not shown:
        raise BadInput(f"{name} holds no picture that opens: it is damaged, or larger than {MAX_SIDE_PX} px on a side.")


def _refuse_large(shown: "av.VideoCodecContext | av.VideoFrame", name: str) -> None:
    """Refuse what a header claims or a picture is. Raises BadInput."""
    if max(shown.width, shown.height) > MAX_SIDE_PX:
        raise BadInput(
            f"{name} is {shown.width}x{shown.height} px, more than {MAX_SIDE_PX} on a side. Scale it down first."
        )


def _packets(container: InputContainer, stream: "av.VideoStream") -> "Iterator[av.Packet[av.VideoStream]]":
    """Yield a film's packets up to its end, or up to where it breaks off."""
    came = False
    try:
        for packet in container.demux(stream):
            came = came or packet.size > 0
            yield packet
    except av.error.InvalidDataError:
        if not came:
            raise


def upright_luma(frame: "av.VideoFrame", max_side_px: int = MAX_SIDE_PX) -> NDArray[np.uint8]:
    """Return a frame's luma, uint8 (height, width) as displayed, no side longer than `max_side_px`."""
    scale = min(1.0, max_side_px / max(frame.width, frame.height))
    width, height = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
    if frame.format.name in {"yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p", "nv12", "gray"}:
        plane = frame.planes[0]
        luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
        if scale < 1:
            luma = np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    else:
        grey = frame.reformat(width=width, height=height, format="gray", threads=1)
        luma = np.asarray(grey.to_ndarray(), dtype=np.uint8)
    return np.ascontiguousarray(turned(luma, frame.rotation))


def turned(plane: NDArray[np.uint8], rotation_deg: int) -> NDArray[np.uint8]:
    """Return a plane as displayed. `rotation_deg` is FFmpeg's (counter-clockwise), in quarter turns."""
    return np.rot90(plane, (rotation_deg // 90) % 4)
