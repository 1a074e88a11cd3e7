"""Burn facts into the pictures of a film: boxes, time, speed, and whose view it is. The mark around them stays.

Everything is drawn into the planes as they are decoded, so that no colour is turned over and back and what is not
drawn on keeps its levels.
"""

import bisect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, TypeVar

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.errors import BadInput
from custodes.trace.encode import TICKS_PER_S, EncodePlan, FilmEncoder
from custodes.trace.frames import claimed_rate

Plane = NDArray[np.uint8]
Shown = Callable[[float], None]
Held = TypeVar("Held")
# #3ddc84 in BT.601, limited range: the green of what the AI saw (docs/design of the pages).
GREEN_YUV = (155, 113, 65)
WHITE_Y, BLACK_Y, GREY_UV = 235, 16, 128
CRF = 20.0
"""Fine enough that the mark stays (`docs/tracing.md`), at about the viewing copy's size."""
HOLD_S = 0.3
"""How long a box stands after the picture that was looked at: perception looks at about five a second."""
SPEED_HOLD_S = 2.0
MAX_S = 600.0
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True)
class Box:
    """One box: left, top, right, bottom as shares of width and height, and its label."""

    left: float
    top: float
    right: float
    bottom: float
    label: str


@dataclass(frozen=True, slots=True)
class BurnPlan:
    """What to burn in. Times are seconds since the film's first picture; texts hold ASCII alone.

    `boxes` and `speeds` are in order of time, and empty where they are not wanted. `first_wall_ns` None: no time.
    `utc_offset_s` is what the site's clock shows beyond UTC.
    """

    signature: str
    boxes: tuple[tuple[float, tuple[Box, ...]], ...] = ()
    speeds: tuple[tuple[float, str], ...] = ()
    first_wall_ns: int | None = None
    utc_offset_s: int = 0
    zone: str = "UTC"


def burn(film: BinaryIO, target: BinaryIO, plan: BurnPlan, *, shown: Shown = lambda _s: None) -> None:
    """Write a film with the plan's facts burnt in, as MP4 (H.264), without sound; `shown` is told how far it is (s).

    Raises BadInput where the film does not open, Permanent where there is no encoder.
    """
    try:
        with av.open(film, "r") as source:
            stream = source.streams.video[0]
            stream.codec_context.thread_count = 1
            size = stream.codec_context.width // 2 * 2, stream.codec_context.height // 2 * 2
            rate = claimed_rate(stream)
            with FilmEncoder(target, EncodePlan(*size, rate, CRF)) as encoder:
                for frame in source.decode(stream):
                    time_s = float(frame.time or 0.0)
                    if time_s > MAX_S:
                        break
                    planes = np.ascontiguousarray(frame.to_ndarray(format="yuv420p"), np.uint8)
                    draw(planes, plan, time_s)
                    encoder.add(planes, ticks=round(time_s * TICKS_PER_S))
                    shown(time_s)
    except (av.FFmpegError, IndexError) as error:
        raise BadInput("the film cannot be read.") from error


def draw(planes: Plane, plan: BurnPlan, time_s: float) -> None:
    """Draw what holds at a moment into a picture's planes, yuv420p uint8 (height * 3 / 2, width), in place."""
    canvas = _Canvas(planes)
    for box in _at(plan.boxes, time_s, HOLD_S) or ():
        canvas.box(box)
    lines = []
    if plan.first_wall_ns is not None:
        lines.append(_clock(plan, time_s))
    speed = _at(plan.speeds, time_s, SPEED_HOLD_S)
    if speed:
        lines.append(speed)
    for row, line in enumerate(reversed(lines)):
        canvas.text(line, x_px=canvas.pad_px, up_px=canvas.pad_px + row * canvas.line_px)
    wide_px = canvas.width_of(plan.signature) + 2 * canvas.pad_px
    canvas.text(plan.signature, x_px=max(canvas.width - wide_px, 0), up_px=canvas.pad_px)


def _at(moments: tuple[tuple[float, Held], ...], time_s: float, hold_s: float) -> Held | None:
    place = bisect.bisect_right(moments, time_s + 1e-3, key=lambda one: one[0]) - 1
    if place < 0 or time_s - moments[place][0] > hold_s:
        return None
    return moments[place][1]


def _clock(plan: BurnPlan, time_s: float) -> str:
    wall_ns = (plan.first_wall_ns or 0) + round(time_s * 1e9)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall_ns // 1000, seconds=plan.utc_offset_s)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 100_000} {plan.zone}"


class _Canvas:
    """The three planes of one picture, and how large letters are on it."""

    def __init__(self, planes: Plane) -> None:
        rows, self.width = planes.shape
        self.height = rows * 2 // 3
        whole, quarter = self.height * self.width, self.height * self.width // 4
        self._luma = planes[: self.height]
        self._chroma = [
            planes.reshape(-1)[at : at + quarter].reshape(self.height // 2, self.width // 2)
            for at in (whole, whole + quarter)
        ]
        self._scale = max(self.height / 720 * 0.8, 0.35)
        self._stroke = max(1, round(self.height / 400))
        self.line_px = round(32 * self._scale)
        self.pad_px = round(14 * self._scale)

    def width_of(self, text: str) -> int:
        """Return how wide a text is (px)."""
        return int(cv2.getTextSize(text, FONT, self._scale, self._stroke)[0][0])

    def box(self, box: Box) -> None:
        """Draw a green frame with its label above."""
        left, right = (round(share * (self.width - 1)) for share in (box.left, box.right))
        top, bottom = (round(share * (self.height - 1)) for share in (box.top, box.bottom))
        line = max(2, self._stroke + 1)
        cv2.rectangle(self._luma, (left, top), (right, bottom), GREEN_YUV[0], line)
        for plane, level in zip(self._chroma, GREEN_YUV[1:], strict=True):
            cv2.rectangle(plane, (left // 2, top // 2), (right // 2, bottom // 2), level, max(1, line // 2))
        if box.label:
            self.text(box.label, x_px=max(left, 0), up_px=self.height - max(top, self.line_px))

    def text(self, text: str, *, x_px: int, up_px: int) -> None:
        """Write white letters on a dark ground; `up_px`: the ground's lower edge above the picture's."""
        low = min(self.height - up_px, self.height - 1)
        top, right = max(low - self.line_px, 0), min(x_px + self.width_of(text) + self.pad_px, self.width - 1)
        cv2.rectangle(self._luma, (x_px, top), (right, low), BLACK_Y, cv2.FILLED)
        for plane in self._chroma:
            cv2.rectangle(plane, (x_px // 2, top // 2), (right // 2, low // 2), GREY_UV, cv2.FILLED)
        at = (x_px + self.pad_px // 2, low - self.line_px // 4)
        cv2.putText(self._luma, text, at, FONT, self._scale, WHITE_Y, self._stroke, cv2.LINE_AA)
