"""Ranks and inversions against scipy and brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import rankdata

from core.rdm.comparisons.ranks import concordance, count_inversions, level, rank, rank_levels

CASES = {
    "continuous": lambda rng: rng.standard_normal(50_000),
    "single precision": lambda rng: rng.random(50_000, dtype=np.float32).astype(float),
    "few values": lambda rng: rng.integers(0, 3, 9_000) / 7,
    "beside each other": lambda rng: 1 + rng.integers(0, 50, 9_000) * np.finfo(float).eps,
    "signs and zeros": lambda rng: rng.choice([-0.0, 0.0, -1e-300, 1e300, -3.5], 999),
    "constant": lambda rng: np.full(10, 0.1),
    "single": lambda rng: np.ones(1),
}


@pytest.mark.parametrize("case", CASES)
def test_ranks_are_scipys(case):
    values = CASES[case](np.random.default_rng(0))
    ranks = rankdata(values)
    assert np.array_equal(rank(values), ranks)
    assert np.array_equal(level(values), rankdata(values, "dense") - 1)
    assert np.array_equal(rank_levels(level(values)), ranks)


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(float, st.integers(1, 70), elements=st.floats(-1e9, 1e9)))
def test_any_values_are_ranked_as_scipy_does(values):
    assert np.array_equal(rank(values), rankdata(values))


def test_a_choice_of_cells_is_ranked_without_sorting():
    rng = np.random.default_rng(1)
    values = rng.random(500).round(2)
    cells = rng.integers(0, 500, 300)
    assert np.array_equal(rank_levels(level(values)[cells]), rankdata(values[cells]))


@pytest.mark.parametrize("size", [1, 2, 3, 23, 24, 25, 97, 400])
def test_inversions_by_brute_force(size):
    rng = np.random.default_rng(size)
    for values in (rng.permutation(size), rng.integers(0, 5, size), np.arange(size)[::-1]):
        brute = sum(int((values[:i] > values[i]).sum()) for i in range(size))
        assert count_inversions(values.astype(np.int32)) == brute


def test_tau_a_by_brute_force():
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 9, (2, 150)).astype(np.int32)
    signs = [np.sign(x[i] - x[j]) * np.sign(y[i] - y[j]) for i in range(150) for j in range(i)]
    assert concordance(x, y) == pytest.approx(np.mean(signs), abs=1e-15)
