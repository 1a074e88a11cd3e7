"""Measure the activation ranges of a detector on film, and write them where `vision/int8.py` reads them.

Needs CUSTODES_DATA. The films are others than those that `make eval` judges by, so that the judgement stays one on
film which the ranges have not seen. The same films give the same file.
"""

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.vision import weights
from custodes.vision.int8 import convolutions, folded, weights_key
from custodes.vision.runtime import InputPlan, with_preprocessing

FILMS = {  # every how many frames
    "road/bgslibrary_video.avi": 30,
    "road/bgslibrary_video02.avi": 60,
    "driver/liveportrait_d14.mp4": 60,
    "driver/liveportrait_s18_blinks.mp4": 40,
    "driver/liveportrait_d6.mp4": 90,
    "driver/carphone_pristine.mp4": 20,
    "gps_video/gpmf-parser_karma.mp4": 30,
}
FRAMES = 12
SIDE_PX = 300
FLOAT_FIRST = 3
"""The stem stays in float: with it in 8 bits, scores came out lower by 0.003 and a labelled event was lost."""


def pictures(folder: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield each frame whole and three squares of it, at the network's size."""
    for name, every in FILMS.items():
        with av.open(str(folder / name)) as film:
            for number, frame in enumerate(film.decode(video=0)):
                if number >= every * FRAMES:
                    break
                if number % every == 0:
                    yield from _views(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))


def _views(rgb: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    height, width = rgb.shape[:2]
    side = min(max(SIDE_PX, min(height, width) // 2), height, width)
    top, left = (height - side) // 2, (width - side) // 2
    for part in (
        rgb,
        rgb[top : top + side, left : left + side],
        rgb[:side, :side],
        rgb[height - side :, width - side :],
    ):
        yield np.asarray(cv2.resize(part, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR), np.uint8)


def measure(path: Path, seen: Iterator[NDArray[np.uint8]]) -> dict[str, tuple[float, float] | None]:
    """Return the least and greatest value before each convolution, by the digest of its weights; None for the stem."""
    import openvino as ov
    from openvino import opset13

    core = ov.Core()
    model = core.read_model(path)
    nodes = convolutions(model)
    keys = [weights_key(folded(node.input_value(1))) for node in nodes]
    results: list[Any] = []
    for node in nodes:
        source = node.input_value(0)
        axes = opset13.constant(np.arange(len(source.get_partial_shape())))
        results += [opset13.result(opset13.reduce_min(source, axes)), opset13.result(opset13.reduce_max(source, axes))]
    model.add_results(results)
    plan = InputPlan(SIDE_PX, SIDE_PX, mean=127.5, scale=127.5)
    compiled = core.compile_model(with_preprocessing(model, plan), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    first = len(compiled.outputs) - len(results)
    rows = []
    for picture in seen:
        told = compiled(picture[None])
        rows.append([float(told[place]) for place in range(first, len(compiled.outputs))])
    edges = np.array(rows)
    low, high = edges[:, 0::2].min(axis=0), edges[:, 1::2].max(axis=0)
    return {
        key: None if place < FLOAT_FIRST else (float(f"{min(down, 0.0):.6g}"), float(f"{up:.6g}"))
        for place, (key, down, up) in enumerate(zip(keys, low, high, strict=True))
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("CUSTODES_DATA"), help="the shared set")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data FOLDER, or set CUSTODES_DATA")
    located = weights.locate("ssd-openimages")
    told = {
        "weights_sha256": located.identity.sha256_hex,
        "measured_on": sorted(FILMS),
        "inputs": measure(located.path, pictures(Path(arguments.data))),
    }
    target = Path(weights.__file__).parent / "ranges" / f"{located.identity.name}.json"
    target.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {len(told['inputs'])} ranges to {target.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
