"""The 8-bit network is made of the float one by a fixed recipe, says who it is, and sees the same."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import openvino as ov
import platformdirs
import pytest
from numpy.typing import NDArray
from openvino import opset13

from custodes.core.errors import BadInput
from custodes.core.types import ModelIdentity
from custodes.vision import int8, weights
from custodes.vision.int8 import Ranges, identity_of, processor_gains, quantize, ranges_of, weights_key
from custodes.vision.objects import DetectorOptions, load_detector
from custodes.vision.runtime import Graph, InputPlan, compile_graph
from custodes.vision.weight_catalogue import DEFAULT_DETECTOR, FALLBACK_DETECTOR

FLOAT = ModelIdentity("net", "objects", "ab" * 32, "Apache-2.0")
PLAN = InputPlan(16, 16, mean=127.5, scale=127.5, channels_first=True)


@dataclass
class SmallNet:
    """Two convolutions of fixed chance, and the ranges that go with them."""

    path: Path
    keys: Sequence[str]

    def ranges(self) -> Ranges:
        return Ranges("ab" * 32, dict(zip(self.keys, [(-1.0, 1.0), (0.0, 6.0)], strict=True)))


@pytest.fixture
def net(tmp_path: Path) -> SmallNet:
    random = np.random.default_rng(3)
    first = random.standard_normal((8, 3, 3, 3)).astype(np.float32) / 5
    second = random.standard_normal((4, 8, 1, 1)).astype(np.float32)
    taken = opset13.parameter([1, 3, 16, 16], np.float32)
    strides = ([1, 1], [1, 1], [1, 1], [1, 1])
    inner = opset13.clamp(opset13.convolution(taken, opset13.constant(first), *strides), 0.0, 6.0)
    outer = opset13.convolution(inner, opset13.constant(second), *strides)
    path = tmp_path / "net.xml"
    ov.save_model(ov.Model([outer], [taken]), path, compress_to_fp16=True)
    halves = [weights.astype(np.float16).astype(np.float32) for weights in (first, second)]
    return SmallNet(path, [weights_key(one) for one in halves])


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_names, **_more: str(folder))
    return folder


def picture(seed: int, side_px: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (side_px, side_px, 3), dtype=np.uint8)


def run(graph: Graph) -> NDArray[np.float32]:
    return graph.run(picture(1, 16))[0]


def test_the_8_bit_network_answers_almost_as_the_float_one_does_but_not_to_the_bit(net: SmallNet) -> None:
    plain = run(compile_graph(net.path, PLAN, keep_compiled=False))
    small = run(compile_graph(net.path, PLAN, keep_compiled=False, ranges=net.ranges()))
    assert not np.array_equal(plain, small)
    almost = 0.05 if processor_gains() else 0.25  # elsewhere sums of two products saturate, and float is what is used
    assert np.abs(plain - small).max() < almost * np.abs(plain).max()


def test_a_convolution_without_a_range_stays_in_float(net: SmallNet) -> None:
    plain = run(compile_graph(net.path, PLAN, keep_compiled=False))
    none = Ranges("ab" * 32, dict.fromkeys(net.keys))
    half = Ranges("ab" * 32, {net.keys[0]: None, net.keys[1]: (0.0, 6.0)})
    assert np.array_equal(plain, run(compile_graph(net.path, PLAN, keep_compiled=False, ranges=none)))
    assert not np.array_equal(plain, run(compile_graph(net.path, PLAN, keep_compiled=False, ranges=half)))
    assert len({one.sha256_hex for one in (none, half, net.ranges())}) == 3


def test_ranges_of_other_weights_are_refused_and_change_nothing(net: SmallNet) -> None:
    ranges = net.ranges()
    other = replace(ranges, inputs={net.keys[0]: (-1.0, 1.0)})
    model = ov.Core().read_model(net.path)
    before = [node.get_type_name() for node in model.get_ordered_ops()]
    assert not quantize(model, other)
    assert [node.get_type_name() for node in model.get_ordered_ops()] == before
    with pytest.raises(BadInput, match="no 8-bit ranges"):
        compile_graph(net.path, PLAN, keep_compiled=False, ranges=other)


def test_identity_changes_with_weights_and_with_ranges_and_with_nothing_else(net: SmallNet) -> None:
    ranges = net.ranges()
    mine = identity_of(FLOAT, ranges)
    assert mine == identity_of(FLOAT, replace(ranges, inputs=dict(reversed(list(ranges.inputs.items())))))
    assert mine.name == "net-int8"
    assert mine.licence == FLOAT.licence
    wider = replace(ranges, inputs={**ranges.inputs, net.keys[1]: (0.0, 6.1)})
    others = {
        identity_of(FLOAT, wider).sha256_hex,
        identity_of(replace(FLOAT, sha256_hex="cd" * 32), ranges).sha256_hex,
    }
    assert len(others | {mine.sha256_hex, FLOAT.sha256_hex}) == 4


def _torn(told: bytes) -> bytes:
    return told[: len(told) // 2]


def _flipped(told: bytes) -> bytes:
    return told[:100] + bytes([told[100] ^ 1]) + told[101:]


@pytest.mark.parametrize("damage", [_torn, _flipped, lambda told: b"", lambda told: told])
def test_the_kept_form_answers_the_same_and_a_damaged_one_is_made_anew(
    net: SmallNet, own_cache: Path, damage: Callable[[bytes], bytes]
) -> None:
    expected = run(compile_graph(net.path, PLAN, ranges=net.ranges(), sha256_hex="ab" * 32))
    (kept,) = (own_cache / "compiled").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))
    again = run(compile_graph(net.path, PLAN, ranges=net.ranges(), sha256_hex="ab" * 32))
    assert np.array_equal(expected, again)
    assert [one.name for one in (own_cache / "compiled").iterdir()] == [kept.name]
    assert hashlib.sha256(kept.read_bytes()[32:]).digest() == kept.read_bytes()[:32]


def test_float_and_8_bit_and_other_weights_are_kept_apart(net: SmallNet, own_cache: Path) -> None:
    compile_graph(net.path, PLAN, sha256_hex="ab" * 32)
    compile_graph(net.path, PLAN, sha256_hex="ab" * 32, ranges=net.ranges())
    compile_graph(net.path, PLAN, sha256_hex="cd" * 32)
    compile_graph(net.path, replace(PLAN, bgr=True), sha256_hex="ab" * 32)
    assert len(list((own_cache / "compiled").iterdir())) == 4


def test_a_machine_without_a_place_to_keep_it_runs_all_the_same(net: SmallNet, own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    assert run(compile_graph(net.path, PLAN, ranges=net.ranges(), sha256_hex="ab" * 32)).shape == (1, 4, 18, 18)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_vnni\n", True),
        ("flags\t\t: fpu avx2 avx_vnni\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("Features\t: fp asimd\n", False),
    ],
)
def test_the_processors_flags_decide(tmp_path: Path, told: str, expected: bool) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n" + told)
    assert processor_gains(tmp_path / "cpuinfo") is expected
    assert not processor_gains(tmp_path / "absent")


def test_the_ranges_in_the_package_are_those_of_the_catalogues_weights() -> None:
    ranges = ranges_of(DEFAULT_DETECTOR)
    assert ranges is not None
    assert ranges.weights_sha256_hex == weights.catalogue()[DEFAULT_DETECTOR].sha256_hex
    assert len(ranges.inputs) == 72
    assert sum(edges is None for edges in ranges.inputs.values()) == 3
    assert ranges_of(FALLBACK_DETECTOR) is None


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who a detector is does not hang on its graph, which takes seconds to compile; the contract suite runs it."""
    monkeypatch.setattr("custodes.vision.objects.compile_graph", lambda *_given, **_named: None)


