"""What cannot be split is refused: the message says what was found and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from core import splits
from core.errors import InputError
from core.splits.groups import Groups
from core.splits.kind import Kind
from tests.core.splits.planted import recording


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("images", {}, "no kind of split 'images'.*Choices: image, category"),
        ("image", {"k": 3}, "'image' has no parameter 'k'.*Choices: test, validation"),
        ("pair", {"test": 0.1}, "no parameter 'test'.*Choices: none"),
        ("image", {"test": 0}, "test is 0.0.*from 0.001 to 0.9"),
        ("image", {"validation": 0.0}, "validation is 0.0"),
        ("image", {"test": "half"}, "test is 'half'"),
        ("image", {"test": float("nan")}, "test is nan"),
        ("image", {"test": 0.005}, "0.005 of 60 images leaves the test set empty.*0.008"),
        ("image", {"validation": 0.005}, "leaves the validation set empty"),
        ("image", {"test": 0.6, "validation": 0.4}, "36 images to test and 24 .* leave none"),
        ("category", {"test": 0.04}, "0.04 of 12 categories leaves the test set empty.*0.042"),
        ("cluster", {}, "without features"),
        ("kfold", {"k": 61}, "in 60 images, fewer than 61 folds"),
        ("kfold", {"k": 13, "by": "category"}, "in 12 categories, fewer than 13 folds"),
        ("kfold", {"by": "session"}, "by is 'session'.*image, category, cluster"),
        ("kfold", {"by": "cluster"}, "without features"),
        ("kfold", {"k": 2.5}, "k is 2.5.*whole number"),
        ("kfold", {"contiguous": "no"}, "contiguous is 'no'.*True or False"),
        ("kfold", {"k": 2, "by": "category", "validation": 0.05}, "validation set empty"),
        ("recorded", {}, "declares no split"),
    ],
)
def test_refusals_say_what_to_do(kind, parameters, message):
    with pytest.raises(InputError, match=message):
        splits.make(recording(), kind, **parameters)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"category": "cat"}, "in 1 category.*at least three categories"),
        ({"category": ["cat", "dog"] * 30}, "in 2 categories"),
        ({"category": ""}, "None of the 60 usable stimuli has a category"),
    ],
)
def test_too_few_categories(columns, message):
    with pytest.raises(InputError, match=message):
        splits.make(recording(**columns), "category")


@pytest.mark.parametrize(
    ("split", "missing", "message"),
    [
        (["train"] * 60, (), "No usable stimulus is in the test set"),
        (["test"] * 60, (), "No usable stimulus is in the training set"),
        (["train"] * 59 + ["test"], (59,), "in the test set"),
        (["train"] * 50 + ["imagery"] * 10, (), "says imagery.*Choices: train"),
        (["train"] + ["test"] * 59, (), "in 1 category"),
    ],
)
def test_recorded_splits_that_cannot_be_used(split, missing, message):
    with pytest.raises(InputError, match=message):
        splits.make(recording(split=split, missing=missing), "recorded")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones((59, 4)), "feature array has 59 rows, the stimulus list has 60"),
        (np.ones(60), r"shape \(60,\)"),
        (np.full((60, 2), "x"), "dtype"),
        (np.full((60, 4), np.nan), "finite row of features"),
        (np.ones((60, 4)), "1 different images apart, fewer than 20 clusters"),
        (np.where(np.arange(60)[:, None] < 9, np.eye(60)[:, :30] + 1, np.nan), "9 different"),
    ],
)
def test_features_that_cannot_be_used(features, message):
    with pytest.raises(InputError, match=message):
        splits.make(recording(), "cluster", features=features)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, None, True])
def test_seeds_that_cannot_be_used(seed):
    with pytest.raises(InputError, match="The seed is"):
        splits.make(recording(), "image", seed)


def test_no_usable_response_at_all():
    with pytest.raises(InputError, match="None of the 60 stimuli of Planted"):
        splits.make(recording(missing=range(60)), "image")


def test_a_further_kind_may_not_leak_unless_it_says_so(monkeypatch):
    def cut(pool, values, seed):
        return [splits.Fold(pool.rows[:30], pool.rows[30:40], pool.rows[39:])]

    entries = dict(splits.KINDS._entries)
    monkeypatch.setattr(splits.KINDS, "_entries", entries)
    entries["own"] = Kind("own", "Own", "Tests.", "None", cut=cut)
    with pytest.raises(InputError, match="two sets"):
        splits.make(recording(), "own")
    entries["own"] = Kind("own", "Own", "Tests.", "None", cut=cut, leaks=True)
    assert len(splits.make(recording(), "own")) == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.array([True, False]), "flatnonzero"),
        ([0.0, 1.0], "row indices"),
        ([-1, 2], "the row -1"),
        ([2, 1, 2], "the row 2 twice"),
        ([[1, 2]], "shape"),
    ],
)
def test_a_fold_takes_row_indices_only(rows, message):
    with pytest.raises(InputError, match=message):
        splits.Fold([0], [], rows)


def test_groups_of_a_plugin_with_former_names_say_what_to_change():
    with pytest.raises(InputError, match=r"^Groups has no 'one'\. Expected .* 'singular'\.$"):
        Groups(np.zeros(3, dtype=int), one="digit", many="digits")
