"""Scores of units and regions against scipy, scikit-learn and brute force; p under the null."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score

from core.encoding import jackknife, scores

REGIONS = {"A": np.arange(4), "B": np.arange(4, 10)}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)


def pair(rng, images=40, units=10, signal=0.7):
    shared = rng.normal(size=(images, units))
    measured = signal * shared + rng.normal(size=(images, units))
    return measured.astype(np.float32), shared.astype(np.float32)


def categories(count, each):
    return np.repeat([f"c{k}" for k in range(count)], each)


def test_r_and_r2_are_those_of_scipy_and_scikit_learn(rng):
    measured, predicted = pair(rng)
    r = [stats.pearsonr(y, p).statistic for y, p in zip(measured.T, predicted.T, strict=True)]
    np.testing.assert_allclose(scores.correlations(measured, predicted), r, atol=1e-9)
    expected = r2_score(measured.astype(float), predicted, multioutput="raw_values")
    np.testing.assert_allclose(scores.explained(measured, predicted), expected, atol=1e-9)


def test_a_unit_that_does_not_vary_has_no_score(rng, quick):
    measured, predicted = pair(rng)
    measured[:, 1], predicted[:, 2] = 3.7, -0.2
    found_units, regions = scores.score(measured, predicted, np.full(40, ""), np.ones(10), REGIONS)
    assert np.isnan(found_units.r[[1, 2]]).all()
    assert np.isnan(found_units.p[[1, 2]]).all()
    assert np.isnan(found_units.q[[1, 2]]).all()
    assert np.isnan(found_units.r2[1])
    assert regions.raw[0] == pytest.approx(np.median(found_units.r[[0, 3]]))


def test_without_each_group_is_what_is_left(rng):
    measured, predicted = pair(rng)
    group = np.arange(40) % 7
    without = scores.sums_by(measured, predicted, group).without_each().correlation()
    for number in range(7):
        kept = group != number
        expected = scores.correlations(measured[kept], predicted[kept])
        np.testing.assert_allclose(without[number], expected, atol=1e-9)


def test_false_discoveries_are_corrected_over_what_has_a_p():
    p = np.array([0.01, np.nan, 0.02, 0.5])
    expected = stats.false_discovery_control([0.01, 0.02, 0.5])
    np.testing.assert_allclose(scores.corrected(p), [expected[0], np.nan, *expected[1:]])
    assert np.isnan(scores.corrected(np.full(2, np.nan))).all()


def test_signal_is_significant_and_divided_by_its_ceiling(rng, quick):
    measured, predicted = pair(rng, images=200)
    ceiling = np.full(10, 0.8)
    ceiling[4:] = np.nan
    units, regions = scores.score(measured, predicted, categories(20, 10), ceiling, REGIONS)
    assert (units.q <= 0.05).all()
    assert regions.p.tolist() == [0.01, 0.01]
    assert regions.normalised[0] == pytest.approx(regions.raw[0] / 0.8)
    assert np.isnan(regions.normalised[1])
    assert regions.unit == "categories"
    assert (regions.chance[:, 0] < 0).all()
    assert (regions.chance[:, 1] < regions.raw).all()


@pytest.mark.parametrize("sizes", [(10,) * 8, (3, 5, 8, 10, 12, 14, 14, 14)])
def test_p_is_uniform_where_nothing_is_predicted(sizes, quick):
    """Responses and predictions of a category are alike, but those of one say nothing of others."""
    category = np.repeat([f"c{k}" for k in range(len(sizes))], sizes)
    group = np.unique(category, return_inverse=True)[1]
    low = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        measured, predicted = (
            rng.normal(size=(8, 6))[group] + rng.normal(size=(80, 6)) for _ in range(2)
        )
        units, _ = scores.score(measured, predicted, category, np.ones(6), {}, seed)
        low.append(units.p <= 0.05)
    assert np.mean(low) == pytest.approx(0.05, abs=0.025)


@pytest.mark.parametrize(("count", "each", "r"), [(20, 10, 0.0), (20, 10, 0.6), (120, 1, 0.4)])
def test_intervals_cover_the_true_median(count, each, r):
    category = categories(count, each)
    hit, runs = 0, 300
    rng = np.random.default_rng(1)
    group_of = np.unique(category, return_inverse=True)[1]
    within = 0.3 if each > 1 else 0.0
    for _ in range(runs):

        def noise(units, rng=rng):
            shared = rng.normal(size=(count, units))[group_of]
            own = rng.normal(size=(len(category), units))
            return np.sqrt(within) * shared + np.sqrt(1 - within) * own

        predicted = np.sqrt(0.5) * (noise(20) + noise(1))
        measured = r * predicted + np.sqrt(0.5 * (1 - r**2)) * (noise(20) + noise(1))
        group = jackknife.groups(category)
        sums = scores.sums_by(measured, predicted, group)
        region = {"all": np.arange(20)}
        value = scores.medians(sums.total().correlation(), region)[0, 0]
        without = scores.medians(sums.without_each().correlation(), region)[:, 0]
        interval = jackknife.interval(value, without, np.bincount(group), bounded=True)
        hit += interval.low <= r <= interval.high
    assert 0.92 <= hit / runs <= 0.99


def test_groups_keep_categories_whole_and_are_at_most_twenty():
    category = categories(45, 3)
    group = jackknife.groups(category)
    assert len(set(group.tolist())) == jackknife.MOST_GROUPS
    assert all(len(set(group[category == name].tolist())) == 1 for name in set(category))
    np.testing.assert_array_equal(group, jackknife.groups(category))


def test_the_jackknife_of_a_mean_is_its_standard_error():
    """Left out one by one, a mean has the interval of Student."""
    values = np.random.default_rng(3).normal(size=12)
    without = (values.sum() - values) / 11
    interval = jackknife.interval(values.mean(), without, np.ones(12))
    expected = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    np.testing.assert_allclose(interval[1:], expected)
    assert np.isnan(jackknife.interval(0.5, without[:3], np.ones(3)).low)
