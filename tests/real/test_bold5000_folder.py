"""Real BOLD5000 parcels as a folder of a person's own data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import datasets

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder(realdata, tmp_path_factory):
    """Write the responses in the layout of a folder, in a temporary place."""
    file = realdata / "bold5000_csi1" / "bold5000_csi1.npz"
    if not file.is_file():
        pytest.skip(f"no {file}")
    root = tmp_path_factory.mktemp("csi1")
    with np.load(file, allow_pickle=False) as stored:
        trials = pd.DataFrame({"id": [str(n).removeprefix("rep_") for n in stored["imgnames"]]})
        trials["source"] = stored["source"]
        trials["category"], trials["supercategory"] = stored["label"], stored["supercategory"]
        (root / "responses").mkdir()
        np.save(root / "responses" / "CSI1.npy", stored["betas"])
    trials[["id"]].to_csv(root / "responses" / "CSI1.csv", index=False)
    trials.drop_duplicates("id").to_csv(root / "stimuli.csv", index=False)
    return root


@pytest.fixture(scope="module")
def ds(folder):
    return datasets.load("folder", root=folder)


def test_trials_and_repeats(ds):
    assert ds.subject == "CSI1"
    assert ds.responses(repeats="all").shape == (740, 100)
    assert ds.n_stimuli == 733
    assert (ds.repeats > 1).sum() == 7
    assert ds.trials["repeat"].value_counts().to_dict() == {1: 733, 2: 7}
    assert not ds.missing().any()


def test_sources_at_trial_level(ds):
    sources = ds.stimuli["source"].to_numpy()[ds.trial_rows]
    names, counts = np.unique(sources.astype(str), return_counts=True)
    assert dict(zip(names, counts.tolist(), strict=True)) == {
        "COCO": 299,
        "ImageNet": 293,
        "Scene": 148,
    }
    assert (ds.stimuli["supercategory"][ds.stimuli["source"] == "COCO"] == "").all()


def test_two_parcels_are_constant(ds):
    spread = ds.responses(repeats="all").std(axis=0)
    assert np.flatnonzero(spread == 0).tolist() == [44, 82]


def test_repeats_are_averaged(ds):
    twice = int(np.flatnonzero(ds.repeats > 1)[0])
    trials = ds.responses(repeats="all")[ds.trial_rows == twice]
    np.testing.assert_allclose(ds.responses()[twice], trials.mean(axis=0), atol=1e-6)
    assert ds.images is None
