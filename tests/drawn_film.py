"""Films that are drawn here, for tests that look at the picture.

Every frame carries its own number as sixteen black or white squares along its lower edge, so that a test can read
from the picture which frame is shown.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
NS = 1_000_000_000
WIDTH_PX, HEIGHT_PX, FPS = 640, 360, 25
SECONDS = 14
SQUARES = 16
SQUARE_PX = 24


@dataclass(frozen=True, slots=True)
class DrawnLens:
    """One drawn film: its file and the wall time of its first frame."""

    lens: str
    facing: str
    path: Path
    first_frame_wall_ns: int
    frames: int
    drawn_no: int = 0
    """Which of the drawn films it is: where the car drives."""


def car_box(frame: int, lens_no: int) -> tuple[int, int, int, int]:
    """Return where the drawn car is in a frame (px): left, top, right, bottom."""
    left = 40 + (frame * 3 + lens_no * 120) % (WIDTH_PX - 200)
    top = 120 + lens_no * 40
    return left, top, left + 140, top + 84


@cache
def _scenery(lens_no: int) -> Picture:
    rows = np.linspace(58, 24, HEIGHT_PX, dtype=np.uint8)[:, None, None]
    shot = np.repeat(np.repeat(rows, WIDTH_PX, axis=1), 3, axis=2).copy()
    shot[HEIGHT_PX // 2 :, :, 2] += 14
    shot[: HEIGHT_PX // 2, :, 0] += 10 * (1 + lens_no)
    return shot


def picture(frame: int, lens_no: int) -> Picture:
    """Draw one frame: a road, a car that moves, and the frame's number in squares."""
    shot = _scenery(lens_no).copy()
    for at in range(0, WIDTH_PX, 80):
        left = (at - frame * 6) % WIDTH_PX
        shot[250:256, left : left + 40] = 190
    left, top, right, bottom = car_box(frame, lens_no)
    shot[top:bottom, left:right] = (178, 64, 48) if lens_no == 0 else (60, 110, 170)
    shot[top + 10 : top + 40, left + 20 : right - 20] = (30, 36, 44)
    for wheel in (left + 24, right - 44):
        shot[bottom - 8 : bottom + 12, wheel : wheel + 20] = 12
    for bit in range(SQUARES):
        lit = 235 if frame >> bit & 1 else 16
        shot[-SQUARE_PX:, bit * SQUARE_PX : (bit + 1) * SQUARE_PX] = lit
    return shot


def draw(path: Path, *, lens_no: int = 0, seconds: int = SECONDS, codec: str = "libx264") -> int:
    """Write one film as fragmented MP4, a fragment a second; return its number of frames."""
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(path), "w", format="mp4", options=options) as film:
        stream = film.add_stream(codec, rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.options = {"g": str(FPS), "bf": "0", "preset": "ultrafast", "crf": "20"} if codec == "libx264" else {}
        for number in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(picture(number, lens_no), format="rgb24")
            frame.pts = number
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return seconds * FPS


def poster_of(path: Path, at_s: float) -> bytes:
    """Return one picture of a film as JPEG."""
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            if float(frame.time or 0) >= at_s:
                break
        small = frame.reformat(640, round(640 * frame.height / frame.width) // 2 * 2, "yuvj420p")
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = small.width, small.height, "yuvj420p"
        encoder.time_base = Fraction(1, 25)
        small.pts = 0
        packets = list(encoder.encode(small)) + list(encoder.encode(None))
    return b"".join(bytes(packet) for packet in packets)


def seen_of(lens_no: int, frames: int) -> list[dict[str, object]]:
    """Return what perception would have said of a drawn film, at five frames a second, with a second left out."""
    found = []
    for frame in range(0, frames, 5):
        if 150 <= frame < 175:
            continue
        left, top, right, bottom = car_box(frame, lens_no)
        box = {"track_id": 1, "object_class": "car", "score_0_1": 0.91, "box_px_xyxy": [left, top, right, bottom]}
        found.append({"t_ns": round(frame / FPS * NS), "objects": [box]})
    return found
