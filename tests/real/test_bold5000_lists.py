"""The real lists of BOLD5000: showings, sources and runs; responses are made up to go along."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from core import datasets

# Subject: trials, images, and how many of them were shown how often.
SHOWN = {
    "CSI1": (5254, 4916, {1: 4803, 3: 1, 4: 112}),
    "CSI2": (5254, 4916, {1: 4803, 3: 1, 4: 112}),
    "CSI3": (5254, 4916, {1: 4803, 2: 1, 3: 2, 4: 107, 5: 3}),
    "CSI4": (3108, 2952, {1: 2862, 2: 39, 3: 37, 4: 13, 5: 1}),
}


@pytest.fixture
def lists(realdata):
    folder = realdata / "bold5000_csi1" / "stim_lists"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder


@pytest.mark.parametrize("subject", SHOWN)
def test_the_order_of_presentation(subject, lists, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA_LINKS", "1")
    trials, images, shown = SHOWN[subject]
    (tmp_path / "stim_lists").symlink_to(lists)
    path = tmp_path / f"ROIs/{subject}/h5/{subject}_ROIs_TR34.h5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file["LHPPA"] = np.random.default_rng(0).normal(size=(trials, 3))
    ds = datasets.load("bold5000", subject, root=tmp_path)
    assert (len(ds.trials), ds.n_stimuli) == (trials, images)
    counts, stimuli = np.unique(ds.repeats, return_counts=True)
    assert dict(zip(counts.tolist(), stimuli.tolist(), strict=True)) == shown
    assert not ds.stimuli["id"].str.startswith("rep_").any()
    assert ds.trials.groupby("id")["repeat"].max().sum() == trials
    assert ds.trials["run"].max() == trials // 37
    by_source = ds.stimuli.groupby("source").size()
    if images == 4916:
        assert by_source.to_dict() == {"COCO": 2000, "ImageNet": 1916, "Scene": 1000}
    scenes = set(ds.stimuli.loc[ds.stimuli["source"] == "Scene", "category"])
    assert len(scenes) < 300
    assert not any(name[-1].isdigit() for name in scenes)
