"""Make the two variants of a clip's viewing copy, and the small form in which they are kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import av.video.reformatter
import cv2
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from custodes.core.errors import BadInput
from custodes.trace.encode import TICKS_PER_S, EncodePlan, TwinEncoder
from custodes.trace.frames import MAX_FRAMES, MAX_SIDE_PX, claimed_rate, picture_rate, turned
from custodes.trace.keys import MarkKey
from custodes.trace.mark_settings import MarkSettings
from custodes.trace.pattern import Levels, whole_levels
from custodes.trace.splice import PairIndex, check_twins

FRAGMENT_S = 0.5
Alter = Callable[[NDArray[np.uint8], float], None]
"""Changes planes in place; told when in the film they are (s)."""


@dataclass(frozen=True, slots=True)
class VariantPair:
    """Where the two variants of a clip are, and how they are cut."""

    path_a: Path
    path_b: Path
    index: PairIndex


def make_variants(source: Path, folder: Path, *, key: MarkKey, settings: MarkSettings | None = None) -> VariantPair:
    """Write `a.mp4` and `b.mp4` into `folder`: the clip plus and minus its mark. Sound is left out.

    Not durable on return: sync or seal them. Raises BadInput where the film cannot be read or is too long,
    Corrupt where the encoder did not keep the twins' structure, Permanent without an H.264 encoder.
    """
    paths = (folder / "a.mp4", folder / "b.mp4")
    try:
        with source.open("rb") as film:
            write_variants(film, paths, key=key, name=source.name, settings=settings)
    except OSError as error:
        raise BadInput(f"cannot mark {source.name}: {error.strerror}. Give a film that a player opens.") from error
    return VariantPair(*paths, check_twins(*paths))


def write_variants(
    source: BinaryIO,
    films: tuple[Path, Path] | tuple[BinaryIO, BinaryIO],
    *,
    key: MarkKey,
    name: str = "the film",
    settings: MarkSettings | None = None,
    shown: Callable[[float], None] = lambda _s: None,
    alter: Alter | None = None,
) -> None:
    """Write both variants of an open film that can seek; `shown` is told how far it is (s). See `make_variants`.

    `alter` may change each picture's planes in place before it is marked: what is hidden is hidden in both.
    The caller asserts the twins' structure (`splice.check_open_twins`): it may trust nothing that this process says.
    """
    settings = settings or MarkSettings()
    try:
        with av.open(source, "r") as container:
            _encode(container, name, films, key=key, settings=settings, shown=shown, alter=alter)
    except av.FFmpegError as error:
        why = (error.strerror or str(error)).rstrip(".")
        raise BadInput(f"cannot mark {name}: {why}. Give a film that a player opens.") from error


def keep_small(pair: VariantPair, folder: Path, *, settings: MarkSettings | None = None) -> VariantPair:
    """Write the variants again at 640x360 (short side 360) into `folder`, fragment by fragment as they were.

    Raises Corrupt where the result does not have the fragments of `pair`.
    """
    settings = settings or MarkSettings()
    paths = (folder / "keep-a.mp4", folder / "keep-b.mp4")
    starts = {fragment.start_ticks for fragment in pair.index.a}
    with av.open(str(pair.path_a)) as film_a, av.open(str(pair.path_b)) as film_b:
        video = film_a.streams.video[0]
        width, height = _fitting_size(video.width, video.height, settings.keep_short_side_px)
        plan = EncodePlan(width, height, picture_rate(pair.path_a), settings.keep_crf)
        with TwinEncoder(*paths, plan) as encoder:
            for frame_a, frame_b in zip(film_a.decode(video=0), film_b.decode(video=0), strict=True):
                ticks = round((frame_a.time or 0.0) * TICKS_PER_S)
                small_a, small_b = _scaled(frame_a, width, height), _scaled(frame_b, width, height)
                encoder.add(small_a, small_b, ticks=ticks, opens_fragment=ticks in starts)
    return VariantPair(*paths, check_twins(*paths))


def _encode(
    container: InputContainer,
    name: str,
    films: tuple[Path, Path] | tuple[BinaryIO, BinaryIO],
    *,
    key: MarkKey,
    settings: MarkSettings,
    shown: Callable[[float], None],
    alter: Alter | None,
) -> None:
    if not container.streams.video:
        raise BadInput(f"cannot mark {name}: it shows no picture. Give a film.")
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    if max(stream.width, stream.height) > MAX_SIDE_PX:
        raise BadInput(f"cannot mark {name}: it is larger than {MAX_SIDE_PX} px. Scale it down first.")
    encoder: TwinEncoder | None = None
    fragment, opened_ticks, levels = -1, 0, np.zeros((0, 0), np.int16)
    try:
        for ticks, planes in _upright_planes(container, name, settings):
            height, width = planes.shape[0] * 2 // 3, planes.shape[1]
            if encoder is None:
                plan = EncodePlan(width, height, claimed_rate(stream), settings.crf)
                encoder = TwinEncoder(films[0], films[1], plan)
                encoder.__enter__()
            if alter is not None:
                alter(planes, ticks / TICKS_PER_S)
            opens = fragment < 0 or ticks >= opened_ticks + FRAGMENT_S * TICKS_PER_S - 1
            if opens:
                fragment, opened_ticks = fragment + 1, ticks
                levels = whole_levels(key, fragment, planes[:height], settings.psnr_db)
                shown(ticks / TICKS_PER_S)
            encoder.add(_with_mark(planes, levels), _with_mark(planes, -levels), ticks=ticks, opens_fragment=opens)
    except BaseException as error:
        if encoder is not None:
            encoder.__exit__(type(error), error, error.__traceback__)
        raise
    if encoder is None:
        raise BadInput(f"cannot mark {name}: no picture of it can be decoded. Give a whole file.")
    encoder.__exit__(None, None, None)


def _with_mark(planes: NDArray[np.uint8], levels: Levels) -> NDArray[np.uint8]:
    marked = planes.copy()
    height = levels.shape[0]
    marked[:height] = cv2.add(planes[:height], levels, dtype=cv2.CV_8U)
    return marked


def _upright_planes(
    container: InputContainer, name: str, settings: MarkSettings
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield growing ticks and yuv420p planes, upright, no larger than the viewing copy, of one size."""
    first_s: float | None = None
    last_ticks, shown, size = -1, 0, (0, 0)
    for packet in container.demux(container.streams.video[0]):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            if frame.time is None:
                continue
            first_s = frame.time if first_s is None else first_s
            ticks = round((frame.time - first_s) * TICKS_PER_S)
            shown += 1
            if ticks > settings.max_s * TICKS_PER_S or shown > MAX_FRAMES:
                raise BadInput(f"cannot mark {name}: it is longer than {settings.max_s:g} s. Cut it first.")
            if ticks <= last_ticks:
                continue
            last_ticks = ticks
            size = size if size != (0, 0) else _fitting_size(frame.width, frame.height, settings.short_side_px)
            yield ticks, _turned_planes(_scaled(frame, *size), frame.rotation)


def _fitting_size(width_px: int, height_px: int, short_side_px: int) -> tuple[int, int]:
    """Return even sides with the short one at most `short_side_px`; nothing is enlarged."""
    scale = min(1.0, short_side_px / min(width_px, height_px))
    return max(2, round(width_px * scale / 2) * 2), max(2, round(height_px * scale / 2) * 2)


def _scaled(frame: "av.VideoFrame", width_px: int, height_px: int) -> NDArray[np.uint8]:
    area = av.video.reformatter.Interpolation.AREA
    fitting = frame.reformat(
        width=width_px, height=height_px, format="yuv420p", interpolation=area, dst_color_range="MPEG", threads=1
    )
    return np.asarray(fitting.to_ndarray(), dtype=np.uint8)


def _turned_planes(planes: NDArray[np.uint8], rotation_deg: int) -> NDArray[np.uint8]:
    if not rotation_deg % 360:
        return planes
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    luma = turned(planes[:height], rotation_deg)
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    parts = [luma.ravel(), *(turned(plane, rotation_deg).ravel() for plane in chroma)]
    return np.concatenate(parts).reshape(luma.shape[0] * 3 // 2, luma.shape[1])
