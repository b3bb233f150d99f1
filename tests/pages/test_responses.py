"""The page Responses: reliability and noise ceiling of units, and where there is none."""

import numpy as np
import pytest

from core import datasets, paths
from core.datasets.units import remaining_units
from tests.pages.app import open_page, texts, write_folder


def units_of(app):
    return next(frame.value for frame in app.dataframe if "noise_ceiling" in frame.value)


def test_units_are_listed_with_their_noise_ceilings():
    app = open_page("responses", stimuli="120", subjects="1", roi="FFA")
    assert not app.exception
    table = units_of(app)
    ds = datasets.load("simulated", stimuli=120, subjects=1)
    assert table["unit"].tolist() == ds.units("FFA").tolist()
    expected = table["ncsnr"] ** 2 / (table["ncsnr"] ** 2 + 1 / 2.9) * 100
    np.testing.assert_allclose(table["noise_ceiling"], expected, rtol=0.05)
    assert 15 < table["noise_ceiling"].median() < 70
    assert "over every way to halve them" in texts(app)
    assert "count as one" in texts(app)


def test_without_repeats_there_is_no_ceiling():
    rng = np.random.default_rng(0)
    write_folder(paths.data_root(), responses__s1=rng.normal(size=(12, 5)).astype(np.float32))
    app = open_page("responses", recording="folder:mine")
    assert not app.exception
    assert "No stimulus was repeated" in texts(app)
    assert units_of(app)["noise_ceiling"].isna().all()


@pytest.mark.parametrize("rois", [None, ["FFA"], ["V1", "FFA"]])
def test_the_table_of_units_is_that_of_the_recording(rois):
    ds = datasets.load("simulated", stimuli=120, subjects=1)
    table = datasets.unit_table(ds, rois)
    assert table["unit"].tolist() == ds.units(rois).tolist()
    trials = ds.responses(rois, repeats="all")
    np.testing.assert_allclose(table["mean"], trials.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(table["sd"], trials.std(axis=0), rtol=1e-4)
    assert (table["trials"] == 360).all()
    assert all("FFA" in names or "V1" in names for names in table["rois"]) == (rois is not None)


def test_how_many_units_remain_is_counted_by_roi():
    ds = datasets.load("simulated", stimuli=120, subjects=1)
    table = datasets.unit_table(ds, ["V1", "FFA"])
    counts = remaining_units(ds, table)
    assert counts.attrs["source"] == "estimated from all trials"
    for roi in ("V1", "FFA"):
        inside = table["unit"].isin(ds.units(roi))
        assert counts.loc[0, roi] == inside.sum()
        for threshold in (5, 40, 100):
            left = (table["noise_ceiling"][inside] >= threshold).sum()
            assert counts.loc[threshold, roi] == left
    ds.noise_ceiling = np.where(np.arange(ds.n_units) % 2, 50.0, np.nan)
    released = remaining_units(ds, table)
    assert released.attrs["source"] == "as released"
    assert released.loc[50, "every unit"] == (table["unit"] % 2).sum()
    assert released.loc[55, "every unit"] == 0


def test_the_curve_stands_beside_the_units_and_marks_the_option():
    app = open_page("responses", stimuli="120", subjects="1", roi="FFA")
    assert "Units that remain at a noise ceiling" in [s.value for s in app.header]
    counts = next(f.value for f in app.dataframe if "every unit" in f.value)
    assert counts["FFA"].is_monotonic_decreasing
