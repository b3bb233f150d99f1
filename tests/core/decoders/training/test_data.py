"""What a decoder is given: settings that are checked, rows that never see the test set."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from core import datasets, decoders, ridge, splits
from core.decoders import Config
from core.decoders.training import batches
from core.decoders.training.batches import Augmented, DeviceSet, targets_of
from core.decoders.training.data import layout_of
from core.errors import InputError, NeurogalleryError, NotFoundError
from tests.core.decoders import planted


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


# --- settings


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"training": {"speed": 1}}, InputError, "no setting 'speed'.*Choices: trials, epochs"),
        ({"training": {"epochs": 0}}, InputError, "epochs is 0.*from 1 to 2000"),
        ({"training": {"schedule": "slow"}}, InputError, "'slow'.*constant, cosine, one-cycle"),
        ({"head": "giant"}, NotFoundError, "'giant'.*Choices: whitened_ridge, ridge, linear"),
        (
            {"head_parameters": {"depth": 3}},
            InputError,
            "whitened_ridge has no parameter 'depth'.*smallest",
        ),
        ({"loss": ("hinge",)}, NotFoundError, "'hinge'.*Choices: infonce, softclip"),
        ({"loss": (("mse", -1.0, {}),)}, InputError, "weight of mse is -1.0.*positive"),
        ({"loss": (("mse", 1.0, {"margin": 1}),)}, InputError, "no parameter 'margin'"),
        ({"split": "half"}, NotFoundError, "'half'.*Choices: .*recorded"),
        ({"split_parameters": {"share": 1}}, InputError, "no parameter 'share'.*validation"),
        ({"encoder": "eye"}, NotFoundError, "'eye'.*Choices"),
        ({"seed": -1}, InputError, "seed is -1"),
        ({"subjects": ("s1", "s1")}, InputError, "named twice"),
        ({"subjects": ("s1", "s2")}, InputError, "not tell 2 subjects apart.*clip_mused"),
    ],
)
def test_settings_are_checked_before_anything_is_computed(changes, error, message):
    with pytest.raises(error, match=message):
        Config("simulated", **changes)


def test_one_name_by_itself_is_not_its_letters():
    config = Config("simulated", subjects="s1", rois="V1", loss="mse")
    assert (config.subjects, config.rois) == (("s1",), ("V1",))
    assert config.loss == (("mse", 1.0, {}),)


def test_json_gives_the_same_config_back():
    config = planted.config(
        "clip_mused", subjects=("s1", "s2"), rois=("A", "B"), seed=3, loss=(("fuzzy", 0.5, {}),)
    )
    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config
    with pytest.raises(InputError, match=r"no 'depth'.*Choices: dataset"):
        Config.from_json({"dataset": "simulated", "depth": 1})
    with pytest.raises(InputError, match="No recording is named"):
        Config.from_json({})


def test_in_closed_form_neither_loss_nor_epochs_make_another_run():
    planted.save()
    keys = [
        decoders.run_key(one, decoders.prepare(one))
        for head in ("ridge", "linear")
        for one in (planted.config(head), planted.config(head, loss="mse", training={"epochs": 9}))
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


# --- sides


def test_scaling_and_centre_are_those_of_the_training_rows():
    planted.save(change=_constant_unit)
    data = decoders.prepare(planted.config())
    ds, rows = data.opened[0], data.fold.train
    expected = ds.responses()[rows].astype(np.float64)
    scaling = data.scaling("mean")
    np.testing.assert_allclose(scaling.mean[0], expected.mean(axis=0), atol=1e-5)
    assert scaling.deviation[0, 5] == 1
    others = np.arange(planted.UNITS) != 5
    np.testing.assert_allclose(
        scaling.deviation[0, others], expected.std(axis=0)[others], rtol=1e-5
    )
    embeddings = ds.embeddings["truth"][rows]
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    np.testing.assert_allclose(data.centre(), unit.mean(axis=0), atol=1e-6)
    x = data.rows(rows, "mean", scaling).x
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0)[others], 1, atol=1e-5)


def _constant_unit(responses, embeddings, tested):
    responses[:, 5] = 7


def _almost_constant(responses, embeddings, tested):
    rng = np.random.default_rng(8)
    responses[:, 5] = np.float32(700) * (1 + 2.0**-23 * rng.integers(-1, 2, len(responses)))
    responses[tested, 5] += 3
    responses[:, 6] = 700 + 0.01 * rng.normal(size=len(responses))
    responses[:, 7] *= 1e-12
    responses[:, 8] = 0


def test_a_unit_that_varies_by_rounding_alone_is_not_blown_up():
    planted.save(change=_almost_constant)
    data = decoders.prepare(planted.config())
    train = data.opened[0].responses()[data.fold.train].astype(np.float64)
    assert 0 < train[:, 5].std() < 1e-4
    scaling = data.scaling("mean")
    assert scaling.deviation[0, [5, 8]].tolist() == [1, 1]
    small = train[:, [6, 7]].std(axis=0)
    np.testing.assert_allclose(scaling.deviation[0, [6, 7]], small, rtol=1e-5)
    tested = data.rows(data.fold.test, "mean", scaling).x
    np.testing.assert_allclose(tested[:, 5], 3, atol=1e-3)
    assert np.abs(tested).max() < 10


def _wild(responses, embeddings, tested):
    rng = np.random.default_rng(9)
    responses[tested] = 1e6 * rng.normal(size=responses[tested].shape)
    embeddings[tested[: len(embeddings)]] = 1e3 * rng.normal(size=(tested.sum(), 8))


@pytest.mark.parametrize("head", ["ridge", "mlp"])
def test_nothing_of_the_test_set_reaches_the_weights(head):
    planted.save()
    run = decoders.train(planted.config(head))
    planted.save(change=_wild)
    other = decoders.train(planted.config(head))
    assert run.key != other.key
    assert np.array_equal(run.centre, other.centre)
    for ours, theirs in zip(run.scaling, other.scaling, strict=True):
        assert np.array_equal(ours, theirs)
    for name in run.state:
        assert np.array_equal(run.state[name], other.state[name])


def test_every_trial_or_their_mean():
    planted.save(repeats=3)
    data = decoders.prepare(planted.config())
    rows, scaling = data.fold.train, data.scaling("all")
    mean, single = (data.rows(rows, trials, scaling) for trials in ("mean", "all"))
    assert mean.stimulus.tolist() == rows.tolist()
    assert sorted(single.stimulus) == sorted(np.repeat(rows, 3))
    own = single.x[single.stimulus == rows[4]]
    np.testing.assert_allclose(own.mean(axis=0), mean.x[4], atol=1e-5)
    assert (data.scaling("mean").deviation < scaling.deviation).all()


def _some_missing(responses, embeddings, tested):
    responses[[3, 40, -1]] = np.nan


def _units_missing(responses, embeddings, tested):
    responses[:, 3] = np.nan
    responses[7, 20] = np.nan


def test_a_decoder_goes_without_the_unit_and_drops_a_trial_for_its_roi_alone():
    planted.save(change=_units_missing, subjects=("s1", "s2"))
    path = datasets.load(planted.NAME, "s2").info.where / "responses" / "s2.npy"
    np.save(path, np.nan_to_num(np.load(path)))
    for rois, units, rows in ((["A"], 13, 216), (["B"], 10, 215), (["A", "B"], 23, 215)):
        data = decoders.prepare(planted.config(subjects=("s1",), rois=rois))
        assert 7 in data.fold.rows
        assert (len(data.layout.units[0]), data.shape.units) == (units, units)
        assert 3 not in data.layout.units[0]
        x = data.rows(np.arange(planted.PICTURES), "mean", data.scaling("mean")).x
        assert len(x) == rows
        assert np.isfinite(x).all()
    both = decoders.prepare(planted.config("clip_mused", subjects=("s1", "s2"), rois=["A"]))
    assert [len(units) for units in both.layout.units] == [13, 14]
    table = decoders.evaluate(
        decoders.train(planted.config("ridge", subjects=("s1",), rois=["A"])), baselines=False
    )
    assert table.set_index("measure").loc["two-way", "value"] > 0.8


def test_missing_responses_are_left_out():
    planted.save(change=_some_missing)
    data = decoders.prepare(planted.config())
    assert not {3, 40, planted.PICTURES - 1} & set(data.fold.rows)
    everything = data.rows(np.arange(planted.PICTURES), "mean", data.scaling("mean"))
    assert len(everything.x) == planted.PICTURES - 3
    assert np.isfinite(everything.x).all()


@pytest.mark.parametrize("unknown", [np.nan, None, " "])
def test_categories_are_read_as_the_splits_read_them(unknown, monkeypatch):
    planted.save()
    plain = decoders.prepare(planted.config())
    load = datasets.load_with

    def changed(name, subject, options):
        ds = load(name, subject, options)
        category = ds.stimuli["category"].astype(object)
        category.iloc[:3] = [" c00", "c00\t", unknown]
        return replace(ds, stimuli=ds.stimuli.assign(category=category))

    monkeypatch.setattr(datasets, "load_with", changed)
    data = decoders.prepare(planted.config())
    assert data.names == plain.names
    assert data.category[:4].tolist() == [0, 0, -1, 0]
    assert np.array_equal(data.category[3:], plain.category[3:])
    assert data.category.dtype == np.int64


def test_empty_sides_and_folds_that_are_not_there_are_told():
    planted.save()
    kfold = planted.config(fold=3, split="kfold", split_parameters={"k": 3})
    with pytest.raises(InputError, match=r"There is no fold 3.*0 to 2"):
        decoders.train(kfold)
    planted.save(split="train")
    with pytest.raises(InputError, match="No usable stimulus is in the test set"):
        decoders.train(planted.config())


def test_one_category_alone_cannot_be_divided_by_category():
    table = planted.save() / "stimuli.csv"
    pd.read_csv(table).assign(category="cat").to_csv(table, index=False)
    with pytest.raises(InputError, match="at least three categories"):
        decoders.train(planted.config(split="category"))


@pytest.mark.parametrize("name", ["noise", "mix", "virtual"])
def test_batches_are_augmented(name):
    planted.save()
    data = decoders.prepare(planted.config())
    rows = data.rows(data.fold.train, "mean", data.scaling("mean"))
    side = DeviceSet(rows, targets_of(data.embeddings, data.centre()), data.category, "cpu")
    plain, changed = (
        next(
            Augmented(
                side, planted.config(training=given), None, torch.Generator().manual_seed(0)
            ).epoch()
        )
        for given in ({}, {name: 0.5})
    )
    assert not torch.equal(plain.x, changed.x)
    mixed = name == "mix"
    assert torch.equal(plain.target, changed.target) != mixed
    assert torch.equal(plain.category, changed.category) != mixed
    untouched = (plain.x == changed.x).all(dim=1).float().mean()
    assert 0.2 < untouched < 0.8 if name == "virtual" else untouched < 0.1
    if name == "noise":
        assert (changed.x - plain.x).std().item() == pytest.approx(0.5, abs=0.05)


# --- several subjects


def _two_subjects():
    """Regions A and B: three and two units of s1, one and three of s2."""
    folder = planted.save(subjects=("s1", "s2"))
    regions = {"s1": {"A": [0, 1, 2], "B": [3, 4]}, "s2": {"A": [1], "B": [0, 2, 3]}}
    for subject, units in (("s1", 5), ("s2", 4)):
        path = folder / "responses" / f"{subject}.npy"
        np.save(path, np.load(path)[:, :units])
        (folder / "rois" / f"{subject}.json").write_text(json.dumps(regions[subject]))
    return folder


def test_regions_of_subjects_stand_in_the_same_columns():
    _two_subjects()
    opened = [datasets.load(planted.NAME, subject) for subject in ("s1", "s2")]
    layout = layout_of(opened, ("A", "B"), groups=8)
    assert (layout.width, layout.groups) == (6, ((0, 3), (3, 6)))
    assert [columns.tolist() for columns in layout.columns] == [[0, 1, 2, 3, 4], [0, 3, 4, 5]]
    assert [units.tolist() for units in layout.units] == [[0, 1, 2, 3, 4], [1, 0, 2, 3]]
    whole = layout_of(opened, (), groups=2)
    assert (whole.width, whole.groups) == (5, ((0, 2), (2, 5)))
    assert [columns.tolist() for columns in whole.columns] == [[0, 1, 2, 3, 4], [0, 1, 2, 3]]


def test_units_that_a_subject_lacks_are_zero():
    _two_subjects()
    two = planted.config("clip_mused", subjects=("s1", "s2"), rois=("A", "B"))
    data = decoders.prepare(two)
    scaling, train = data.scaling("mean"), data.fold.train
    rows = data.rows(train, "mean", scaling)
    assert rows.subject.tolist() == [0] * len(train) + [1] * len(train)
    assert (rows.x[rows.subject == 0][:, 5] == 0).all()
    second = rows.x[rows.subject == 1]
    assert (second[:, [1, 2]] == 0).all()
    own = data.opened[1].responses()[train]
    expected = (own - own.mean(axis=0)) / own.std(axis=0)
    np.testing.assert_allclose(second[:, [0, 3, 4, 5]], expected[:, [1, 0, 2, 3]], atol=1e-5)


def test_subjects_with_other_stimuli_are_refused(monkeypatch):
    planted.save(subjects=("s1", "s2"))
    load = datasets.load_with
    fewer = [f"p{number:03}" for number in range(100)]
    other = {"s1": lambda ds: ds, "s2": lambda ds: ds.subset(fewer)}
    monkeypatch.setattr(datasets, "load_with", lambda name, who, o: other[who](load(name, who, o)))
    with pytest.raises(InputError, match="s1 and s2 saw different stimuli"):
        decoders.prepare(planted.config("clip_mused", subjects=("s1", "s2")))


def test_a_subject_without_training_responses_is_named():
    folder = planted.save(subjects=("s1", "s2"))
    path = folder / "responses" / "s2.npy"
    np.save(path, np.full_like(np.load(path), np.nan))
    with pytest.raises(InputError, match="s2 has no usable response in the training set"):
        decoders.train(planted.config("clip_mused", subjects=("s1", "s2")))


def test_a_recording_of_rdms_alone_is_refused():
    folder = planted.save()
    for path in (folder / "responses").iterdir():
        path.unlink()
    with pytest.raises(NeurogalleryError, match=r"None of the 216 stimuli.*usable response"):
        decoders.train(planted.config())


def test_targets_keep_zeros():
    rows = targets_of(np.array([[3.0, 4.0], [0.0, 0.0]]), np.zeros(2))
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]], rtol=1e-6)


def test_targets_are_computed_part_by_part(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    centre = np.array([0.1, 0.0, -0.2], dtype=np.float32)
    whole = targets_of(rows, centre)
    monkeypatch.setattr(batches, "AT_ONCE", 4)
    assert np.array_equal(targets_of(rows, centre), whole)


def test_the_fold_is_that_of_splits():
    planted.save()
    config = planted.config(split="kfold", split_parameters={"k": 3}, fold=1, seed=5)
    data = decoders.prepare(config)
    expected = splits.make(data.opened[0], "kfold", 5, data.embeddings, k=3)[1]
    for side in splits.SETS:
        assert np.array_equal(getattr(data.fold, side), getattr(expected, side))


# --- units with a noise ceiling


def unreliable(responses, embeddings, tested):
    """Units 20 to 23 are noise in the training set, and perfect in the test set."""
    rng = np.random.default_rng(9)
    responses[:, 20:] = np.where(
        tested[:, None], responses[:, 20:], 9 * rng.normal(size=(len(tested), 4))
    )


@pytest.mark.parametrize("head", ["ridge", "linear"])
def test_units_are_chosen_by_their_noise_ceiling_in_the_training_set(head):
    planted.save(noise=0.1, repeats=3, change=unreliable)
    run = decoders.train(planted.config(head, training={"noise_ceiling": 40}))
    assert np.isinf(run.scaling.deviation[0]).tolist() == [False] * 20 + [True] * 4
    stored = decoders.load(run.key)
    np.testing.assert_array_equal(stored.scaling.deviation, run.scaling.deviation)
    data = decoders.prepare(run.config)
    rows = data.rows(data.fold.test, "mean", stored.scaling)
    assert (rows.x[:, 20:] == 0).all()
    assert (rows.x[:, :20] != 0).all()
    everything = decoders.train(planted.config(head))
    assert everything.key != run.key
    assert np.isfinite(everything.scaling.deviation).all()


def test_ridge_on_the_units_that_are_left_is_ridge_on_them_alone():
    planted.save(noise=0.1, repeats=3, change=unreliable)
    run = decoders.train(planted.config("ridge", training={"noise_ceiling": 40}))
    data = decoders.prepare(run.config)
    rows = data.rows(data.fold.train, "mean", run.scaling)
    targets = targets_of(data.embeddings, run.centre)[rows.stimulus]
    alone = ridge.fit(rows.x[:, :20], targets, [run.facts["alpha"]])
    tested = data.rows(data.fold.test, "mean", run.scaling)
    predicted = run.predict(tested.x, tested.subject)
    np.testing.assert_allclose(predicted, alone.predict(tested.x[:, :20]), atol=1e-4)


def test_what_happens_in_the_test_set_chooses_no_unit():
    def other(responses, embeddings, tested):
        unreliable(responses, embeddings, tested)
        responses[tested] = 0.0

    config = planted.config("ridge", training={"noise_ceiling": 40})
    scalings = []
    for change in (unreliable, other):
        planted.save(noise=0.1, repeats=3, change=change)
        scalings.append(decoders.prepare(config).scaling(**config.whatever_head))
    np.testing.assert_array_equal(scalings[0].deviation, scalings[1].deviation)
    np.testing.assert_array_equal(scalings[0].mean, scalings[1].mean)


def test_a_trial_that_lacks_an_unused_unit_is_kept():
    def lacking(responses, embeddings, tested):
        unreliable(responses, embeddings, tested)
        responses[::7, 22] = np.nan

    planted.save(noise=0.1, repeats=3, change=lacking)
    config = planted.config("ridge", training={"noise_ceiling": 40, "trials": "all"})
    data = decoders.prepare(config)
    rows = data.rows(data.fold.train, "all", data.scaling(**config.whatever_head))
    assert len(rows.x) == 3 * len(data.fold.train)


def test_no_unit_as_good_and_no_repeats_are_said():
    planted.save(noise=3.0, repeats=3)
    config = planted.config("ridge", training={"noise_ceiling": 99})
    with pytest.raises(InputError, match=r"No unit of s1 has a noise ceiling of 99 %.*at most"):
        decoders.train(config)
    planted.save(repeats=1)
    with pytest.raises(InputError, match="0 stimuli have two usable repeats"):
        decoders.train(config)
