"""Published numbers against the means that the studies print."""

from __future__ import annotations

import pytest
from scipy import stats

from core.zero_shot import PUBLISHED

MEANS = {
    "CADA-VAE": (10.0, 40.3), "MVAE": (10.0, 39.6), "MMVAE": (11.7, 43.3),
    "MoPoE-VAE": (12.9, 51.8), "BraVL": (14.0, 53.1), "BrainSem": (25.6, 53.6),
}  # fmt: skip


@pytest.mark.parametrize("method", MEANS)
def test_subjects_average_to_the_printed_mean(method):
    (row,) = [row for row in PUBLISHED if row.method == method]
    assert (len(row.top1), len(row.top5), row.n_way) == (5, 5, 50)
    for k, printed in zip((1, 5), MEANS[method], strict=True):
        assert 100 * row.mean(k).mean == pytest.approx(printed, abs=0.06)


def test_intervals_are_over_subjects_where_they_were_published():
    brainsem, mindeye = PUBLISHED[-2:]
    low, high = stats.t.interval(
        0.95, 4, loc=0.256, scale=stats.sem([0.24, 0.24, 0.28, 0.26, 0.26])
    )
    assert brainsem.mean(1).low == pytest.approx(low)
    assert brainsem.mean(1).high == pytest.approx(high)
    assert mindeye.mean(1).mean == 0.936
    assert mindeye.mean(1).low != mindeye.mean(1).low  # NaN


def test_protocols_tell_averages_from_single_trials():
    by_method = {row.method: row.protocol for row in PUBLISHED}
    assert "35 repeats averaged" in by_method["BrainSem"]
    assert {"1,750 single trials" in by_method[name] for name in MEANS if name != "BrainSem"} == {
        True
    }
    assert "30 draws" in by_method["MindEye1"]
