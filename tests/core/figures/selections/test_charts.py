"""Figures of two selections hold the numbers of their comparison."""

import numpy as np
import pytest

from core import datasets, selections
from core.figures.selections import charts


@pytest.fixture(scope="module")
def comparison():
    ds = datasets.load("simulated", stimuli=80, subjects=1)
    ids = ds.stimuli["id"].tolist()
    return selections.compare(ds, ids[:30], ids[30:70])


def test_regions_have_mean_and_interval_of_both(comparison):
    figure = charts.regions(comparison, ("<b>", "rest"), "z")
    first, second = figure.data
    assert first.name == "&lt;b&gt;"
    table = comparison.regions
    np.testing.assert_allclose(second.x, table["mean_second"])
    np.testing.assert_allclose(first.x + first.error_x.array, table["high_first"])
    np.testing.assert_allclose(first.x - first.error_x.arrayminus, table["low_first"])


def test_labels_join_the_two_shares(comparison):
    figure = charts.labels(comparison, ("a", "b"))
    rows = comparison.labels.head(charts.MOST_LABELS)
    *lines, first, second = figure.data
    assert [tuple(line.x) for line in lines] == list(zip(first.x, second.x, strict=True))
    np.testing.assert_allclose(first.x, rows["share_first"])


def test_tables_say_n_interval_and_p(comparison):
    labels, regions = charts.label_rows(comparison), charts.region_rows(comparison)
    assert len(labels) == min(charts.MOST_LABELS, len(comparison.labels))
    assert regions["First"].str.contains(r"± .*\(30\)").all()
    assert regions["Interval"].str.contains(" to ").all()
    assert {"p (Holm)"} <= {*labels, *regions}
