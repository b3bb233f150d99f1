"""The 92-image recording, read from its original files."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from core import datasets
from core.datasets.download import fetch as fetching
from core.datasets.recordings.kriegeskorte92 import FILES
from core.errors import CorruptDataError

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def ds(kriegeskorte_root):
    return datasets.load("kriegeskorte92", root=kriegeskorte_root)


def test_stimuli_and_images(ds):
    assert ds.n_stimuli == 92
    assert ds.stimuli["id"].iloc[[0, 91]].tolist() == ["s01", "s92"]
    assert ds.stimuli["supercategory"].value_counts().to_dict() == {"animate": 48, "inanimate": 44}
    assert ds.stimuli["category"].value_counts().to_dict() == {
        "human bodypart": 12,
        "human face": 12,
        "nonhuman bodypart": 12,
        "nonhuman face": 12,
        "natural inanimate": 23,
        "artificial inanimate": 21,
    }
    assert ds.stimuli["face"].sum() == 24
    face = ds.stimuli["labels"].iloc[ds.row("s13")]
    assert face == ("human face", "human", "face", "animal", "natural")
    image = ds.image("s01")
    assert (image.size, image.mode) == ((175, 175), "RGB")
    assert ds.missing_images() == []
    assert ds.betas is None
    assert ds.subjects == ("BE", "KO", "SN", "TI")


def test_rdms(ds):
    names = list(ds.rdms)
    assert names[:6] == [
        "human IT of the subject",
        "human IT of the subject, session 1",
        "human IT of the subject, session 2",
        "human IT, mean of 4 subjects",
        "human IT (figure 1)",
        "monkey IT (figure 1)",
    ]
    assert names[6] == "model: animacy"
    assert names[14] == "behaviour, mean of 16 people"
    assert names[-1] == "behaviour, person 16"
    assert len(names) == 6 + 8 + 1 + 16
    for rdm in ds.rdms.values():
        assert (rdm.shape, rdm.dtype) == ((92, 92), np.float32)
        assert np.array_equal(rdm, rdm.T)
        assert not np.diagonal(rdm).any()
        assert np.isfinite(rdm).all()


def test_session_means_and_the_model_fit_together(ds, kriegeskorte_root):
    own = ds.rdms["human IT of the subject"]
    sessions = [ds.rdms[f"human IT of the subject, session {number}"] for number in (1, 2)]
    np.testing.assert_allclose(own, np.mean(sessions, axis=0), atol=1e-6)
    subjects = [
        datasets.load("kriegeskorte92", name, kriegeskorte_root).rdms["human IT of the subject"]
        for name in ds.subjects
    ]
    mean = ds.rdms["human IT, mean of 4 subjects"]
    np.testing.assert_allclose(mean, np.mean(subjects, axis=0), atol=1e-6)
    upper = np.triu_indices(92, 1)
    figure = ds.rdms["human IT (figure 1)"]
    assert np.corrcoef(mean[upper], figure[upper])[0, 1] > 0.9999
    animate = (ds.stimuli["supercategory"] == "animate").to_numpy()
    expected = (animate[:, None] != animate[None, :]).astype(np.float32)
    np.testing.assert_array_equal(ds.rdms["model: animacy"] > 0, expected > 0)


def test_fingerprint_differs_between_subjects(ds, kriegeskorte_root):
    assert datasets.load("kriegeskorte92", root=kriegeskorte_root).fingerprint == ds.fingerprint
    assert datasets.load("kriegeskorte92", "TI", kriegeskorte_root).fingerprint != ds.fingerprint


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.0, 0.00005, 0.0004, 0.001, 0.01, 0.3, 0.7, 0.99])
def test_truncated_files_are_named(kriegeskorte_root, tmp_path, name, share, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_DATA_LINKS", "1")
    for file in FILES:
        (tmp_path / file).symlink_to(kriegeskorte_root / file)
    whole = (kriegeskorte_root / name).read_bytes()
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CorruptDataError, match=f"{name}.*core fetch kriegeskorte92"):
        datasets.load("kriegeskorte92", root=tmp_path)


def test_swapped_files_are_named(kriegeskorte_root, tmp_path):
    for file in FILES:
        shutil.copyfile(kriegeskorte_root / FILES[0], tmp_path / file)
    with pytest.raises(CorruptDataError, match="core fetch"):
        datasets.load("kriegeskorte92", root=tmp_path)


def test_fetch_copies_and_the_recording_is_found(kriegeskorte_root):
    where = fetching.fetch("kriegeskorte92", kriegeskorte_root)
    found = {info.name: info.where for info in datasets.available()}
    assert found["kriegeskorte92"] == where
    assert datasets.load("kriegeskorte92").n_stimuli == 92
