"""Tracks and boxes are paired as well as SciPy pairs them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from custodes.vision.assignment import best_pairs


def as_scipy_pairs(worth: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    from scipy.optimize import linear_sum_assignment  # late: every worker collects every file

    rows, columns = linear_sum_assignment(worth, maximize=True)
    return rows, columns


SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
WORTHS = st.one_of(
    arrays.arrays(np.float64, SHAPES, elements=st.floats(-1e3, 1e3)),
    arrays.arrays(np.float64, SHAPES, elements=st.integers(0, 2).map(float)),  # many that are alike
    arrays.arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=32)),
)


def total(worth: NDArray[np.floating], pairs: list[tuple[int, int]]) -> float:
    return float(sum(worth[pair] for pair in pairs))


@given(WORTHS)
def test_the_sum_is_scipys_and_each_place_is_used_once(worth: NDArray[np.floating]) -> None:
    pairs = best_pairs(worth)
    rows, columns = as_scipy_pairs(worth)
    assert total(worth, pairs) == pytest.approx(float(worth[rows, columns].sum()), rel=1e-6, abs=1e-6)
    assert len(pairs) == min(worth.shape) == len({row for row, _ in pairs}) == len({column for _, column in pairs})
    assert pairs == sorted(pairs)


@pytest.mark.parametrize("shape", [(60, 40), (40, 60), (50, 50), (0, 3), (3, 0)])
def test_a_crowd_is_paired_to_the_pair_as_scipy_does(shape: tuple[int, int]) -> None:
    worth = np.random.default_rng(8).random(shape)
    rows, columns = as_scipy_pairs(worth)
    assert best_pairs(worth) == list(zip(rows.tolist(), columns.tolist(), strict=True))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        best_pairs(np.array([[1.0, wrong]]))
