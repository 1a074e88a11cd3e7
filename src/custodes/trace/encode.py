"""Encode twins: one film in two variants whose fragments are interchangeable (H.264 in fragmented MP4).

The order of encoders is that of ADR 0011. What an encoder promises is not believed: `splice.check_twins` looks.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import PictureType
from numpy.typing import NDArray

from custodes.core.errors import Permanent

TICKS_PER_S = 90_000
_MOVFLAGS = "frag_keyframe+empty_moov+default_base_moof+skip_trailer"
# One thread and no decisions across fragments: the same film gives the same bytes, and A the same structure as B.
_OPTIONS = {
    "libx264": {
        "preset": "veryfast",
        "x264-params": "keyint=100000:min-keyint=1:scenecut=0:open-gop=0:bframes=0:force-cfr=0:stitchable=1",
        "forced-idr": "1",
    },
    "libopenh264": {"allow_skip_frames": "0"},
    "h264_v4l2m2m": {},
}
_ENCODERS = ("libopenh264", "libx264", "h264_v4l2m2m")


@dataclass(frozen=True, slots=True)
class EncodePlan:
    """Size of the picture (px, even), its rate, and x264's constant rate factor."""

    width_px: int
    height_px: int
    fps: float
    crf: float


class TwinEncoder:
    """Write variants A and B side by side. A context manager: the files are whole once it is left without error."""

    def __init__(self, film_a: Path | BinaryIO, film_b: Path | BinaryIO, plan: EncodePlan) -> None:
        """Open both files. Raises Permanent where FFmpeg here has no H.264 encoder."""
        self._stack = ExitStack()
        self._plan = plan
        self._durations: dict[int, int] = {}
        self._last_ticks: int | None = None
        self._outputs: list[tuple[OutputContainer, av.VideoStream]] = []
        with ExitStack() as until_open:
            for film in (film_a, film_b):
                container, stream = _open(film, plan)
                until_open.callback(container.close)
                self._outputs.append((container, stream))
            self._stack = until_open.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if kind is None:
                for container, stream in self._outputs:
                    self._mux(container, stream.encode(None))

    def add(
        self, planes_a: NDArray[np.uint8], planes_b: NDArray[np.uint8], *, ticks: int, opens_fragment: bool
    ) -> None:
        """Encode one picture of each variant: yuv420p planes, uint8 (height * 3 / 2, width), at a growing time."""
        if self._last_ticks is not None:
            self._durations[self._last_ticks] = ticks - self._last_ticks
        self._last_ticks = ticks
        for (container, stream), planes in zip(self._outputs, (planes_a, planes_b), strict=True):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = ticks, Fraction(1, TICKS_PER_S)
            frame.pict_type = PictureType.I if opens_fragment else PictureType.NONE
            self._mux(container, stream.encode(frame))

    def _mux(self, container: OutputContainer, packets: "list[av.Packet[av.VideoStream]]") -> None:
        for packet in packets:
            usual = round(TICKS_PER_S / self._plan.fps)
            packet.duration = self._durations.get(packet.pts if packet.pts is not None else -1, usual)
            container.mux(packet)


class FilmEncoder:
    """Write one film, a key picture every two seconds. A context manager: it is whole once it is left without error."""

    def __init__(self, film: BinaryIO, plan: EncodePlan) -> None:
        """Open it. Raises Permanent where FFmpeg here has no H.264 encoder."""
        self._container, self._stream = _open(film, plan, movflags="", gop=max(1, round(2 * plan.fps)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def add(self, planes: NDArray[np.uint8], *, ticks: int) -> None:
        """Encode one picture: yuv420p planes, uint8 (height * 3 / 2, width), at a growing time."""
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = ticks, Fraction(1, TICKS_PER_S)
        self._container.mux(self._stream.encode(frame))


def _open(
    film: Path | BinaryIO, plan: EncodePlan, *, movflags: str = _MOVFLAGS, gop: int = 100_000
) -> tuple[OutputContainer, av.VideoStream]:
    target = str(film) if isinstance(film, Path) else film
    for name in _ENCODERS:
        container = av.open(target, "w", format="mp4", container_options={"movflags": movflags} if movflags else {})
        try:
            stream = cast(av.VideoStream, container.add_stream(name, rate=Fraction(plan.fps).limit_denominator(1001)))
            stream.width, stream.height, stream.pix_fmt = plan.width_px, plan.height_px, "yuv420p"
            stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
            stream.codec_context.gop_size = gop
            stream.codec_context.max_b_frames = 0
            stream.codec_context.thread_count = 1
            fixed = _OPTIONS[name] if movflags else {"preset": "veryfast"} if name == "libx264" else {}
            options: dict[str, object] = {**fixed, **({"crf": f"{plan.crf:g}"} if name == "libx264" else {})}
            stream.options = options
            stream.time_base = Fraction(1, TICKS_PER_S)
            container.start_encoding()
        except (ValueError, av.FFmpegError):
            container.close()
            continue
        return container, stream
    raise Permanent("FFmpeg here has no H.264 encoder: no viewing copy can be made. Install one (ADR 0011).")
