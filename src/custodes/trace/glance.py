"""Look at a leak before anything is traced: what it is, and some pictures of it, at a cost that length cannot raise.

For some seconds of CPU all of it is decoded, as tracing will do. What is dearer than that (minutes of 4K) is looked at
by its key pictures alone, each found by seeking: a film's index says where they are, so little of the file is read.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
from av.container import InputContainer

from custodes.trace.frames import MAX_SIDE_PX, Film, Picture, ReadPlan, read_pictures, source_of, upright_luma
from custodes.trace.pursue import LEAK_FPS, LEAK_SIDE_PX, MAX_PICTURES

READ_S = MAX_PICTURES / LEAK_FPS
"""How much of a leak is traced (s): no more of it is looked at."""
WHOLE_CPU_S = 8.0
KEPT = 64
"""Pictures that are held at once, at most: some 60 MB."""
KEY_PICTURES = 24
MOST_PACKETS = 2000
"""Packets read after one seek until a key picture came."""


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """Pictures of a leak in order of time, at most `KEPT`, at most 1280 px; how long it is as far as it is traced (s).

    `cut`: it goes on after that. `sampled`: from some point on only key pictures were looked at.
    """

    pictures: tuple[Picture, ...]
    seconds: float
    cut: bool
    sampled: bool

    def spread(self, count: int) -> list[Picture]:
        """Return `count` pictures that lie about evenly in time, or all where there are fewer."""
        if len(self.pictures) <= count:
            return list(self.pictures)
        wanted = [self.seconds * (place + 0.5) / count for place in range(count)]
        chosen = {min(range(len(self.pictures)), key=lambda at: abs(self.pictures[at].time_s - one)) for one in wanted}
        return [self.pictures[at] for at in sorted(chosen)]

    @property
    def middle(self) -> Picture:
        """Return the picture nearest to the middle."""
        return self.spread(1)[0] if len(self.pictures) > 1 else self.pictures[0]


def glance(film: Film, *, cpu_s: float = WHOLE_CPU_S, spent: Callable[[], float] = time.process_time) -> Glance | None:
    """Look at a leak; None where it holds no picture. Raises BadInput as `read_pictures` does."""
    start, kept, step, count = spent(), list[Picture](), 1, 0
    seconds, dear = 0.0, False
    for picture in read_pictures(film, ReadPlan(fps=LEAK_FPS, max_side_px=LEAK_SIDE_PX)):
        if count % step == 0:
            kept.append(picture)
        count, seconds = count + 1, picture.time_s
        if len(kept) > KEPT:
            kept, step = kept[::2], step * 2
        if count >= MAX_PICTURES:
            break
        if spent() - start > cpu_s:
            dear = True
            break
    if not kept:
        return None
    if not dear:
        return Glance(tuple(kept), seconds, cut=count >= MAX_PICTURES, sampled=False)
    more, length_s = _key_pictures(film, after_s=seconds)
    room = KEPT - KEY_PICTURES
    return Glance(
        pictures=(*kept[:: math.ceil(len(kept) / room)], *more),
        seconds=max(seconds, min(length_s, READ_S)),
        cut=length_s > READ_S,
        sampled=True,
    )


def _key_pictures(film: Film, *, after_s: float) -> tuple[list[Picture], float]:
    """Return key pictures between a time and the end of what is traced, and how long the film claims to be (s)."""
    with av.open(source_of(film), "r", options={"max_pixels": str(MAX_SIDE_PX**2)}) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MAX_SIDE_PX**2)}
        stream.codec_context.skip_frame = "NONKEY"
        base_s = float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0
        length_s = max((container.duration or 0) / av.time_base, after_s)
        end_s = min(length_s, READ_S)
        found: list[Picture] = []
        last_s = after_s
        for place in range(KEY_PICTURES):
            wanted_s = after_s + (end_s - after_s) * (place + 0.5) / KEY_PICTURES
            for frame in _key_at(container, stream, base_s + wanted_s):
                time_s = (frame.time or 0.0) - base_s
                if max(frame.width, frame.height) <= MAX_SIDE_PX and last_s < time_s <= READ_S:
                    found.append(Picture(time_s, upright_luma(frame, LEAK_SIDE_PX)))
                    last_s = time_s
        return found, length_s


def _key_at(container: InputContainer, stream: "av.VideoStream", at_s: float) -> "Iterator[av.VideoFrame]":
    """Yield the key picture at or before a time, if it opens; where a film cannot be sought or is damaged: none."""
    try:
        container.seek(round(at_s * av.time_base), backward=True)
        for number, packet in enumerate(container.demux(stream)):
            frames = packet.decode()
            if frames:
                yield frames[0]
                return
            if number >= MOST_PACKETS:
                return
    except (av.FFmpegError, OSError, ValueError):
        return
