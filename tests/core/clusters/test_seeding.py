"""The seeds of k-means, and the agreement of partitions, beside those of scikit-learn."""

import numpy as np
import pytest
from sklearn.cluster import kmeans_plusplus
from sklearn.metrics import adjusted_rand_score

from core.clusters.descent import SEEDED_ROWS, Seeding
from core.clusters.reproducibility import adjusted_rand


@pytest.mark.parametrize(("m", "v", "k"), [(60, 2, 3), (1500, 25, 20), (300, 15, 4), (40, 3, 40)])
def test_seeds_are_those_of_scikit_learn(m, v, k):
    rng = np.random.default_rng(m)
    # Rows drawn with replacement, as a bootstrap does: some are the same.
    rows = rng.standard_normal((m, v)).astype(np.float32)[rng.integers(0, m, m)]
    seeding = Seeding(rows, k)
    for seed in range(5):
        other = int(np.random.default_rng(seed).integers(2**31))
        expected, _ = kmeans_plusplus(rows, k, random_state=other)
        seeds = seeding.draw(np.random.default_rng(seed))
        np.testing.assert_array_equal(seeds, expected.astype(np.float64))


def test_many_rows_are_seeded_by_a_part_drawn_anew():
    rows = np.random.default_rng(0).standard_normal((SEEDED_ROWS + 500, 3)).astype(np.float32)
    seeding, rng = Seeding(rows, 4), np.random.default_rng(7)
    twin = np.random.default_rng(7)
    for _ in range(2):
        part = rows[np.sort(twin.choice(len(rows), SEEDED_ROWS, replace=False))]
        expected, _ = kmeans_plusplus(part, 4, random_state=int(twin.integers(2**31)))
        np.testing.assert_array_equal(seeding.draw(rng), expected.astype(np.float64))


@pytest.mark.parametrize("k", [1, 2, 7])
def test_adjusted_rand_is_that_of_scikit_learn(k):
    rng = np.random.default_rng(k)
    a, b = rng.integers(0, k, (2, 400)).astype(np.int8)
    b = np.where(rng.random(400) < 0.4, a, b)
    assert adjusted_rand(a, b, k) == adjusted_rand_score(a, b)
    assert adjusted_rand(a, a, k) == 1.0
