"""Make an 8-bit network of a float one, on the machine that runs it, from activation ranges that were measured before.

A FakeQuantize is put before each convolution, on what comes in and on the weights; OpenVINO turns both into 8-bit
arithmetic where the processor has it. After Jacob et al., "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference" (2018), section 2: weights symmetric for each output channel, activations
for each tensor. Ranges are written down for each convolution under a digest of its weights, so that they hold for
these weights alone and need no name that a runtime invents. `tools/calibrate.py` makes them.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from custodes.core.errors import Corrupt
from custodes.core.types import ModelIdentity

RECIPE = "custodes-int8/1"
"""Changes with every change of `quantize` that gives another network."""

_KEY_DIGITS = 16
_DOT_PRODUCTS = {"avx512_vnni", "avx_vnni"}  # without them, 8-bit sums saturate and gain little over float


@dataclass(frozen=True, slots=True)
class Ranges:
    """The least and the greatest value that was seen before each convolution, by the digest of its weights.

    None keeps a convolution in float: where few sums of large values decide much, 8 bits tell too few apart.
    `weights_sha256_hex` is the hash of the file that they were measured on.
    """

    weights_sha256_hex: str
    inputs: Mapping[str, tuple[float, float] | None]

    @property
    def sha256_hex(self) -> str:
        """Return the digest of the recipe and every range, in a fixed order."""
        told = [RECIPE]
        for key, edges in sorted(self.inputs.items()):
            told.append(f"{key} float" if edges is None else f"{key} {edges[0]:.6g} {edges[1]:.6g}")
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


def ranges_of(name: str) -> Ranges | None:
    """Return the ranges that are known for the weights called `name`, or None. Raises Corrupt for a damaged file."""
    table = files("custodes.vision") / "ranges" / f"{name}.json"
    if not table.is_file():
        return None
    told = json.loads(table.read_text(encoding="utf-8"))
    try:
        inputs = {
            str(key): None if edges is None else (float(edges[0]), float(edges[1]))
            for key, edges in told["inputs"].items()
        }
        weights = str(told["weights_sha256"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Corrupt(f"the ranges of {name!r} cannot be read. Install Custodes again.") from error
    measured = [edges for edges in inputs.values() if edges is not None]
    if not all(math.isfinite(low) and math.isfinite(high) and low <= 0 < high for low, high in measured):
        raise Corrupt(f"the ranges of {name!r} hold values that no range has. Install Custodes again.")
    return Ranges(weights, inputs)


def identity_of(weights: ModelIdentity, ranges: Ranges) -> ModelIdentity:
    """Return who the 8-bit network is: the SHA-256 of the float weights' SHA-256 and that of the ranges, in hex."""
    both = hashlib.sha256(f"{weights.sha256_hex}\n{ranges.sha256_hex}".encode()).hexdigest()
    return ModelIdentity(f"{weights.name}-int8", weights.task, both, weights.licence)


def processor_gains(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether this processor sums 8-bit products in one step, as far as the system says."""
    try:
        told = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line for line in told.splitlines() if line.startswith("flags")), "")
    return not _DOT_PRODUCTS.isdisjoint(flags.split())


def quantize(model: Any, ranges: Ranges) -> bool:
    """Make the OpenVINO `model` an 8-bit one, in place; return False, all unchanged, where a range is missing."""
    plans = [(node, folded(node.input_value(1))) for node in convolutions(model)]
    keys = [weights_key(weights) for _, weights in plans]
    if not plans or any(key not in ranges.inputs for key in keys):
        return False
    made: dict[tuple[str, int], Any] = {}
    for (node, weights), key in zip(plans, keys, strict=True):
        edges = ranges.inputs[key]
        if edges is None:
            continue
        source = node.input_value(0)
        place = (source.get_node().get_friendly_name(), source.get_index())
        if place not in made:
            made[place] = _activations(source, *edges)
        node.input(0).replace_source_output(made[place].output(0))
        node.input(1).replace_source_output(_weights(weights, node.get_type_name()).output(0))
    model.validate_nodes_and_infer_types()
    return True


def convolutions(model: Any) -> list[Any]:
    """Return the convolutions of an OpenVINO model, in the order of its graph."""
    return [node for node in model.get_ordered_ops() if node.get_type_name() in ("Convolution", "GroupConvolution")]


def folded(output: Any) -> NDArray[np.float32]:
    """Return the value of a part of the graph that depends on no input, as weights that are stored smaller do."""
    import openvino as ov

    node = output.get_node()
    if node.get_type_name() == "Constant":
        return np.asarray(node.data, np.float32)
    alone = ov.Core().compile_model(ov.Model([output], []), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(alone([])[0], np.float32)


def weights_key(weights: NDArray[np.float32]) -> str:
    """Return the name of a convolution: the start of the SHA-256 of its weights, as little-endian float32."""
    return hashlib.sha256(np.ascontiguousarray(weights, "<f4").tobytes()).hexdigest()[:_KEY_DIGITS]


def _activations(source: Any, low: float, high: float) -> Any:
    """Return a FakeQuantize of 256 levels in which zero has a level of its own: 0 to high, or symmetric about zero."""
    if low < 0:
        reach = max(-low, high * 128 / 127)
        low, high = -reach, reach * 127 / 128
    shape = [1] * len(source.get_partial_shape())
    return _fake(source, np.full(shape, low, np.float32), np.full(shape, high, np.float32), 256)


def _weights(weights: NDArray[np.float32], kind: str) -> Any:
    """Return the weights on 255 levels, symmetric about zero for each output channel."""
    from openvino import opset13

    own = 2 if kind == "GroupConvolution" else 1  # axes before this one number the output channels
    reach = np.abs(weights).max(axis=tuple(range(own, weights.ndim)), keepdims=True)
    reach = np.maximum(reach, np.float32(1e-6))
    return _fake(opset13.constant(weights), -reach, reach, 255)


def _fake(source: Any, low: NDArray[np.float32], high: NDArray[np.float32], levels: int) -> Any:
    from openvino import opset13

    edges = (opset13.constant(low), opset13.constant(high))
    return opset13.fake_quantize(source, *edges, *edges, levels)
