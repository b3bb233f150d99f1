"""Macaque V4, 640 images with 6 to 10 repeats: what was measured of it independently."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from core import datasets, rdm
from core.datasets.own.export import export

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def ds(realdata):
    path = realdata / "v4_210325"
    if not path.is_dir():
        pytest.skip(f"no {path}")
    return datasets.load("folder", root=path)


def halves(ds):
    responses, repeat = ds.responses(repeats="all"), ds.trials["repeat"].to_numpy()
    for rest in (1, 0):
        kept = repeat % 2 == rest
        sums = np.zeros((ds.n_stimuli, ds.n_units))
        np.add.at(sums, ds.trial_rows[kept], responses[kept])
        yield sums / np.bincount(ds.trial_rows[kept], minlength=ds.n_stimuli)[:, None]


def test_it_is_what_was_recorded(ds):
    assert (ds.n_stimuli, ds.n_units, len(ds.trials)) == (640, 50, 4840)
    assert (ds.repeats.min(), ds.repeats.max()) == (6, 10)
    assert not ds.left_out
    assert not ds.missing().any()
    assert ds.image(ds.stimuli["id"][0]).size == (112, 112)


def test_units_are_as_reliable_as_measured(ds):
    odd, even = halves(ds)
    by_unit = [np.corrcoef(odd[:, unit], even[:, unit])[0, 1] for unit in range(ds.n_units)]
    assert np.median(by_unit) == pytest.approx(0.63, abs=0.005)
    # Of all repeats, by Spearman and Brown: 2 r / (1 + r).
    assert datasets.unit_table(ds)["reliability"].median() == pytest.approx(0.773, abs=0.02)


def test_half_rdms_agree_as_measured(ds):
    scaled = [(half - half.mean(axis=0)) / half.std(axis=0) for half in halves(ds)]
    first, second = (rdm.compute(rows) for rows in scaled)
    pairs = np.triu_indices(ds.n_stimuli, 1)
    assert spearmanr(first[pairs], second[pairs])[0] == pytest.approx(0.566, abs=0.003)


def test_an_export_opens_with_the_same_numbers(ds, tmp_path):
    export(ds, tmp_path / "copy")
    again = datasets.load("folder", root=tmp_path / "copy")
    np.testing.assert_array_equal(again.responses(repeats="all"), ds.responses(repeats="all"))
    assert again.stimuli["id"].tolist() == ds.stimuli["id"].tolist()
