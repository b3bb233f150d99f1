"""The splits that LAION-fMRI publishes: eight of its files, as they are."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from core import datasets, splits
from core.datasets.recordings.laion_fmri import read_split
from tests.core.datasets.layouts import laion_fmri
from tests.core.splits.planted import recording

pytestmark = pytest.mark.real

# Images of the training and the test set, as the pages of the release say.
COUNTS = {
    "shared": {"tau": (897, 224), "random_0": (897, 224), "ood": (1121, 371)},
    "sub-01": {"tau": (4666, 1167), "random_0": (4666, 1167), "ood": (5833, 371)},
}


@pytest.fixture(scope="module")
def folder(realdata):
    path = realdata / "laion_fmri_splits"
    if not path.is_dir():
        pytest.skip(f"no {path}")
    return path


@pytest.mark.parametrize("pool", COUNTS)
def test_sets_are_as_published(pool, folder):
    for name, counts in COUNTS[pool].items():
        sets = [*read_split(folder / pool / f"{name}.json").values()]
        assert (sets.count("train"), sets.count("test")) == counts


def test_clusters_and_other_splits_divide_the_same_images(folder):
    for pool in COUNTS:
        read = [read_split(path) for path in (folder / pool).glob("[!o]*.json")]
        assert len({frozenset(sets) for sets in read}) == 1


@pytest.mark.parametrize("split", ["tau", "ood", "cluster_k5_0", "random_0"])
def test_a_recording_is_cut_by_them(split, folder, tmp_path, monkeypatch):
    # Real ids in the place of those that were made up, training and test in turn.
    sets = read_split(folder / "shared" / f"{split}.json")
    ids = {each: [name for name, own in sets.items() if own == each] for each in ("train", "test")}
    shown = [name for pair in zip(ids["train"][:3], ids["test"][:3], strict=True) for name in pair]
    monkeypatch.setattr(laion_fmri, "SHARED", tuple(shown))
    laion_fmri.write(tmp_path, ("sub-01",), images=None)
    shutil.copytree(folder, tmp_path / "splits")
    ds = datasets.load("laion_fmri", root=tmp_path, split=split, split_of="shared")
    own = ds.stimuli["id"].map(sets).fillna("")
    assert own.value_counts().to_dict().keys() == {"train", "test", ""}
    assert ds.stimuli["split"].tolist() == own.tolist()
    fold = splits.make(ds, "recorded", validation=0.4, validation_by="image")[0]
    np.testing.assert_array_equal(np.sort(fold.test), np.flatnonzero(own == "test"))


def test_our_own_sets_have_the_sizes_of_theirs(folder):
    """Which images those would be cannot be seen: the embeddings are not published."""
    ids = np.array(list(read_split(folder / "shared" / "tau.json")))
    features = np.random.default_rng(0).standard_normal((len(ids), 8))
    fold = splits.make(recording(len(ids), id=ids), "neighbour", 0, features, test=0.2)[0]
    assert (len(fold.test), len(fold.train) + len(fold.validation)) == COUNTS["shared"]["tau"][::-1]
    assert splits.make(recording(5833), "image", 0, test=0.2)[0].test.size == 1167
