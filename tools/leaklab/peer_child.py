"""Embed and read the peers' marks, and hash pictures: run by an interpreter that has the peers, and nothing of ours.

Arrays travel as .npy files: pictures are BGR, uint8 (n, height, width, 3), or grey (n, height, width) to be hashed.
Says one line of JSON.
"""

import contextlib
import importlib.metadata
import io
import json
import sys
import time
import types
from typing import Any

import numpy as np

# mypy: disable-error-code=import-not-found

BITS = 32
PACKAGES = ("invisible-watermark", "blind-watermark", "pdqhash", "onnxruntime", "numpy", "opencv-python-headless")


class _Tensor(np.ndarray):
    """What rivaGan asks of torch around its ONNX networks, done by NumPy: it saves gigabytes of packages."""

    def permute(self, *axes: int) -> Any:
        return self.transpose(axes)

    def unsqueeze(self, axis: int) -> Any:
        return np.expand_dims(self, axis)

    def detach(self) -> Any:
        return self

    def cpu(self) -> Any:
        return self

    def numpy(self) -> Any:
        return np.ascontiguousarray(self).view(np.ndarray)


def _stand_in_for_torch() -> None:
    torch: Any = types.ModuleType("torch")
    torch.from_numpy = lambda plain: np.asarray(plain).view(_Tensor)
    torch.clamp = np.clip
    sys.modules.setdefault("torch", torch)


def _embed(method: str, pictures: Any, bits: Any) -> Any:
    if method == "blind-watermark":
        return np.stack([_blind(picture, bits) for picture in pictures])
    from imwatermark import WatermarkEncoder

    writer = WatermarkEncoder()
    writer.set_watermark("bits", bits.tolist())
    return np.stack([writer.encode(picture, method) for picture in pictures])


def _blind(picture: Any, bits: Any) -> Any:
    from blind_watermark import WaterMark

    writer = WaterMark(password_wm=1, password_img=1)
    writer.read_img(img=picture)
    writer.read_wm(bits.astype(bool).copy(), mode="bit")
    return np.clip(writer.embed(), 0, 255).astype(np.uint8)


def _read(method: str, pictures: Any) -> Any:
    if method == "blind-watermark":
        from blind_watermark import WaterMark

        reader = WaterMark(password_wm=1, password_img=1)
        return [reader.extract(embed_img=picture, wm_shape=BITS, mode="bit") for picture in pictures]
    from imwatermark import WatermarkDecoder

    return [WatermarkDecoder("bits", BITS).decode(picture, method) for picture in pictures]


def _hash(pictures: Any) -> Any:
    import pdqhash

    return [pdqhash.compute(np.ascontiguousarray(np.stack([picture] * 3, axis=-1)))[0] for picture in pictures]


def main() -> None:
    """Do what the arguments say: embed METHOD IN OUT SEED, read METHOD IN OUT, hash - IN OUT, or versions."""
    _stand_in_for_torch()
    verb = sys.argv[1]
    if verb == "versions":
        sys.stdout.write(json.dumps({name: importlib.metadata.version(name) for name in PACKAGES}) + "\n")
        return
    method, pictures = sys.argv[2], np.load(sys.argv[3])
    if method == "rivaGan":
        from imwatermark import WatermarkEncoder

        WatermarkEncoder.loadModel()
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.process_time()
        if verb == "embed":
            made = _embed(method, pictures, np.random.default_rng(int(sys.argv[5])).integers(0, 2, BITS))
        else:
            made = np.array(_hash(pictures) if verb == "hash" else _read(method, pictures))
        cost_s = time.process_time() - start
    np.save(sys.argv[4], made)
    sys.stdout.write(json.dumps({"ms": 1000 * cost_s / len(pictures)}) + "\n")


if __name__ == "__main__":
    main()
