"""Folds of every kind: whole groups, disjoint sides, shares, order, and refusals."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from core import datasets, splits
from core.datasets import Dataset, DatasetInfo
from core.errors import InputError
from core.paths import PROJECT
from tests.core.splits.planted import SIDES, blobs, recording


def sides_of(fold, labels):
    """The set of sides on which each label stands."""
    found = {}
    for side in SIDES:
        for row in getattr(fold, side):
            found.setdefault(labels[row], set()).add(side)
    return found


def all_rows(fold):
    return np.concatenate([fold.train, fold.validation, fold.test])


def test_every_kind_is_declared():
    first, last = ["image", "category", "cluster"], ["kfold", "recorded", "pair"]
    assert list(splits.KINDS) == [*first, "neighbour", "ood", *last]
    for kind in splits.KINDS.values():
        assert kind.label
        assert kind.citation
        assert kind.note.endswith(".")
        assert kind.note.count(". ") == 0
        for parameter in kind.parameters:
            assert parameter.help
            assert parameter.check(parameter.default) == parameter.default
    assert [kind.id for kind in splits.KINDS.values() if kind.leaks] == ["pair"]
    assert "same images" in splits.KINDS["pair"].note


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("image", {}),
        ("category", {}),
        ("cluster", {"k": 6, "test": 0.2, "validation": 0.2}),
        ("kfold", {"k": 4}),
        ("kfold", {"k": 4, "by": "category"}),
        ("kfold", {"k": 3, "by": "cluster", "clusters": 6, "validation": 0.3}),
        ("recorded", {}),
    ],
)
def test_sides_are_sorted_disjoint_and_complete(kind, parameters):
    ds = recording(split=["test" if i % 12 == 3 else "train" for i in range(60)], missing=(4, 17))
    features = blobs()
    features[9, 2] = np.nan
    features[10] = np.inf
    folds = splits.make(ds, kind, seed=1, features=features, **parameters)
    for fold in folds:
        for side in SIDES:
            rows = getattr(fold, side)
            assert rows.dtype == np.intp
            assert len(rows)
            assert (np.diff(rows) > 0).all()
            assert not rows.flags.writeable
        assert sorted(all_rows(fold)) == [i for i in range(60) if i not in (4, 9, 10, 17)]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("image", {}),
        ("category", {}),
        ("cluster", {"k": 12}),
        ("kfold", {"k": 5}),
        ("recorded", {}),
    ],
)
def test_the_seed_decides(kind, parameters):
    ds = recording(split=["train"] * 48 + ["test"] * 12)
    features = np.random.default_rng(2).standard_normal((60, 8))

    def rows(seed):
        folds = splits.make(ds, kind, seed, features, **parameters)
        return [getattr(fold, side).tolist() for fold in folds for side in SIDES]

    assert rows(5) == rows(5)
    assert any(rows(5) != rows(other) for other in (6, 7, 8))


def test_shares_are_shares_of_images():
    fold = splits.make(recording(200), "image")[0]
    assert [len(getattr(fold, side)) for side in SIDES] == [160, 20, 20]
    fold = splits.make(recording(200), "image", test=0.25, validation=0.05)[0]
    assert [len(getattr(fold, side)) for side in SIDES] == [140, 10, 50]


def test_test_images_are_drawn_evenly():
    drawn = np.zeros(60)
    for seed in range(300):
        drawn[splits.make(recording(60), "image", seed)[0].test] += 1
    # 300 draws of 6 of 60: 30 expected, standard deviation 5.2.
    assert drawn.min() > 8
    assert drawn.max() < 55


@pytest.mark.parametrize("kind", ["image", "kfold", "category"])
def test_copies_stay_on_one_side(kind):
    ids = [f"a{i}" for i in range(20)] + [f"rep_a{i}" for i in range(20)]
    ids += [f"rep_rep_a{i}" for i in range(5)] + [f"b{i}" for i in range(15)]
    # The last 15 show files of the first 15 under ids of their own.
    files = [f"set/a{i}.jpg" for i in range(20)] + [""] * 25
    files += [f"set/rep_a{i}.jpg" for i in range(15)]
    # Categories contradict the copies, so that only their link can keep them together.
    ds = recording(60, id=ids, file=files, category=[f"c{i}" for i in range(60)])
    images = [*range(20), *range(20), *range(5), *range(15)]
    for seed in range(5):
        for fold in splits.make(ds, kind, seed):
            assert len(all_rows(fold)) == 60
            assert all(len(found) == 1 for found in sides_of(fold, images).values())


def test_a_file_of_the_same_name_in_another_folder_is_another_image():
    ds = recording(10, file=[f"folder{i}/rep_1.jpg" for i in range(10)])
    fold = splits.make(ds, "image", test=0.1, validation=0.1)[0]
    assert len(fold.test) == len(fold.validation) == 1


def test_whole_categories_are_held_out_and_rows_without_one_are_left_out():
    category = ["" if i in (5, 6) else f"c{i % 12}" for i in range(60)]
    category[7] = None
    for seed in range(5):
        fold = splits.make(recording(category=category), "category", seed, test=0.25)[0]
        found = sides_of(fold, category)
        assert sorted(found) == sorted({name for name in category if name})
        assert all(len(sides) == 1 for sides in found.values())
        assert sum(sides == {"test"} for sides in found.values()) == 3
        assert sum(sides == {"validation"} for sides in found.values()) == 1


def test_whole_clusters_are_those_of_kmeans_on_rows_of_length_one():
    rng = np.random.default_rng(4)
    features = rng.standard_normal((60, 5)) * rng.uniform(0.1, 9, (60, 1))
    fold = splits.make(recording(), "cluster", 3, features, k=8, test=0.25, validation=0.125)[0]
    directions = features / np.linalg.norm(features, axis=1, keepdims=True)
    labels = KMeans(8, random_state=3, n_init=4).fit_predict(directions.astype(np.float32))
    found = sides_of(fold, labels)
    assert len(found) == 8
    assert all(len(sides) == 1 for sides in found.values())
    assert sum(sides == {"test"} for sides in found.values()) == 2
    assert sum(sides == {"validation"} for sides in found.values()) == 1


def test_length_of_a_feature_row_does_not_make_its_cluster():
    features = blobs(k=4)
    features[:20] *= 1e6
    fold = splits.make(recording(), "cluster", 0, features, k=4, test=0.25, validation=0.25)[0]
    found = sides_of(fold, np.arange(60) % 4)
    assert sorted(map(sorted, found.values())) == [["test"], ["train"], ["train"], ["validation"]]


def test_copies_with_different_features_stay_in_one_cluster():
    ids = [f"a{i}" for i in range(30)] + [f"rep_a{i}" for i in range(30)]
    features = np.random.default_rng(0).standard_normal((60, 6))
    fold = splits.make(recording(id=ids), "cluster", 0, features, k=10, test=0.3)[0]
    assert all(len(sides) == 1 for sides in sides_of(fold, [*range(30), *range(30)]).values())


@pytest.mark.parametrize("by", ["image", "category", "cluster"])
def test_folds_test_every_row_once_and_groups_stay_whole(by):
    features = blobs()
    folds = splits.make(recording(), "kfold", 2, features, k=3, by=by, clusters=6, validation=0.25)
    assert len(folds) == 3
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(60))
    labels = {"image": np.arange(60), "category": np.arange(60) % 12, "cluster": np.arange(60) % 6}
    for fold in folds:
        assert all(len(sides) == 1 for sides in sides_of(fold, labels[by]).values())
    groups = {"image": 60, "category": 12, "cluster": 6}[by]
    tested = {len(set(labels[by][fold.test])) for fold in folds}
    assert tested == {groups // 3}
    validated = {len(set(labels[by][fold.validation])) for fold in folds}
    assert validated == {int(0.25 * groups * 2 / 3 + 0.5)}


def test_contiguous_folds_are_blocks_in_order():
    folds = splits.make(recording(47, missing=(0, 20)), "kfold", k=7, contiguous=True)
    rows = np.setdiff1d(np.arange(47), [0, 20])
    for fold, block in zip(folds, np.array_split(rows, 7), strict=True):
        assert fold.test.tolist() == block.tolist()
        # The block after it, from the start again after the last; .1 of 38 or 39 is 4.
        after = [row for row in rows if row > block[-1]] + [row for row in rows if row < block[0]]
        assert fold.validation.tolist() == sorted(after[:4])


def test_contiguous_folds_of_categories_take_them_as_they_come():
    category = [f"c{number}" for number in (7, 2, 9, 2, 7, 1, 5, 3)]
    ds = recording(8, category=category)
    folds = splits.make(ds, "kfold", k=3, by="category", contiguous=True, validation=0.25)
    tested = [{category[row] for row in fold.test} for fold in folds]
    assert tested == [{"c7", "c2"}, {"c9", "c1"}, {"c5", "c3"}]
    shuffled = splits.make(ds, "kfold", k=3, by="category", validation=0.25, seed=1)
    assert [{category[row] for row in fold.test} for fold in shuffled] != tested


def test_the_recorded_split_and_whole_categories_to_validate():
    split = ["Training", "test", "", "train"] * 15
    category = [f"c{i // 4}" if split[i] != "test" else "new" for i in range(60)]
    ds = recording(split=split, category=category)
    for seed in range(4):
        fold = splits.make(ds, "recorded", seed, validation=0.2)[0]
        assert fold.test.tolist() == list(range(1, 60, 4))
        trained = [i for i in range(60) if i % 4 in (0, 3)]
        assert sorted([*fold.train, *fold.validation]) == trained
        assert len(fold.validation) == 6
        assert not {category[i] for i in fold.validation} & {category[i] for i in fold.train}


def test_recorded_validation_by_image_where_categories_are_unknown_or_unwanted():
    split = ["train"] * 50 + ["test"] * 10
    unknown = splits.make(recording(split=split, category=""), "recorded")[0]
    assert len(unknown.validation) == 5
    with pytest.raises(InputError, match=r"in 1 category.*validation_by='image'"):
        splits.make(recording(split=split, category="face"), "recorded")
    faces = splits.make(recording(split=split, category="face"), "recorded", validation_by="image")[
        0
    ]
    assert len(faces.validation) == 5
    assert max(faces.validation) < 50


def test_a_recorded_validation_set_is_taken_as_it_is():
    split = ["train"] * 40 + ["val"] * 5 + ["validation"] * 5 + ["test"] * 10
    fold = splits.make(recording(split=split), "recorded")[0]
    assert fold.train.tolist() == list(range(40))
    assert fold.validation.tolist() == list(range(40, 50))
    assert fold.test.tolist() == list(range(50, 60))


def test_pairs_have_the_same_images_on_every_side():
    fold = splits.make(recording(missing=(3,)), "pair")[0]
    assert fold.train.tolist() == fold.test.tolist() == [i for i in range(60) if i != 3]
    assert not fold.is_disjoint


def test_recordings_of_rdms_only_are_split_by_their_cells():
    rdm = 1 - np.eye(30, dtype=np.float32)
    rdm[7, :] = rdm[:, 7] = np.nan
    rdm[7, 7] = 0
    table = pd.DataFrame({"id": [f"p{i}" for i in range(30)]})
    ds = Dataset(DatasetInfo("r", "RDMs"), "S", ("S",), table, "f", rdms={"hIT": rdm})
    assert sorted(all_rows(splits.make(ds, "image")[0])) == [i for i in range(30) if i != 7]
    without = Dataset(DatasetInfo("r", "RDMs"), "S", ("S",), table, "f")
    with pytest.raises(InputError, match="None of the 30 stimuli of RDMs has a usable response"):
        splits.make(without, "image")


def test_a_fold_sorts_its_rows():
    fold = splits.Fold([5, 1], [], np.array([3, 2], dtype=np.int32))
    assert (fold.train.tolist(), fold.validation.tolist(), fold.test.tolist()) == (
        [1, 5],
        [],
        [2, 3],
    )
    assert fold.rows.tolist() == [1, 2, 3, 5]
    assert fold.is_disjoint
    assert not splits.Fold([1], [], [1]).is_disjoint


def test_the_simulated_recording_as_recorded_and_by_category():
    ds = datasets.load("simulated", stimuli=80, subjects=1)
    said = ds.stimuli["split"].to_numpy()
    category = ds.stimuli["category"].to_numpy()
    recorded = splits.make(ds, "recorded")[0]
    assert recorded.test.tolist() == np.flatnonzero(said == "test").tolist()
    assert set(said[recorded.train]) == set(said[recorded.validation]) == {"training"}
    kinds = len(set(category[said == "training"]))
    assert len(set(category[recorded.validation])) == int(0.1 * kinds + 0.5)
    by_category = splits.make(ds, "category", test=0.2)[0]
    for fold in (recorded, by_category):
        assert sorted(all_rows(fold)) == list(range(80))
        assert all(len(sides) == 1 for sides in sides_of(fold, category).values())
        found = {finding.id: finding for finding in splits.audit(fold, ds)}
        assert found["categories"].level == found["same-content"].level == "green"
        assert found["same-content"].checked
        assert {each.level for each in found.values() if each.checked} == {"green"}
        assert splits.badge(found.values()) == "unchecked"  # no features were given


def test_heavy_packages_of_splits_are_imported_when_needed():
    code = (
        "import sys, core.splits; print(sorted({'sklearn', 'torch', 'streamlit'} & {*sys.modules}))"
    )
    assert (
        subprocess.check_output([sys.executable, "-c", code], text=True, cwd=PROJECT).strip()
        == "[]"
    )
