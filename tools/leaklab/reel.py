"""Shots: luma pictures with their times, read from and written to films. Chroma carries no mark and is left out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from custodes.trace.frames import ReadPlan, read_pictures

TICKS = 90_000


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture: seconds from the start, uint8 luma (height, width)."""

    time_s: float
    luma: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Coding:
    """How a leak is encoded: by constant rate factor, or at a bit rate (kbit/s) where that is given."""

    crf: float = 23.0
    kbit_per_s: int = 0
    preset: str = "veryfast"


def shots(path: Path, *, start_s: float = 0.0, stop_s: float = 600.0) -> Iterator[Shot]:
    """Yield a film's pictures between two times, counted from `start_s`."""
    for picture in read_pictures(path, ReadPlan(start_s=start_s, stop_s=stop_s)):
        yield Shot(picture.time_s - start_s, picture.luma)


def write(path: Path, reel: Iterable[Shot], coding: Coding) -> Path:
    """Encode shots as H.264 with grey chroma and return the path. Sizes are cut to even numbers."""
    with av.open(str(path), "w") as output:
        stream = None
        for shot in reel:
            height, width = shot.luma.shape[0] & ~1, shot.luma.shape[1] & ~1
            if stream is None:
                stream = output.add_stream("libx264", rate=30)
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.codec_context.time_base = Fraction(1, TICKS)
                stream.codec_context.thread_count = 1
                options: dict[str, object] = {"preset": coding.preset, "threads": "1"}
                if coding.kbit_per_s:
                    stream.codec_context.bit_rate = coding.kbit_per_s * 1000
                else:
                    options["crf"] = f"{coding.crf:g}"
                stream.options = options
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = shot.luma[:height, :width]
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = round(shot.time_s * TICKS), Fraction(1, TICKS)
            output.mux(stream.encode(frame))
        if stream is not None:
            output.mux(stream.encode(None))
    return path