@pytest.mark.usefixtures("uncompiled")
def test_the_detector_says_which_of_the_two_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    weights.pull(DEFAULT_DETECTOR)
    ranges = ranges_of(DEFAULT_DETECTOR)
    assert ranges is not None
    plain = weights.locate(DEFAULT_DETECTOR).identity
    assert load_detector(options=DetectorOptions(precision="float")).identity == plain
    assert load_detector(options=DetectorOptions(precision="int8")).identity == identity_of(plain, ranges)
    for gains in (True, False):
        monkeypatch.setattr("custodes.vision.runtime.processor_gains", lambda gains=gains: gains)
        assert (load_detector().identity == plain) is not gains


@pytest.mark.usefixtures("uncompiled")
def test_8_bit_that_cannot_be_had_is_refused_when_asked_for_and_passed_over_when_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights.pull(FALLBACK_DETECTOR)
    with pytest.raises(BadInput, match="no 8-bit form of 'mediapipe-person'"):
        load_detector(FALLBACK_DETECTOR, options=DetectorOptions(precision="int8"))
    known = ranges_of(DEFAULT_DETECTOR)
    assert known is not None
    monkeypatch.setattr("custodes.vision.objects.ranges_of", lambda name: replace(known, weights_sha256_hex="0" * 64))
    weights.pull(DEFAULT_DETECTOR)
    with pytest.raises(BadInput, match="no 8-bit form"):
        load_detector(options=DetectorOptions(precision="int8"))
    assert load_detector().identity == weights.locate(DEFAULT_DETECTOR).identity


def test_the_recipe_is_part_of_the_identity(net: SmallNet, monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity_of(FLOAT, net.ranges())
    monkeypatch.setattr(int8, "RECIPE", "custodes-int8/next")
    assert identity_of(FLOAT, net.ranges()) != before
