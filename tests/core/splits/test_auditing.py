"""The audit finds planted leaks, each with its exact count and evidence, and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics.pairwise import cosine_similarity

from core import splits
from core.datasets import Dataset, DatasetInfo
from core.errors import Cancelled, InputError, NotFoundError
from core.splits import contents, partners

CHECKS = [
    "same-image",
    "same-content",
    "copies",
    "near-duplicates",
    "categories",
    "clusters",
    "fitted-on",
    "validation",
    "left-out",
]
FOLD = splits.Fold(range(40), range(40, 50), range(50, 60))


def image(number):
    """An image of its own for each number."""
    pixels = np.random.default_rng(number).integers(0, 256, (12, 15, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def saved_again(original, form, **options):
    """The image after a round through a file."""
    file = io.BytesIO()
    original.save(file, form, **options)
    return Image.open(io.BytesIO(file.getvalue()))


def recording(n=60, images=None, missing=(), without_image=(), **columns):
    """n stimuli, each of a category of its own, without a leak."""
    table = pd.DataFrame({"id": [f"p{i:03d}" for i in range(n)]})
    table["category"] = [f"c{i}" for i in range(n)]
    for name, values in columns.items():
        table[name] = values
    betas = np.ones((n, 2), dtype=np.float32)
    betas[list(missing)] = np.nan
    trials = pd.DataFrame({"id": table["id"], "repeat": 1, "run": 1, "session": 1})
    return Dataset(
        DatasetInfo("planted", "Planted"),
        "S1",
        ("S1",),
        table,
        "f",
        betas=betas,
        trials=trials,
        images=images,
        without_image=without_image,
    )


def own_images(changed=None):
    """Images of their own by id, but for those in ``changed``."""
    changed = changed or {}

    def read(stimulus):
        found = changed.get(stimulus, lambda: image(int(stimulus[1:])))
        return found()

    return read


def scattered(n=60, d=400, seed=0):
    """Features without a near-duplicate, for d is large."""
    return np.random.default_rng(seed).standard_normal((n, d))


def levels(result):
    """Levels of the checks that were made."""
    return {finding.level for finding in result.values() if finding.checked}


def found(folds, ds, *arguments, **options):
    return {finding.id: finding for finding in splits.audit(folds, ds, *arguments, **options)}


def test_a_clean_split_is_green_and_every_check_is_listed():
    ds = recording(images=own_images())
    findings = splits.audit(FOLD, ds, fitted_on=FOLD.train)
    assert [finding.id for finding in findings] == CHECKS
    assert {finding.level for finding in findings if finding.checked} == {"green"}
    assert splits.badge(findings) == "unchecked"
    assert splits.badge(splits.audit(FOLD, ds, scattered(), fitted_on=FOLD.train)) == "green"
    for finding in findings:
        assert finding.title
        assert finding.message.endswith(".")
        assert list(finding.evidence) == ["fold", "test", "train", "value", "side"]
        assert finding.evidence.empty
    unchecked = {finding.id: finding.message for finding in findings if not finding.checked}
    assert unchecked == {
        "near-duplicates": "Not checked: no features were given.",
        "clusters": "Not checked: no features were given.",
    }
    for finding in findings:
        assert finding.message.startswith("Checked, nothing found") == finding.checked


def test_checks_that_cannot_be_made_say_why():
    ds = recording(category="")
    fold = splits.Fold(FOLD.train, [], FOLD.test)
    unchecked = {key: one.message for key, one in found(fold, ds).items() if not one.checked}
    assert set(unchecked) == set(CHECKS) - {"same-image", "left-out"}
    assert "without images" in unchecked["same-content"]
    assert "without images" in unchecked["copies"]
    assert "no category" in unchecked["categories"]
    assert "not said" in unchecked["fitted-on"]
    assert "no validation set" in unchecked["validation"]
    few = found(fold, ds, scattered(), clusters=61)["clusters"]
    assert not few.checked
    assert "50 different images" in few.message


def test_copies_by_id_and_by_file_on_the_training_and_the_validation_set():
    ids = [f"p{i:03d}" for i in range(60)]
    ids[52] = "rep_p003"
    ids[55] = "rep_p044"
    files = [f"images/{name}.jpg" for name in ids]
    files[57] = "images/rep_p010.jpg"
    files[58] = files[59] = "images/alone.jpg"  # twice on one side leaks nothing
    result = found(FOLD, recording(id=ids, file=files))
    copies = result.pop("same-image")
    assert copies.level == "red"
    assert copies.count == 3
    assert copies.message.startswith("3 of 10 test images have an id or a file")
    assert copies.evidence[["fold", "test", "train", "side"]].to_numpy().tolist() == [
        [0, "rep_p003", "p003", "train"],
        [0, "rep_p044", "p044", "validation"],
        [0, "p057", "p010", "train"],
    ]
    assert copies.evidence["value"].tolist() == ["p003", "p044", "p057"]
    assert levels(result) == {"green"}


def test_an_image_saved_again_under_another_id(monkeypatch):
    monkeypatch.setattr(contents, "AT_ONCE", 7)
    changed = {
        "p051": lambda: saved_again(image(7), "PNG"),
        "p053": lambda: saved_again(image(41), "WEBP", lossless=True),
        "p054": lambda: saved_again(image(9), "JPEG", quality=60),  # noise, of which little is left
    }
    result = found(FOLD, recording(images=own_images(changed)))
    altered = result.pop("copies")
    assert altered.level == "red"
    assert altered.concerned == ("p051", "p053")
    content = result.pop("same-content")
    assert content.level == "red"
    assert content.message.startswith("2 of 10 test images equal")
    assert content.evidence[["test", "train", "side"]].to_numpy().tolist() == [
        ["p051", "p007", "train"],
        ["p053", "p041", "validation"],
    ]
    assert levels(result) == {"green"}


def test_images_of_equal_bytes_and_another_shape_differ():
    changed = {
        "p000": lambda: Image.new("RGB", (4, 6), "white"),
        "p050": lambda: Image.new("RGB", (6, 4), "white"),
    }
    assert found(FOLD, recording(images=own_images(changed)))["same-content"].level == "green"


def test_only_used_images_are_decoded_and_unreadable_ones_are_counted():
    def broken():
        raise OSError("truncated")

    def absent():
        raise NotFoundError("no such image")

    seen = []
    read = own_images({"p001": broken, "p002": absent, "p050": broken})

    def reading(stimulus):
        seen.append(stimulus)
        return read(stimulus)

    fold = splits.Fold([0, 1, 2, 3], [], [50, 51])
    content = found(fold, recording(images=reading))["same-content"]
    assert sorted(set(seen)) == ["p000", "p001", "p002", "p003", "p050", "p051"]
    assert content.checked
    assert "3 images could not be read" in content.message
    assert content.level == "unchecked"
    assert content.message.startswith("Checked in part, nothing found: none of the 2 test images")
    nothing = found(splits.Fold([1], [], [50]), recording(images=reading))["same-content"]
    assert not nothing.checked


def test_validation_images_that_were_trained():
    ids = [f"p{i:03d}" for i in range(60)]
    ids[45] = "rep_p005"
    changed = {"rep_p005": lambda: image(5), "p046": lambda: image(6)}
    result = found(FOLD, recording(id=ids, images=own_images(changed)))
    validation = result.pop("validation")
    assert validation.level == "amber"
    assert validation.message.startswith("2 of 10 validation images")
    assert validation.evidence[["test", "train"]].to_numpy().tolist() == [
        ["rep_p005", "p005"],
        ["p046", "p006"],
    ]
    assert levels(result) == {"green"}


def test_near_duplicates_are_those_of_the_full_cosine_matrix(monkeypatch):
    # Small blocks, so that every seam between them is crossed.
    monkeypatch.setattr(partners, "HELD_AT_ONCE", 3)
    monkeypatch.setattr(partners, "KNOWN_AT_ONCE", 7)
    features = np.random.default_rng(1).standard_normal((60, 4)) * 30
    features[50] = 1e-3 * features[44]
    full = cosine_similarity(features)[50:, :50]
    hits = found(FOLD, recording(), features, near=0.9)["near-duplicates"]
    expected = full.max(axis=1)
    assert 2 < (expected >= 0.9).sum() < 10
    assert hits.level == "amber"
    assert hits.count == (expected >= 0.9).sum()
    assert f"{hits.count} of 10 test images have a cosine similarity of 0.9" in hits.message
    rows = hits.evidence["test"].str[1:].astype(int).to_numpy() - 50
    assert rows.tolist() == np.argsort(-expected, kind="stable")[: hits.count].tolist()
    assert hits.evidence["value"].to_numpy(float) == pytest.approx(expected[rows], abs=1e-6)
    partner = [f"p{row:03d}" for row in full.argmax(axis=1)[rows]]
    assert hits.evidence["train"].tolist() == partner
    first = hits.evidence.iloc[0]
    assert (first["test"], first["train"], first["side"]) == ("p050", "p044", "validation")
    assert found(FOLD, recording(), features, near=1.0)["near-duplicates"].count == 1


def test_features_that_are_missing_zero_or_huge_do_not_disturb_near_duplicates():
    features = scattered().astype(np.float64)
    features[3] = np.nan
    features[52] = np.nan
    features[4] = features[53] = 0
    features[54] = 1e200 * features[8]
    hits = found(FOLD, recording(), features)["near-duplicates"]
    assert hits.evidence[["test", "train"]].to_numpy().tolist() == [["p054", "p008"]]
    assert "2 images have no finite features" in hits.message


def test_where_any_two_images_resemble_each_other_a_near_duplicate_is_nearer():
    # As pixels do: one direction that all share, and a cosine of .96 between any two.
    features = scattered() + 5.0
    assert np.median(cosine_similarity(features)) > 0.95
    assert found(FOLD, recording(), features)["near-duplicates"].count == 0
    features[53] = features[8] + 0.1 * np.random.default_rng(1).standard_normal(400)
    near = found(FOLD, recording(), features)["near-duplicates"]
    assert near.evidence[["test", "train"]].to_numpy().tolist() == [["p053", "p008"]]
    assert "a cosine similarity of 0.998 or more" in near.message
    assert "two images have 0.96, the median" in near.message


def test_shared_categories_are_amber_and_unknown_ones_are_counted():
    category = [f"c{i}" for i in range(60)]
    category[50] = category[51] = "c3"
    category[52] = "c47"
    category[53] = category[9] = ""
    shared = found(FOLD, recording(category=category))["categories"]
    assert shared.level == "amber"
    assert shared.message.startswith("3 of 10 test images are of a category")
    assert "2 images have no category" in shared.message
    assert shared.evidence[["test", "train", "value", "side"]].to_numpy().tolist() == [
        ["p050", "p003", "c3", "train"],
        ["p051", "p003", "c3", "train"],
        ["p052", "p047", "c47", "validation"],
    ]
    by_category = splits.make(recording(category=[f"c{i % 12}" for i in range(60)]), "category")
    assert (
        found(by_category, recording(category=[f"c{i % 12}" for i in range(60)]))[
            "categories"
        ].level
        == "green"
    )


def test_shared_clusters_and_a_split_by_cluster_without_any():
    rng = np.random.default_rng(5)
    ds = recording()
    features = rng.standard_normal((60, 6))
    apart = splits.make(ds, "cluster", 7, features, k=9, test=0.2, validation=0.2)
    same = found(apart, ds, features, clusters=9, seed=7)["clusters"]
    assert (same.level, same.checked) == ("green", True)
    # Two directions: the test set is half of one, half of the other; one has no other rows.
    planted = np.zeros((60, 6))
    planted[:, 0] = 1
    planted[55:] = np.eye(6)[1]
    planted += 0.01 * rng.standard_normal((60, 6))
    shared = found(FOLD, ds, planted, clusters=2)["clusters"]
    # Whether they matter shows in the score; see core.decoders.scoring.effects.
    assert shared.level == "green"
    assert shared.count == 5
    assert shared.concerned == tuple(f"p{i:03d}" for i in range(50, 55))
    assert shared.evidence["test"].tolist() == [f"p{i:03d}" for i in range(50, 55)]
    assert "one of 2 k-means clusters" in shared.message


def test_statistics_fitted_on_test_rows():
    ds = recording()
    every = found(FOLD, ds, fitted_on=np.arange(60))["fitted-on"]
    assert (every.level, every.count) == ("red", 10)
    some = found(FOLD, ds, fitted_on=[0, 0, 52, 59, 45])["fitted-on"]
    assert some.evidence["test"].tolist() == ["p052", "p059"]
    assert some.message.startswith("2 of 10 test images are among the rows")
    clean = found(FOLD, ds, fitted_on=np.r_[FOLD.train, FOLD.validation])["fitted-on"]
    assert (clean.level, clean.checked) == ("green", True)


def test_statistics_fitted_anew_in_each_fold():
    ds = recording()
    folds = splits.make(ds, "kfold", k=4)
    clean = found(folds, ds, fitted_on=[fold.train for fold in folds])["fitted-on"]
    assert (clean.level, clean.checked) == ("green", True)
    once = found(folds, ds, fitted_on=folds[0].train)["fitted-on"]
    assert once.count == 60 - 15 - len(folds[0].validation)
    assert "of 60 test images (over 4 folds)" in once.message
    assert set(once.evidence["fold"]) == {1, 2, 3}
    with pytest.raises(InputError, match="a list of 3 for 4 folds"):
        splits.audit(folds, ds, fitted_on=[fold.train for fold in folds[:3]])


def test_evidence_is_bounded_and_the_count_is_not():
    names = [f"a{i}" for i in range(300)]
    ds = recording(600, id=names + [f"rep_{name}" for name in names])
    copies = found(splits.Fold(range(300), [], range(300, 600)), ds)["same-image"]
    assert copies.count == 300
    assert "300 of 300" in copies.message
    assert len(copies.evidence) == 200
    assert copies.evidence["test"].iloc[0] == "rep_a0"


def test_the_pair_split_is_red():
    ds = recording()
    findings = splits.audit(splits.make(ds, "pair"), ds)
    assert splits.badge(findings) == "red"
    assert findings[0].message.startswith("60 of 60 test images")


def test_a_split_by_image_keeps_planted_copies_green():
    ids = [f"a{i}" for i in range(30)] + [f"rep_a{i}" for i in range(30)]
    ds = recording(id=ids)
    for kind, parameters in (("image", {}), ("kfold", {"k": 5})):
        assert found(splits.make(ds, kind, **parameters), ds)["same-image"].level == "green"
    careless = splits.Fold(range(25), range(25, 30), range(30, 60))
    assert found(careless, ds)["same-image"].count == 30


def test_stimuli_on_no_side_are_counted_with_the_reason():
    category = [f"c{i % 12}" for i in range(60)]
    category[0] = category[1] = ""
    ds = recording(category=category, missing=(5, 6, 7))
    features = scattered()
    features[7] = features[8] = np.nan
    folds = splits.make(ds, "category", features=features)
    told = found(folds, ds, features)["left-out"]
    assert told.level == "green"
    assert told.message == (
        "6 of 60 stimuli are in no set: 3 without a usable response, 1 without finite "
        "features, 2 for which this kind of split has no place."
    )


def test_progress_rises_to_one_and_may_cancel():
    told = []
    ds = recording(images=own_images())
    folds = splits.make(ds, "kfold", k=3)
    splits.audit(folds, ds, scattered(), progress=lambda done, message: told.append(done))
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] == 1.0

    def cancel(done, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        splits.audit(folds, ds, progress=cancel)


def test_badge_is_the_worst_level():
    def finding(level):
        return splits.Finding("x", level, "X", "x.")

    assert splits.LEVELS == ("green", "unchecked", "amber", "red")
    assert splits.badge([finding("green"), finding("amber")]) == "amber"
    assert splits.badge([finding("red"), finding("amber"), finding("green")]) == "red"
    assert splits.badge([finding("green")]) == "green"
    assert splits.badge([finding("green"), finding("unchecked")]) == "unchecked"
    assert splits.badge([finding("amber"), finding("unchecked")]) == "amber"
    with pytest.raises(InputError, match="no findings"):
        splits.badge([])


@pytest.mark.parametrize(
    ("folds", "options", "message"),
    [
        ([], {}, "no fold"),
        (["image"], {}, "no fold"),
        ([splits.Fold([0], [], [60])], {}, "names the row 60; Planted has 60 stimuli"),
        ([splits.Fold([0], [1], [])], {}, "empty test set"),
        ([FOLD], {"features": np.ones((59, 3))}, "has 59 rows"),
        ([FOLD], {"near": 1.5}, "near is 1.5"),
        ([FOLD], {"near": float("nan")}, "near is nan"),
        ([FOLD], {"clusters": 1}, "clusters is 1"),
        ([FOLD], {"seed": -1}, "seed is -1"),
        ([FOLD], {"fitted_on": np.ones(60, dtype=bool)}, "flatnonzero"),
        ([FOLD], {"fitted_on": [60]}, "fitted_on names the row 60"),
    ],
)
def test_refusals_say_what_to_do(folds, options, message):
    with pytest.raises(InputError, match=message):
        splits.audit(folds, recording(), **options)
