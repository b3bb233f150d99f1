"""Page RDM on a matrix that is too large to be kept: asked for, then browsed cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, jobs, rdm
from core.datasets import Reference
from core.progress import silent
from core.rdm import job
from tests.pages.app import open_page, texts

SETTINGS = {"stimuli": "120", "subjects": "1", "roi": "V1"}


@pytest.fixture
def ds(monkeypatch):
    monkeypatch.setattr(job, "MOST_KEPT", 50)
    return datasets.load("simulated", stimuli=120, subjects=1)


def test_what_takes_long_is_offered_with_its_size(ds, monkeypatch):
    monkeypatch.setattr(job, "WORK_A_SECOND", 1e5)
    app = open_page("rdm", **SETTINGS)
    assert not app.exception
    assert "120 x 120 float32, 57.6 kB, are not kept" in texts(app)
    assert [b.label for b in app.button if b.label.startswith("RDM of V1, correlation")]
    assert not jobs.all_jobs()


def test_pair_block_and_extremes_are_shown_of_the_summary(ds, tmp_path):
    job.run(rdm.RdmRequest(Reference.of(ds), ("V1",)), silent, tmp_path)
    matrix = rdm.compute(ds.responses("V1"))
    i, j = 3, 90
    ids = ds.stimuli["id"].iloc[[i, j]].tolist()
    app = open_page("rdm", **SETTINGS, pick=ids)
    assert not app.exception
    assert not app.error
    values = {metric.label: metric.value for metric in app.metric}
    cell = rdm.cell(matrix, i, j)
    assert values["1 − Pearson r"] == f"{matrix[i, j]:.4g}"
    assert values["Percentile"] == f"{cell.percentile:.1f}"
    assert values["Rank"].startswith("≈ ")
    smallest = rdm.extreme_pairs(ds.responses("V1")).smallest[0]
    assert any(f"{smallest.value:.4f}" in button.label for button in app.button)
    assert np.isfinite(smallest.value)


def test_an_order_that_needs_the_matrix_is_refused_in_a_line(ds):
    app = open_page("rdm", **SETTINGS, order="hierarchical")
    assert not app.exception
    (error,) = app.error
    assert "needs the whole matrix of 120 stimuli" in error.value
