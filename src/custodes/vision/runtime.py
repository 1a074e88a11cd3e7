"""Run a network on this machine: OpenVINO reads ONNX and TFLite; ONNX Runtime serves its accelerators by name.

Every graph takes an RGB picture of 8-bit values; scaling, colour order and layout are put into the graph itself, so
that no float copy of the picture is made in Python. One inference thread a process by default: several lenses share
one queue (`Graph.run` takes turns), and on two cores a second thread costs more than it gives.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import platformdirs
from numpy.typing import NDArray

from custodes.core.errors import BadInput

DEFAULT_PROVIDER = "openvino"


@dataclass(frozen=True, slots=True)
class InputPlan:
    """How a network wants its picture.

    `width_px`/`height_px` of its input; a value v of 0..255 becomes (v - mean) / scale; `channels_first` is the
    layout of the network's own input (NCHW); `bgr` its colour order.
    """

    width_px: int
    height_px: int
    mean: float = 0.0
    scale: float = 1.0
    channels_first: bool = False
    bgr: bool = False


class Graph(Protocol):
    """A compiled network. Safe to call from several threads; callers take turns."""

    def run(self, rgb: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Return the outputs in the graph's order for one picture, shape (height_px, width_px, 3), uint8, RGB."""
        ...


def compile_graph(
    path: Path, plan: InputPlan, *, provider: str = DEFAULT_PROVIDER, threads: int = 1, keep_compiled: bool = True
) -> Graph:
    """Return the network in `path`, compiled for this machine.

    `provider` is "openvino" (optionally with a device, "openvino:GPU"), or "onnxruntime:" and the name of one of its
    execution providers (for instance "onnxruntime:CUDAExecutionProvider"), which must be installed. `keep_compiled`
    stores the compiled form in the user's cache, so that the next start is quick. Raises BadInput when the file is
    no network or the provider is not there.
    """
    family, _, device = provider.partition(":")
    if family == "openvino":
        return _OpenVinoGraph(path, plan, device or "CPU", threads, keep_compiled=keep_compiled)
    if family == "onnxruntime":
        return _OnnxRuntimeGraph(path, plan, device or "CPUExecutionProvider", threads)
    raise BadInput(f"unknown provider {provider!r}. Use openvino, openvino:GPU or onnxruntime:<provider>.")


class _OpenVinoGraph:
    def __init__(self, path: Path, plan: InputPlan, device: str, threads: int, *, keep_compiled: bool) -> None:
        import openvino as ov
        from openvino.properties import hint

        core = _openvino_core()
        try:
            model = _with_preprocessing(core.read_model(path), plan)
        except RuntimeError as error:
            raise BadInput(f"cannot read the network in {path}: {_first_line(error)}") from error
        settings: dict[Any, Any] = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1"}
        if device == "CPU":
            settings |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
            brisk = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            settings[hint.inference_precision()] = ov.Type.bf16 if brisk else ov.Type.f32
        if keep_compiled:
            settings["CACHE_DIR"] = str(Path(platformdirs.user_cache_dir("custodes", appauthor=False)) / "compiled")
        try:
            self._compiled = core.compile_model(model, device, settings)
        except RuntimeError as error:
            raise BadInput(f"cannot compile {path.name} for {device}: {_first_line(error)}") from error
        self._request = self._compiled.create_infer_request()
        self._outputs = len(self._compiled.outputs)
        self._turn = threading.Lock()

    def run(self, rgb: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        with self._turn:
            self._request.infer(rgb[None], share_inputs=True)
            return [self._request.get_output_tensor(index).data.copy() for index in range(self._outputs)]


def _openvino_core() -> Any:
    import openvino as ov

    return ov.Core()


def _with_preprocessing(model: Any, plan: InputPlan) -> Any:
    import openvino as ov
    from openvino.preprocess import ColorFormat, PrePostProcessor

    steps = PrePostProcessor(model)
    tensor = steps.input().tensor()
    tensor.set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    tensor.set_color_format(ColorFormat.RGB)
    tensor.set_shape([1, plan.height_px, plan.width_px, 3])
    wanted = steps.input().preprocess()
    if plan.bgr:
        wanted.convert_color(ColorFormat.BGR)
    wanted.convert_element_type(ov.Type.f32)
    if plan.mean:
        wanted.mean(plan.mean)
    if plan.scale != 1.0:
        wanted.scale(plan.scale)
    steps.input().model().set_layout(ov.Layout("NCHW" if plan.channels_first else "NHWC"))
    return steps.build()


class _OnnxRuntimeGraph:
    def __init__(self, path: Path, plan: InputPlan, provider: str, threads: int) -> None:
        try:
            import onnxruntime  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            raise BadInput("the provider onnxruntime is not installed. Run: pip install onnxruntime") from None
        if path.suffix != ".onnx":
            raise BadInput(f"ONNX Runtime cannot read {path.name}. Use the provider openvino for these weights.")
        there = onnxruntime.get_available_providers()
        if provider not in there:
            raise BadInput(f"ONNX Runtime has no {provider!r} here. It has: {', '.join(there)}.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
        self._input = self._session.get_inputs()[0].name
        self._plan = plan
        self._turn = threading.Lock()

    def run(self, rgb: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        picture = rgb[:, :, ::-1] if self._plan.bgr else rgb
        tensor = (picture.astype(np.float32) - self._plan.mean) / self._plan.scale
        if self._plan.channels_first:
            tensor = tensor.transpose(2, 0, 1)
        with self._turn:
            return list(self._session.run(None, {self._input: np.ascontiguousarray(tensor[None])}))


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
