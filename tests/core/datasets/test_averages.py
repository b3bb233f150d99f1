"""Averages of repeats, against numpy's own, in either order and precision."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets.averages import averages
from core.validation import BLOCK_ELEMENTS

STIMULI, UNITS = 300, 900
SEEN = range(5, STIMULI)  # the first five were never shown


@pytest.fixture
def trials():
    """Each stimulus one to four times, in random order."""
    rng = np.random.default_rng(0)
    return rng.permutation(np.concatenate([np.tile(n, 1 + n % 4) for n in SEEN]))


def expected(betas, rows):
    means = [betas[rows == n].astype(np.float64).mean(axis=0) for n in SEEN]
    return np.vstack([np.full((min(SEEN), betas.shape[1]), np.nan), means])


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_means_of_many_parts_from_a_file(order, dtype, trials, tmp_path):
    betas = np.random.default_rng(1).normal(size=(len(trials), UNITS)).astype(dtype)
    assert 5 * betas.size > 2 * BLOCK_ELEMENTS
    np.save(tmp_path / "betas.npy", np.array(betas, order=order))
    stored = np.load(tmp_path / "betas.npy", mmap_mode="r")
    for units in (np.arange(UNITS), np.arange(UNITS)[::-3]):
        means = averages(stored, units, np.arange(len(trials)), trials, STIMULI)
        assert means.dtype == np.float32
        right = expected(betas[:, units], trials)
        np.testing.assert_array_equal(means, right.astype(np.float32))


@pytest.mark.parametrize("order", "CF")
def test_a_value_beyond_single_precision_is_kept(order, trials):
    betas = np.random.default_rng(4).normal(size=(len(trials), UNITS))
    betas[7, 3] = 1e200
    means = averages(
        np.array(betas, order=order), np.arange(UNITS), np.arange(len(trials)), trials, STIMULI
    )
    assert means.dtype == np.float64
    np.testing.assert_allclose(means, expected(betas, trials), rtol=1e-12)


def test_nothing_shown_is_missing():
    means = averages(np.ones((4, 3)), np.arange(3), np.arange(0), np.arange(0), 2)
    assert means.shape == (2, 3)
    assert np.isnan(means).all()
