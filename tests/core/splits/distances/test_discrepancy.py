"""The maximum mean discrepancy against the kernel matrix of scikit-learn and random divisions."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances, rbf_kernel

from core import validation
from core.splits.distances import discrepancy, gaussian_scale, nearest_distances
from core.vectors import unit_rows


@pytest.fixture(scope="module")
def rows():
    return unit_rows(np.random.default_rng(0).standard_normal((60, 5)) + 0.5)


def test_the_squared_discrepancy_is_that_of_the_definition(rows, monkeypatch):
    first, second = np.arange(8), np.arange(20, 50)
    whole = rbf_kernel(rows, gamma=1.3)
    own = [whole[np.ix_(a, b)].mean() for a, b in ((first, first), (second, second))]
    expected = sum(own) - 2 * whole[np.ix_(first, second)].mean()
    assert discrepancy(rows, first, second, 1.3).squared == pytest.approx(expected)
    monkeypatch.setattr(validation, "BLOCK_ELEMENTS", 200)
    assert discrepancy(rows, first, second, 1.3).squared == pytest.approx(expected)


def test_the_expectation_is_the_mean_of_random_sets(rows):
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(4000):
        order = rng.permutation(60)
        found = discrepancy(rows, order[:8], order[8:50], 1.3)
        drawn.append(found.squared)
    error = np.std(drawn) / np.sqrt(len(drawn))
    assert found.random == pytest.approx(np.mean(drawn), abs=4 * error)


def test_the_scale_is_half_of_one_over_the_median_square():
    # Distances 1, 2 and 3: the median square is 4.
    assert gaussian_scale(np.array([[0.0], [1.0], [3.0]])) == pytest.approx(1 / 8)
    assert gaussian_scale(np.ones((5, 2))) == 1
    many = np.random.default_rng(0).standard_normal((1200, 3))
    assert gaussian_scale(many) == gaussian_scale(many)


def test_nearest_distances_are_those_of_scikit_learn(rows, monkeypatch):
    monkeypatch.setattr(validation, "BLOCK_ELEMENTS", 200)
    whole = cosine_distances(rows)
    np.testing.assert_allclose(
        nearest_distances(rows[:9], rows[9:]), whole[:9, 9:].min(axis=1), atol=1e-12
    )
    np.fill_diagonal(whole, np.inf)
    np.testing.assert_allclose(nearest_distances(rows), whole.min(axis=1), atol=1e-12)
