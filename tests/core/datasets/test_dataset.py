"""Responses are the same whichever way they lie in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.datasets.dataset import Dataset, DatasetInfo
from core.datasets.tables import complete_trials
from core.errors import InputError
from core.validation import BLOCK_ELEMENTS

IMAGES, UNITS = 5, 7
SHOWN = [0, 1, 1, 2, 3, 3, 3, 0, 2]  # image 4 never


def recording(betas, shown=SHOWN, images=IMAGES):
    names = [f"i{n}" for n in range(images)]
    units = betas.shape[1]
    return Dataset(
        info=DatasetInfo("small", "Small"),
        subject="s",
        subjects=("s",),
        stimuli=pd.DataFrame({"id": names}),
        fingerprint="0",
        rois={"A": np.arange(units - 1, 1, -2), "B": np.arange(1, units)},
        betas=betas,
        trials=complete_trials(pd.DataFrame({"id": [names[n] for n in shown]})),
    )


@pytest.fixture(params=[np.float32, np.float64])
def betas(request):
    values = np.random.default_rng(0).normal(size=(len(SHOWN), UNITS)).astype(request.param)
    values[3, 2] = np.nan
    return values


def saved(array, tmp_path):
    """A memory map, trial by trial or unit by unit as the array."""
    np.save(tmp_path / "betas.npy", array)
    return np.load(tmp_path / "betas.npy", mmap_mode="r")


@pytest.mark.parametrize("shown", [SHOWN, [*range(4)]])
@pytest.mark.parametrize("order", "CF")
def test_responses_are_means_in_either_order(betas, shown, order, tmp_path):
    betas = betas[: len(shown)]
    ds = recording(saved(np.array(betas, order=order), tmp_path), shown)
    for roi in ("A", "B", None):
        units = ds.units(roi)
        usable = np.isfinite(betas[:, units]).all(axis=1)
        for image in range(IMAGES):
            own = betas[[t for t, n in enumerate(shown) if n == image and usable[t]]][:, units]
            expected = (
                own.astype(np.float64).mean(axis=0) if len(own) else np.full(len(units), np.nan)
            )
            np.testing.assert_allclose(ds.responses(roi)[image], expected, rtol=1e-6)
        if roi:
            means = ds.responses(roi, "all").mean(axis=1)
            np.testing.assert_allclose(ds.region_means([roi], "all")[:, 0], means, rtol=1e-5)
    part = ds.subset(["i3", "i1"])
    np.testing.assert_array_equal(part.responses("A"), ds.responses("A")[[3, 1]])


def test_a_large_offset_is_kept_in_either_order():
    rng = np.random.default_rng(0)
    shown = np.repeat(np.arange(1200), 2)
    values = rng.normal(size=(2400, 1000)) + 1e9  # several parts
    assert values.size > BLOCK_ELEMENTS
    right = (values[::2] + values[1::2]) / 2
    for order in "CF":
        means = recording(np.array(values, order=order), shown, 1200).responses()
        assert means.dtype == np.float64
        np.testing.assert_array_equal(means, right)


def test_a_subset_that_would_not_fit_is_refused(monkeypatch, betas):
    ds = recording(betas)
    monkeypatch.setattr("core.memory.free_bytes", lambda: 10.0)
    with pytest.raises(InputError, match="would take"):
        ds.subset(["i1"])
