"""Mantel test against brute force; its p under the null, and for several models."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import squareform

from core import rdm
from core.errors import InputError

METHODS = tuple(rdm.COMPARISONS)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def draw(rng, n=14, v=6):
    return rdm.compute(rng.standard_normal((n, v)), "euclidean")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [9, 70])
def test_every_permutation_is_compared_as_compare_does(rng, method, n):
    models, data = [draw(rng, n), draw(rng, n).round(1)], draw(rng, n)
    count = 40 if n == 9 else 5
    result = rdm.mantel_many(models, data, count, seed=3, method=method)
    orders = np.random.default_rng(3)
    observed = rdm.compare_many(models, [data], method)[:, 0]
    permuted = []
    for _ in range(count):
        order = orders.permutation(n)
        permuted.append(rdm.compare_many(models, [data[np.ix_(order, order)]], method)[:, 0])
    np.testing.assert_allclose(result.statistics, observed, atol=1e-12)
    as_large = np.array(permuted) >= observed - 1e-12
    np.testing.assert_allclose(result.p, (1 + as_large.sum(axis=0)) / (1 + count))
    largest = np.max(permuted, axis=1)[:, None] >= observed - 1e-12
    np.testing.assert_allclose(result.p_max, (1 + largest.sum(axis=0)) / (1 + count))
    for model, statistic, p in zip(models, result.statistics, result.p, strict=True):
        assert rdm.mantel(model, data, count, 3, method) == pytest.approx((statistic, p))


@pytest.mark.parametrize("method", METHODS)
def test_p_is_uniform_under_the_null(method):
    rng = np.random.default_rng(1)
    p = [rdm.mantel(draw(rng), draw(rng), 39, seed, method).p for seed in range(150)]
    # With 39 permutations p is one of 40 values: its steps are spread evenly for the test.
    spread = np.array(p) - rng.random(len(p)) / 40
    assert stats.kstest(spread, "uniform").pvalue > 0.001


def test_the_largest_of_several_models_keeps_the_level():
    rng = np.random.default_rng(2)
    smallest = []
    for seed in range(120):
        models = [draw(rng) for _ in range(5)]
        smallest.append(rdm.mantel_many(models, draw(rng), 39, seed, "pearson").p_max.min())
    spread = np.array(smallest) - rng.random(len(smallest)) / 40
    assert stats.kstest(spread, "uniform").pvalue > 0.001


def test_a_model_that_holds_is_seen_among_others(rng):
    data = draw(rng, 25)
    noisy = data + squareform(0.2 * rng.random(300))
    result = rdm.mantel_many([draw(rng, 25), noisy, np.ones((25, 25)) - np.eye(25)], data, 99)
    assert result.p_max[1] == 0.01
    assert result.p[0] > 0.01
    assert np.isnan([result.statistics[2], result.p[2], result.p_max[2]]).all()
    assert result.stimuli == 25


def test_stimuli_that_one_rdm_lacks_are_left_out(rng):
    models, data = [draw(rng), draw(rng)], draw(rng)
    for matrix, row in zip((*models, data), (1, 5, 7), strict=True):
        matrix[row] = matrix[:, row] = np.nan
    kept = np.setdiff1d(np.arange(14), [1, 5, 7])
    whole = [matrix[np.ix_(kept, kept)] for matrix in (*models, data)]
    result = rdm.mantel_many(models, data, 50)
    assert result.stimuli == 11
    np.testing.assert_array_equal(result.p, rdm.mantel_many(whole[:2], whole[2], 50).p)
    models[0][4:, :] = models[0][:, 4:] = np.nan
    with pytest.raises(InputError, match="at least 4"):
        rdm.mantel(models[0], draw(rng))


@pytest.mark.parametrize("method", ["spearman", "pearson", "kendall", "whitened-cosine"])
def test_missing_pairs_move_with_their_stimuli(rng, method):
    models, data = [draw(rng, 9), draw(rng, 9)], draw(rng, 9)
    for matrix, (i, j) in zip((*models, data), ((1, 5), (2, 3), (0, 8)), strict=True):
        matrix[i, j] = matrix[j, i] = np.nan
    result = rdm.mantel_many(models, data, 30, 3, method)
    assert result.stimuli == 9
    orders = np.random.default_rng(3)
    permuted = []
    for _ in range(30):
        order = orders.permutation(9)
        moved = data[np.ix_(order, order)]
        permuted.append([rdm.compare(model, moved, method) for model in models])
    observed = [rdm.compare(model, data, method) for model in models]
    np.testing.assert_allclose(result.statistics, observed)
    reached = np.array(permuted) >= np.array(observed) - 1e-12
    np.testing.assert_allclose(result.p, (1 + reached.sum(axis=0)) / 31)


@pytest.mark.parametrize("same", [False, True])
def test_p_is_uniform_where_pairs_are_missing(same):
    rng = np.random.default_rng(5)

    def lacking(missing):
        return np.where(squareform(missing), np.nan, draw(rng))

    p = []
    for seed in range(150):
        first, second = rng.random((2, 91)) < 0.15
        model, data = lacking(first), lacking(first if same else second)
        p.append(rdm.mantel(model, data, 39, seed, "pearson").p)
    spread = np.array(p) - rng.random(len(p)) / 40
    assert stats.kstest(spread, "uniform").pvalue > 0.001


def test_progress_can_stop_it(rng):
    shares = []
    rdm.mantel_many([draw(rng)], draw(rng), 120, progress=lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert len(shares) > 1
