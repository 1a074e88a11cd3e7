"""Run a network on this machine: OpenVINO reads ONNX and TFLite; ONNX Runtime serves its accelerators by name.

Every graph takes an RGB picture of 8-bit values; scaling, colour order and layout are put into the graph itself, so
that no float copy of the picture is made in Python. One inference thread a process by default: several lenses share
one queue (`Graph.run` takes turns), and on two cores a second thread costs more than it gives.
"""

import ctypes
import gc
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import platformdirs
from numpy.typing import NDArray

from custodes.core.errors import BadInput, Temporary
from custodes.core.fs import write_durably
from custodes.vision.int8 import Ranges, processor_gains, quantize

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
    path: Path,
    plan: InputPlan,
    *,
    provider: str = DEFAULT_PROVIDER,
    threads: int = 1,
    keep_compiled: bool = True,
    ranges: Ranges | None = None,
    sha256_hex: str | None = None,
    exact: bool = False,
) -> Graph:
    """Return the network in `path`, compiled for this machine.

    `provider` is "openvino" (optionally with a device, "openvino:GPU"), or "onnxruntime:" and the name of one of its
    execution providers (for instance "onnxruntime:CUDAExecutionProvider"), which must be installed. `ranges` make it
    an 8-bit network (OpenVINO's CPU only); `sha256_hex` is the checked hash of the file. `exact` keeps 32-bit numbers
    where the processor would rather take bfloat16, whose 8 digits place a point to half a pixel only. `keep_compiled`
    stores the compiled form in the user's cache, so that the next start is quick and small. Raises BadInput when the
    file is no network, the ranges are those of other weights, or the provider is not there.
    """
    family, _, device = provider.partition(":")
    if family == "openvino":
        network = Network(path, plan, device or "CPU", threads, ranges, sha256_hex, exact)
        return _OpenVinoGraph(network, keep_compiled=keep_compiled)
    if family == "onnxruntime":
        return _OnnxRuntimeGraph(path, plan, device or "CPUExecutionProvider", threads)
    raise BadInput(f"unknown provider {provider!r}. Use openvino, openvino:GPU or onnxruntime:<provider>.")


def runs_8_bit(provider: str) -> bool:
    """Return whether an 8-bit network pays with this provider on this machine."""
    return provider in ("openvino", "openvino:CPU") and processor_gains()


@dataclass(frozen=True, slots=True)
class Network:
    """Everything that a compiled form depends on, but the machine."""

    path: Path
    plan: InputPlan
    device: str
    threads: int
    ranges: Ranges | None
    sha256_hex: str | None
    exact: bool = False

    def read(self, core: Any) -> Any:
        """Return the OpenVINO model, 8-bit where ranges are given. Raises BadInput."""
        try:
            model = core.read_model(self.path)
            if self.ranges is not None and not quantize(model, self.ranges):
                raise BadInput(f"there are no 8-bit ranges for the network in {self.path}. Set precision to float.")
            return with_preprocessing(model, self.plan)
        except RuntimeError as error:
            raise BadInput(f"cannot read the network in {self.path}: {_first_line(error)}") from error

    def compile(self, core: Any, settings: dict[Any, Any]) -> Any:
        """Return the compiled model. Raises BadInput."""
        try:
            return core.compile_model(self.read(core), self.device, settings)
        except RuntimeError as error:
            raise BadInput(f"cannot compile {self.path.name} for {self.device}: {_first_line(error)}") from error

    def kept_under(self, core: Any, settings: dict[Any, Any]) -> str:
        """Return the name of the compiled form on this machine: a digest of all that it depends on."""
        import openvino as ov

        machine = [core.get_property(self.device, fact) for fact in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
        ranges = self.ranges.sha256_hex if self.ranges is not None else ""
        told = [ov.__version__, self.sha256_hex, self.plan, self.device, ranges, sorted(map(str, settings.items()))]
        return hashlib.sha256(repr([*told, *machine]).encode()).hexdigest()[:32]


class _OpenVinoGraph:
    def __init__(self, network: Network, *, keep_compiled: bool) -> None:
        core = _openvino_core()
        settings = _settings(core, network)
        if keep_compiled and network.device == "CPU" and network.sha256_hex is not None:
            self._compiled = _from_cache(core, network, settings)
        else:
            if keep_compiled:
                settings["CACHE_DIR"] = str(compiled_folder())
            self._compiled = network.compile(core, settings)
        self._request = self._compiled.create_infer_request()
        self._outputs = len(self._compiled.outputs)
        self._turn = threading.Lock()

    def run(self, rgb: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        with self._turn:
            self._request.infer(rgb[None], share_inputs=True)
            return [self._request.get_output_tensor(index).data.copy() for index in range(self._outputs)]


def compiled_folder() -> Path:
    """Return where compiled networks are kept; all of it may be removed at any time."""
    return Path(platformdirs.user_cache_dir("custodes", appauthor=False)) / "compiled"


def _settings(core: Any, network: Network) -> dict[Any, Any]:
    import openvino as ov
    from openvino.properties import hint

    settings: dict[Any, Any] = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1"}
    if network.device == "CPU":
        settings |= {"INFERENCE_NUM_THREADS": network.threads, "ENABLE_CPU_PINNING": False}
        brisk = not network.exact and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        settings[hint.inference_precision()] = ov.Type.bf16 if brisk else ov.Type.f32
    return settings


def _from_cache(core: Any, network: Network, settings: dict[Any, Any]) -> Any:
    """Return the compiled model out of the cache, where it is put first if it is not there.

    What is run is always read back: the source network and all that compiling took can then be given back to the
    system. A file that is torn or that this runtime cannot read is made anew.
    """
    kept = compiled_folder() / f"{network.kept_under(core, settings)}.net"
    imported = _imported(core, kept, network.device, settings)
    if imported is None:
        compiled = network.compile(core, settings)
        told = compiled.export_model().getvalue()
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_durably(kept, hashlib.sha256(told).digest() + told, mode=0o644)
        except (OSError, Temporary):
            return compiled  # no cache on this machine: the next start is as slow as this one
        del compiled, told
        give_memory_back()
        imported = _imported(core, kept, network.device, settings)
    return imported if imported is not None else network.compile(core, settings)


def _imported(core: Any, kept: Path, device: str, settings: dict[Any, Any]) -> Any:
    try:
        told = kept.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(told[32:]).digest() != told[:32]:
        return None
    try:
        return core.import_model(told[32:], device, settings)
    except RuntimeError:  # made by another build of the runtime: it is made anew
        return None


def give_memory_back() -> None:
    """Return what the C library holds but nothing uses to the system, where the library can (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        gc.collect()
        trim(0)


def _openvino_core() -> Any:
    import openvino as ov

    return ov.Core()


def with_preprocessing(model: Any, plan: InputPlan) -> Any:
    """Return the OpenVINO model with the picture's scaling, colour order and layout put into its graph."""
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
