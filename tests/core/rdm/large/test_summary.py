"""What is kept of a large RDM, and cells computed on demand, beside the matrix in memory."""

from __future__ import annotations

import numpy as np
import pytest

from core import rdm, store
from core.datasets import Reference
from core.errors import InputError
from core.figures import heatmap
from core.progress import silent
from core.rdm import METRICS, job
from core.rdm.large import summary as large
from tests.core.datasets.shared import load, write

N, SIDE = 230, 37
METRIC_NAMES = [m for m in METRICS if not METRICS[m].needs_folds]


@pytest.fixture
def responses():
    rng = np.random.default_rng(3)
    drawn = rng.standard_normal((N, 40)).astype(np.float32)
    drawn[[4, 77]] = np.nan
    drawn[9] = drawn[120]
    return drawn


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_means_ends_and_extremes_are_those_of_the_matrix(responses, metric):
    matrix = rdm.compute(responses, metric)
    orders = {"own": np.arange(N), "mixed": np.random.default_rng(1).permutation(N)}
    summary = large.summarise(responses, metric, orders, side=SIDE)
    for name, order in orders.items():
        expected = heatmap.overview(matrix, order, SIDE)
        np.testing.assert_allclose(summary.means[name], expected, rtol=1e-6, atol=1e-6)
    assert summary.pairs == rdm.extreme_pairs(responses, metric, large.MOST_PAIRS)
    assert summary.missing.tolist() == [4, 77]
    spread = rdm.spread(matrix)
    assert summary.spread.pairs == spread.pairs == summary.spread.counts.sum()
    for name in ("minimum", "maximum", "mean"):
        expected = pytest.approx(getattr(spread, name), rel=1e-6, abs=1e-6)
        assert getattr(summary.spread, name) == expected
    for i, j in ((9, 120), (5, 6), (200, 3)):
        exact, stepped = rdm.cell(matrix, i, j), summary.cell(matrix[i, j])
        assert abs(exact.percentile - stepped.percentile) < 0.01
        assert abs(exact.rank - stepped.rank) <= 2
    assert np.isnan(summary.cell(float("nan")).value)


@pytest.mark.parametrize("metric", METRIC_NAMES)
@pytest.mark.parametrize("units", [40, 4000])
def test_cells_are_those_of_the_matrix(metric, units):
    drawn = np.random.default_rng(units).standard_normal((N, units)).astype(np.float32)
    drawn[5] = np.nan
    matrix, computed = rdm.compute(drawn, metric), rdm.ComputedRdm(drawn, metric)
    rows, columns = np.array([5, 0, 229, 8]), np.array([3, 8, 5, 0, 17])
    close = {"rtol": 1e-6, "atol": 1e-6}
    np.testing.assert_allclose(
        computed[np.ix_(rows, columns)], matrix[np.ix_(rows, columns)], **close
    )
    np.testing.assert_allclose(computed[8], matrix[8], **close)
    assert computed[8, 3] == pytest.approx(matrix[8, 3], rel=1e-6)
    assert rdm.most_similar_to(computed, 7) == rdm.most_similar_to(matrix, 7)
    assert (len(computed), computed.shape) == (N, (N, N))
    groups = np.arange(10), np.arange(5, 30)
    assert rdm.block_mean(computed, *groups) == pytest.approx(rdm.block_mean(matrix, *groups))
    np.testing.assert_allclose(
        heatmap.crop(computed, np.arange(N)[::-1], 3, 200, 40),
        heatmap.crop(matrix, np.arange(N)[::-1], 3, 200, 40),
        **close,
    )
    with pytest.raises(InputError, match=r"np\.ix_"):
        computed[2:5]


def test_the_job_keeps_a_summary_and_no_matrix(tmp_path, monkeypatch):
    ids = [f"s{number:02}" for number in range(30)]
    ds = load(write(tmp_path / "recordings" / "r", ids=ids))
    request = rdm.RdmRequest(Reference.of(ds), ("A",))
    small = request.key()
    monkeypatch.setattr(job, "MOST_KEPT", 20)
    assert request.key() != small
    assert job.run(request, silent, tmp_path) == {"key": request.key()}
    assert "rdm" not in store.load(request.key()).arrays
    read = rdm.load_summary(request.key())
    assert read.pairs == rdm.extreme_pairs(ds.responses("A"), "correlation", 100)
    assert rdm.load_summary(small) is None
    with pytest.raises(InputError, match=r"'hierarchical' needs the whole matrix of 30"):
        job.run(rdm.RdmRequest(Reference.of(ds), order="hierarchical"), silent, tmp_path)
    assert not rdm.is_large(30, "crossnobis")
