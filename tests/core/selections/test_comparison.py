"""Two selections compared: against published, hand-worked and scipy's numbers."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core import datasets, selections
from core.errors import InputError, NotFoundError
from core.selections import comparison


@pytest.fixture(scope="module")
def ds():
    return datasets.load("simulated", stimuli=120, subjects=1)


def test_the_interval_is_newcombes_published_one():
    """Newcombe (1998), table II, example (a): 56 of 70 against 48 of 80."""
    low, high = comparison._newcombe(np.array([56]), np.array([48]), 70, 80)
    assert low[0] == pytest.approx(0.0524, abs=5e-5)
    assert high[0] == pytest.approx(0.3339, abs=5e-5)


def test_the_p_is_that_of_the_lady_tasting_tea():
    assert comparison._fisher([3], [1], 4, 4)[0] == pytest.approx(34 / 70)


def test_sizes_and_labels_are_counted_by_hand(ds):
    ids = ds.stimuli["id"].tolist()
    first, second = ids[:40], ids[30:80]
    result = selections.compare(ds, first, second)
    assert (result.first, result.second, result.shared) == (40, 50, 10)
    alone = ds.stimuli.iloc[:30], ds.stimuli.iloc[40:80]
    row = result.labels.iloc[0]
    held = [
        sum(row.label in {s.category, s.supercategory, *s.labels} for s in part.itertuples())
        for part in alone
    ]
    assert [row["first"], row["second"]] == held
    assert row.difference == pytest.approx(held[0] / 30 - held[1] / 40)
    assert np.all(np.diff(result.labels["p"]) >= 0)
    assert row.low < row.difference < row.high


def test_region_means_are_those_of_scipy(ds):
    ids = ds.stimuli["id"].tolist()
    result = selections.compare(ds, ids[:40], ids[40:90])
    means = ds.region_means().astype(float)
    raw = [stats.ttest_ind(m[:40], m[40:90], equal_var=False).pvalue for m in means.T]
    expected = holm(raw)
    np.testing.assert_allclose(result.regions["p"], expected, rtol=1e-9)
    first = means[:40, 0]
    row = result.regions.iloc[0]
    assert row.mean_first == pytest.approx(first.mean())
    assert row.sd_first == pytest.approx(first.std(ddof=1))
    assert (row.n_first, row.n_second) == (40, 50)
    half = stats.t.ppf(0.975, 39) * first.std(ddof=1) / np.sqrt(40)
    assert row.high_first - row.mean_first == pytest.approx(half)
    excluded = (result.regions["low"] > 0) | (result.regions["high"] < 0)
    assert excluded.tolist() == (result.regions["p"] <= 0.05).tolist()


def holm(p):
    """Holm (1979), step by step."""
    order, corrected, largest = np.argsort(p), np.empty(len(p)), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, p[place] * (len(p) - rank)))
        corrected[place] = largest
    return corrected


def test_differences_are_of_what_is_in_one_alone(ds):
    ids = ds.stimuli["id"].tolist()
    result = selections.compare(ds, ids[:40], ids[20:60])
    means = ds.region_means()[:, 0].astype(float)
    assert result.regions["difference"][0] == pytest.approx(means[:20].mean() - means[40:60].mean())
    assert result.regions["n_first"][0] == 40


def test_one_within_the_other_has_no_difference(ds):
    ids = ds.stimuli["id"].tolist()
    result = selections.compare(ds, ids[:10], ids[:40])
    assert result.shared == 10
    assert result.labels["p"].isna().all()
    assert result.regions["p"].isna().all()
    assert result.regions["mean_first"].notna().all()


def test_same_seedless_numbers_twice(ds):
    ids = ds.stimuli["id"].tolist()
    first, again = (selections.compare(ds, ids[:9], ids[9:30]) for _ in range(2))
    pd.testing.assert_frame_equal(first.labels, again.labels)
    pd.testing.assert_frame_equal(first.regions, again.regions)


def test_single_stimuli_have_a_mean_and_no_interval(ds):
    ids = ds.stimuli["id"].tolist()
    row = selections.compare(ds, ids[:1], ids[1:2]).regions.iloc[0]
    assert np.isfinite([row.mean_first, row.difference]).all()
    assert np.isnan([row.low_first, row.sd_first, row.low, row.p]).all()


def test_false_alarms_keep_their_level(ds):
    """Random halves differ in no label and no region but by chance."""
    ids, draw, alarms = ds.stimuli["id"].to_numpy(), np.random.default_rng(0), 0
    for _ in range(30):
        order = draw.permutation(len(ids))
        regions = selections.compare(ds, ids[order[:60]], ids[order[60:]]).regions
        alarms += bool((regions["p"] <= 0.05).any())
    assert alarms <= 5


def test_what_cannot_be_compared_is_said(ds):
    ids = ds.stimuli["id"].tolist()
    with pytest.raises(InputError, match="empty"):
        selections.compare(ds, ids[:3], [])
    with pytest.raises(InputError, match="same stimuli"):
        selections.compare(ds, ids[:3], ids[2::-1])
    with pytest.raises(NotFoundError, match="elsewhere"):
        selections.compare(ds, ids[:3], ["elsewhere"])
