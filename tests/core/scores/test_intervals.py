"""Intervals of scores: a jackknife by hand, and coverage where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from core import scores
from core.scores import intervals
from core.vectors import unit_rows
from tests.core.scores.calibration import Case, drawn, queries

ONCE = {"permutations": 1, "resamples": 1}


def scored(predicted, images, category, **options):
    queries = scores.Queries(predicted, images, np.arange(len(images)), category, **options)
    return scores.score([queries], **ONCE)


def two_way(similarity):
    own = np.diag(similarity)[:, None]
    return (similarity < own).sum() / (len(own) * (len(own) - 1))


def test_the_variance_is_the_delete_one_jackknife_without_its_excess():
    """Images that are queries and candidates, each left out of both, by a loop."""
    predicted, images, category = drawn(np.random.default_rng(0), 40, 2.0, hub=3.0)
    found = scored(predicted, images, category).by_unit["two-way"]
    similarity = unit_rows(predicted) @ unit_rows(images).T
    values = [two_way(np.delete(np.delete(similarity, place, 0), place, 1)) for place in range(40)]
    assert found.value == pytest.approx(two_way(similarity))
    parts = found.sums[:, 0] - found.value * found.weights[:, 0] - found.gains
    order = [int(name.removeprefix("image ")) for name in found.names]
    pseudo = (np.mean(values) - values) * 39 / 40
    np.testing.assert_allclose(parts, pseudo[order], atol=2e-4)
    lost = (similarity < np.diag(similarity)[:, None]).astype(float)
    np.fill_diagonal(lost, np.nan)
    # A query and a candidate that go together by chance count for both of them.
    excess = np.nanvar(lost, axis=1).sum() * 39 / (40 * 39) ** 2
    assert found.overlap == pytest.approx(excess, rel=0.15)


@pytest.mark.parametrize("hub", [0.0, 8.0])
@pytest.mark.parametrize("units", [None, [6] * 10, [1, 2, 3, 5, 8, 13, 5, 3, 2, 1, 9, 4]])
def test_the_standard_error_is_the_spread_of_scores(units, hub):
    """Hubs, candidates that many predictions come near to, count as far as they vary."""
    values, errors = {}, {}
    for seed in range(80):
        rng = np.random.default_rng(seed)
        predicted, images, category = drawn(rng, 50, 2.0, units, hub=hub)
        for measure, found in scored(predicted, images, category).by_unit.items():
            values.setdefault(measure, []).append(found.value)
            errors.setdefault(measure, []).append(found.precision().variance)
    for measure in ("two-way", "image top-1"):
        ratio = np.sqrt(np.mean(errors[measure])) / np.std(values[measure])
        assert 0.8 < ratio < 1.4, measure


@pytest.mark.parametrize(
    ("n", "noise", "units"),
    [(20, 2.0, None), (60, 0.7, None), (0, 1.5, [4] * 20), (0, 1.5, [1] * 40)],
)
def test_intervals_cover_what_they_claim(n, noise, units):
    """A quick look; the calibration is python -m tests.core.scores.calibration."""
    tables = [
        scored(*drawn(np.random.default_rng(seed), n, noise, units)).table for seed in range(80)
    ]
    low, high = stats.binom.ppf([0.0005, 1], 80, 0.95)
    # Where most ranks are 1 their median hardly varies.
    median = ("median-rank",) if noise > 1 and units != [1] * 40 else ()
    for measure in ("two-way", "image top-1", *median):
        rows = [table[table["measure"] == measure].iloc[0] for table in tables]
        mean = np.mean([row["value"] for row in rows])
        held = sum(row["low"] <= mean <= row["high"] for row in rows)
        assert low <= held <= high, (measure, held)


def test_the_interval_is_that_of_a_jackknife_of_the_logit():
    """Queries alone, categories of several sizes: each left out by a loop."""
    rng = np.random.default_rng(0)
    sizes = np.array([1, 3, 8, 2, 5, 4, 9, 2])
    shares = rng.uniform(0.5, 1, len(sizes))
    weights, sums = sizes / sizes.sum(), sizes / sizes.sum() * shares
    units = intervals.UnitScores(
        np.arange(8).astype(str), sums[:, None], weights[:, None], np.zeros(8), chance=0.1
    )
    logit = special.logit
    without = np.array(
        [logit(np.average(np.delete(shares, k), weights=np.delete(sizes, k))) for k in range(8)]
    )
    value = np.average(shares, weights=sizes)
    middle = 8 * logit(value) - 7 * without.mean()
    half = stats.t.ppf(0.975, 7) * np.sqrt(7 / 8 * np.sum((without - without.mean()) ** 2))
    lower = middle - half + logit((8 * value + 0.1 * 0.1) / 8.1) - logit(value)
    expected = special.expit([lower, middle + half])
    assert intervals.interval(units) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("n", [20, 51, 200])
def test_the_interval_of_a_median_is_that_of_order_statistics(n):
    """Without candidates: the order statistics of the sign test, give or take one."""
    values = np.random.default_rng(n).permutation(np.arange(n)).astype(float)
    below = (values <= np.median(values)) / n
    names, weights = np.arange(n).astype(str), np.full((n, 1), 1 / n)
    within = intervals.UnitScores(names, below[:, None], weights, np.zeros(n))
    low, high = intervals.median_interval(values, within)
    exact = stats.binom.ppf(0.025, n, 0.5) - 1
    assert abs(low - exact) <= 1
    assert abs(high - (n - 1 - exact)) <= 1


def test_intervals_over_subjects_cover_what_they_claim():
    """Three subjects whose noise differs, errors half shared."""
    case = Case(40, 2.0, None, 3, 0.3)
    tables = [
        scores.score([queries(np.random.default_rng(seed), case)], **ONCE).table
        for seed in range(60)
    ]
    rows = [table[table["measure"] == "two-way"].iloc[0] for table in tables]
    mean = np.mean([row["value"] for row in rows])
    held = sum(row["low"] <= mean <= row["high"] for row in rows)
    assert held >= stats.binom.ppf(0.0005, 60, 0.95)


def test_a_score_of_1_has_the_interval_of_that_many_units():
    images = np.eye(24)
    alone = scored(images, images, np.full(24, "")).table.set_index("measure")
    shared = scored(images, images, np.repeat(list("abcdef"), 4)).table.set_index("measure")
    for table, units in ((alone, 24), (shared, 6)):
        row = table.loc["two-way"]
        t = stats.t.ppf(0.975, units - 1)
        assert (row["value"], row["high"]) == (1, 1)
        assert row["low"] == pytest.approx(units / (units + t**2))
    assert (alone["resampled"].iloc[0], shared["resampled"].iloc[0]) == ("images", "categories")


def test_subjects_are_units_too():
    """Three subjects of whom one says nothing: what others would score is hardly known."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((60, 10))
    predicted = np.concatenate([images + 0.3 * rng.standard_normal((60, 10)) for _ in range(3)])
    predicted[:60] = rng.standard_normal((60, 10))
    queries = scores.Queries(
        predicted, images, np.tile(np.arange(60), 3), np.full(60, ""), np.repeat([0, 1, 2], 60)
    )
    found = scores.score([queries], **ONCE).by_unit["two-way"]
    assert found.sums.shape == (60, 3)
    by_subject = found.sums.sum(axis=0) * 3
    alone = stats.sem(by_subject) ** 2
    assert found.precision().variance == pytest.approx(alone, rel=0.2)
    assert found.precision().df == pytest.approx(2, abs=0.5)


def test_one_unit_has_no_interval():
    only = intervals.UnitScores(np.array(["a"]), np.ones((1, 1)), np.ones((1, 1)), np.zeros(1))
    assert np.isnan(intervals.interval(only)).all()
