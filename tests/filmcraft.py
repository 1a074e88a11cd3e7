"""Make tiny films for the tests of capture and clip."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np


@dataclass(frozen=True)
class Recipe:
    """What film to make. Picture `i` has a bright square whose left edge says `i`."""

    seconds: float = 4.0
    fps: int = 10
    gop: int = 10
    width: int = 96
    height: int = 64
    codec: str = "libx264"
    bframes: int = 0
    sound: bool = False
    rotation_deg: int = 0
    container: str | None = None
    uneven: bool = False
    open_gop: bool = False


def make_film(path: Path, recipe: Recipe | None = None) -> Path:
    """Write the film and return its path."""
    recipe = recipe or Recipe()
    with av.open(str(path), "w", format=recipe.container) as output:
        stream = cast(av.VideoStream, output.add_stream(recipe.codec, rate=recipe.fps))
        stream.width, stream.height = recipe.width, recipe.height
        stream.pix_fmt = "yuvj420p" if recipe.codec == "mjpeg" else "yuv420p"
        stream.gop_size = recipe.gop
        stream.codec_context.max_b_frames = recipe.bframes
        stream.options = _options(recipe)
        if recipe.rotation_deg:
            stream.set_display_rotation(recipe.rotation_deg)
        sound = cast(av.AudioStream, output.add_stream("aac", rate=16_000, layout="mono")) if recipe.sound else None
        ticks = Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, recipe.fps) if not recipe.uneven else ticks
        for index in range(round(recipe.seconds * recipe.fps)):
            frame = av.VideoFrame.from_ndarray(picture(index, recipe.width, recipe.height), format="rgb24")
            frame.pts = index if not recipe.uneven else round(1000 * index / recipe.fps) + (37 if index % 3 else 0)
            frame.time_base = stream.codec_context.time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound is not None:
            _sing(output, sound, recipe.seconds)
    return path


def _options(recipe: Recipe) -> dict[str, str]:
    if recipe.codec == "libx264":
        preset = "medium" if recipe.bframes else "ultrafast"
        options = {"preset": preset, "sc_threshold": "0", "bf": str(recipe.bframes), "b-adapt": "0"}
        return options | ({"x264-params": "open-gop=1"} if recipe.open_gop else {})
    if recipe.codec == "libx265":
        return {"preset": "ultrafast", "x265-params": f"keyint={recipe.gop}:log-level=none:bframes={recipe.bframes}"}
    return {}


def picture(index: int, width: int, height: int) -> np.ndarray:
    """Return picture number `index`: noise-free grey with a square that walks 3 px a frame, and a bright top left."""
    image = np.full((height, width, 3), 60, dtype=np.uint8)
    left = index * 3 % max(width - 16, 1)
    image[height // 2 : height // 2 + 16, left : left + 16] = (220, 180, 40)
    image[: height // 4, : width // 4] = 240
    return image


def _sing(output: "av.container.OutputContainer", sound: "av.AudioStream", seconds: float) -> None:
    wave = (np.sin(np.arange(round(16_000 * seconds)) / 8) * 8000).astype(np.int16)
    for start in range(0, len(wave) - 1024, 1024):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
        output.mux(sound.encode(frame))
    output.mux(sound.encode(None))


def make_sound_only(path: Path) -> Path:
    """Write an MP4 with sound and no picture."""
    with av.open(str(path), "w") as output:
        _sing(output, cast(av.AudioStream, output.add_stream("aac", rate=16_000, layout="mono")), 1.0)
    return path
