"""Ranks, bootstrap samples and permutations behind the scores, against loops."""

from __future__ import annotations

import numpy as np
import pytest

from core.scores import ranks, resampling


def test_ranks_with_ties_are_those_of_a_loop():
    similarity = np.random.default_rng(0).integers(0, 4, (20, 9)).astype(np.float32)
    better, equal = ranks.places(similarity)
    for i, row in enumerate(similarity):
        for j, own in enumerate(row):
            assert better[i, j] == sum(other > own for other in row)
            assert equal[i, j] == sum(other == own for other in row) - 1
    right = np.arange(20) % 9
    expected = 1 + better[np.arange(20), right] + equal[np.arange(20), right] / 2
    np.testing.assert_array_equal(ranks.mean_ranks(similarity, right), expected)


@pytest.mark.parametrize("ties", [0, 3])
def test_first_among_some_drawn_is_what_sampling_finds(ties):
    rng = np.random.default_rng(0)
    m, drawing, better = 60, 20, 2
    ordered = np.concatenate([np.full(better, 2.0), np.full(ties, 1.0), np.zeros(m)])[: m - 1]
    wins = []
    for _ in range(20_000):
        others = rng.choice(ordered, drawing - 1, replace=False)
        level = np.sum(others == 1)
        wins.append(0 if (others > 1).any() else 1 / (1 + level))
    found = ranks.first_among(np.array([better]), np.array([ties]), m, drawing)[0]
    assert found == pytest.approx(np.mean(wins), abs=4 * np.std(wins) / np.sqrt(len(wins)))


def test_whole_categories_are_mapped_to_whole_categories():
    category = np.repeat(["a", "b", "c", "d"], 5)
    for row in resampling.permutations(category, 50, seed=0):
        assert sorted(row) == list(range(20))
        assert all(len(set(category[row[category == name]])) == 1 for name in "abcd")


def test_unknown_categories_are_permuted_among_themselves():
    category = np.array(["", "a", "b", "", "c", "c", ""])
    maps = resampling.permutations(category, 50, seed=0)
    assert ((category[maps] == "") == (category == "")).all()
    assert len(np.unique(maps, axis=0)) > 10
    assert resampling.permuted_unit(category) == "categories"
    assert resampling.permuted_unit(np.array(["a", "b", ""])) == "images"
    mixed = resampling.permutations(np.array(["a", "a", "b", "b"]), 200, seed=0)
    assert len(np.unique(mixed, axis=0)) == 24


def test_intervals_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    image, subject = rng.integers(0, 5, 30), rng.choice(3, 30, p=[0.6, 0.3, 0.1])
    credit, rank = rng.random(30), rng.integers(1, 9, 30).astype(float)
    draws = resampling.Draws(5, 3, 25, seed=0)
    means, medians = (
        draws.means(credit, image, subject),
        draws.medians(rank, image, subject),
    )
    for row in range(25):
        images, weights, all_ranks = [], [], []
        for p in range(5):
            of_subjects = []
            for who in range(3):
                own = (image == p) & (subject == who)
                times = draws.subjects[row, who]
                all_ranks += list(np.tile(rank[own], times * draws.images[row, p]))
                if own.any():
                    of_subjects += [credit[own].mean()] * times
            if of_subjects:
                images.append(np.mean(of_subjects))
                weights.append(draws.images[row, p])
        assert means[row] == pytest.approx(np.average(images, weights=weights))
        assert medians[row] == np.median(all_ranks)
