"""A film with texture, noise and things that wander: what a tracer needs, and drawn flat colours lack."""

from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

FPS, SECONDS, WIDTH_PX, HEIGHT_PX = 10, 7, 320, 240


@cache
def _ground(seed: int) -> NDArray[np.float32]:
    chance = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(chance.normal(0, 60, (HEIGHT_PX, WIDTH_PX)).astype(np.float32), (0, 0), 2.5)
    return np.asarray(soft * 4 + 120, np.float32)


def picture(number: int, seed: int = 11) -> NDArray[np.uint8]:
    """Draw one picture: textured ground that stands still, three blocks that wander, a sensor's noise."""
    shot = _ground(seed).copy()
    for block in range(3):
        x = int(130 + 100 * np.sin(number / (7 + 3 * block) + block))
        y = int(100 + 60 * np.cos(number / (9 + 2 * block)))
        cv2.rectangle(shot, (x, y), (x + 34, y + 28), 40 + 70 * block, -1)
    shot += np.random.default_rng(number).normal(0, 2.5, shot.shape)
    return np.asarray(np.clip(shot, 0, 255), np.uint8)


def write(path: Path, pictures: list[NDArray[np.uint8]], *, crf: int = 16) -> Path:
    """Write grey pictures as fragmented H.264, a fragment a second."""
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(path), "w", format="mp4", options=options) as film:
        stream = film.add_stream("libx264", rate=FPS)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, FPS)
        stream.options = {"g": str(FPS), "bf": "0", "preset": "veryfast", "crf": str(crf)}
        for number, shot in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.repeat(shot[:, :, None], 3, axis=2), format="rgb24")
            frame.pts = number
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def film(path: Path, *, seed: int = 11, seconds: int = SECONDS) -> Path:
    """Write the film."""
    return write(path, [picture(number, seed) for number in range(seconds * FPS)])
