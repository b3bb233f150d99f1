"""Training by gradient and in closed form: heads, seeds, schedules, losses that break, rows."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import Ridge

from core import datasets, decoders, encoders, ridge
from core.decoders import losses
from core.decoders.training import batches, gradient
from core.decoders.training.batches import targets_of
from core.decoders.training.data import as_opened
from core.decoders.training.gradient import Training
from core.decoders.training.train import fit, trained
from core.errors import Cancelled, InputError, NeurogalleryError
from core.progress import silent
from tests.core.decoders import planted
from tests.core.decoders.planted import same

NARROW = {"width": 32, "heads": 4, "hidden": 64, "depth": 2, "dropout": 0.0}
TRAINED = {
    "linear": {},
    "mlp": {"width": 64},
    "fc_attention": {"width": 32, "heads": 2},
    "clip_mused": NARROW,
    "aligned_linear": {"width": 32},
    "roi_transformer": NARROW,
}
AUGMENTED = {"virtual": 0.5, "noise": 0.3, "mix": 0.15}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def recording():
    planted.save()


def two_way(run):
    table = decoders.evaluate(run, baselines=False, permutations=1, resamples=1)
    return table.set_index("measure").loc["two-way", "value"]


@pytest.mark.parametrize("start", ["whitened_ridge", "ridge"])
def test_a_tuned_ridge_begins_where_its_head_in_closed_form_ends(start, recording):
    closed = decoders.train(planted.config(start))
    slow = {"epochs": 1, "learning_rate": 1e-7, "weight_decay": 0.0}
    config = planted.config("tuned_ridge", head_parameters={"start": start}, training=slow)
    tuned = decoders.train(config)
    for name, values in closed.state.items():
        np.testing.assert_allclose(tuned.state[name], values, atol=1e-5)
    assert len(tuned.curve) == 1
    assert ("shrinkage" in closed.facts) == (start == "whitened_ridge")


def test_a_tuned_ridge_goes_on_from_its_checkpoint_and_solves_nothing_again(
    recording, tmp_path, monkeypatch
):
    config = planted.config("tuned_ridge", training={"epochs": 3})
    with monkeypatch.context() as patch:
        patch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "other"))
        whole = decoders.train(config)
    with pytest.raises(Cancelled):
        decoders.train(config, planted.cancel_after(2))
    monkeypatch.setattr("core.decoders.training.train._solved", pytest.fail)
    assert same(decoders.train(config), whole)


@pytest.mark.parametrize("head", TRAINED)
def test_a_head_beats_chance_on_images_of_new_categories(head, recording):
    run = decoders.train(
        planted.config(head, head_parameters=TRAINED[head], training={"epochs": 12})
    )
    curve = run.curve
    assert len(curve) == 12
    assert run.facts["stopped"] == "all 12 epochs"
    assert min(row["validation"] for row in curve) == run.facts["validation"]
    assert curve[-1]["training"] < curve[0]["training"]
    assert not run.partial
    assert two_way(run) > 0.7


@pytest.mark.parametrize("trials", ["mean", "all"])
def test_ridge_is_that_of_core_and_of_scikit_learn(trials):
    planted.save(repeats=2)
    run = decoders.train(planted.config("ridge", training={"trials": trials}))
    data = decoders.prepare(run.config)
    rows = data.rows(data.fold.train, trials, run.scaling)
    tested = data.rows(data.fold.test, "mean", run.scaling)
    targets = targets_of(data.embeddings, run.centre)[rows.stimulus]
    predicted = run.predict(tested.x, tested.subject)
    ours = ridge.fit(rows.x, targets, np.logspace(0, 6, 13))
    theirs = Ridge(alpha=ours.alpha).fit(rows.x.astype(np.float64), targets)
    assert run.facts["alpha"] == ours.alpha
    assert len(rows.x) == len(data.fold.train) * {"mean": 1, "all": 2}[trials]
    np.testing.assert_allclose(predicted, ours.predict(tested.x), atol=1e-5)
    np.testing.assert_allclose(predicted, theirs.predict(tested.x), atol=1e-5)


def test_the_same_config_is_trained_once(recording, monkeypatch):
    first = decoders.train(planted.config("mlp"))
    solved = decoders.train(planted.config("ridge"))
    module = sys.modules["core.decoders.training.train"]  # the package has a function of that name
    monkeypatch.setattr(module, "_by_gradient", None)
    monkeypatch.setattr(module, "_closed_form", None)
    again = decoders.train(planted.config("mlp"))
    assert again.key == first.key
    assert again.curve == first.curve
    assert same(again, first)
    assert same(decoders.train(planted.config("ridge")), solved)
    with pytest.raises(TypeError):
        decoders.train(planted.config("mlp", seed=1))


def test_a_seed_decides_the_weights(recording, monkeypatch, tmp_path):
    settings = {"training": AUGMENTED}
    first = decoders.train(planted.config("mlp", **settings))
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "fresh"))
    assert decoders.load(first.key) is None
    torch.manual_seed(1234)
    again = decoders.train(planted.config("mlp", **settings))
    other = decoders.train(planted.config("mlp", seed=1, **settings))
    assert same(first, again)
    assert not same(first, other)


# --- how long, how fast, how exact


def test_training_stops_when_validation_gets_no_better():
    planted.save(linear=False)
    settings = {"epochs": 200, "patience": 3, "learning_rate": 0.03}
    run = decoders.train(planted.config("mlp", training=settings))
    losses = [row["validation"] for row in run.curve]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 3 < 200
    assert run.facts["best_epoch"] == best + 1
    assert run.facts["stopped"] == "no lower validation loss for 3 epochs"
    brief = decoders.train(
        planted.config("mlp", training={**settings, "schedule": "constant", "epochs": 1})
    )
    assert brief.facts["stopped"] == "all 1 epochs"


def test_the_weights_kept_are_those_of_the_best_epoch():
    planted.save(linear=False)
    settings = {"epochs": 12, "learning_rate": 0.03, "schedule": "constant"}
    run = decoders.train(planted.config(loss="mse", training=settings))
    assert run.facts["best_epoch"] < 12
    data = decoders.prepare(run.config)
    rows = data.rows(data.fold.validation, "mean", run.scaling)
    targets = targets_of(data.embeddings, run.centre)[rows.stimulus]
    error = float(np.square(run.predict(rows.x, rows.subject) - targets).mean())
    assert error == pytest.approx(run.facts["validation"], rel=1e-4)
    assert error < 0.99 * run.curve[-1]["validation"]


SCHEDULES = {
    "constant": [1, 1, 1, 1, 1, 1],
    # .01 + .99 (1 + cos(pi t)) / 2 at t = 0, 1/6, 1/3, 1/2, 2/3, 5/6
    "cosine": [1, 0.933683, 0.7525, 0.505, 0.2575, 0.076317],
    # up from .01 in a straight line to 1 at t = 1/3, then the cosine over what is left
    "one-cycle": [0.01, 0.505, 1, 0.855018, 0.505, 0.154982],
}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_learning_rates_are_those_of_the_schedule(schedule, recording):
    settings = {"epochs": 6, "batch": 1000, "learning_rate": 0.002, "schedule": schedule}
    run = decoders.train(planted.config(training=settings))
    rates = [row["learning_rate"] / 0.002 for row in run.curve]
    np.testing.assert_allclose(rates, SCHEDULES[schedule], atol=1e-6)


def test_bfloat16_trains_on_the_cpu(recording):
    exact, rounded = (
        decoders.train(planted.config("mlp", training={"precision": precision, "epochs": 8}))
        for precision in ("auto", "bfloat16")
    )
    assert rounded.key != exact.key
    assert (exact.facts["device"], rounded.facts["device"]) == ("cpu", "cpu, bfloat16")
    assert not same(exact, rounded)
    assert {array.dtype for array in rounded.state.values()} == {np.dtype(np.float32)}
    assert two_way(rounded) > 0.7


@pytest.mark.parametrize("name", ["weight_decay", "optimiser", "trials"])
def test_a_setting_changes_the_weights(name):
    planted.save(repeats=2)
    other = {"weight_decay": 1.0, "optimiser": "adam", "trials": "all"}
    runs = [decoders.train(planted.config(training=given)) for given in ({}, {name: other[name]})]
    assert not same(*runs)


# --- losses that are no numbers, memory that runs out


def breaking(monkeypatch, at):
    """From one step on (from 1), the step leaves NaN in the weights."""
    step, taken = Training._step, []

    def broken(self, batch):
        loss = step(self, batch)
        taken.append(1)
        if len(taken) >= at:
            with torch.no_grad():
                next(self.module.parameters()).fill_(torch.nan)
        return loss

    monkeypatch.setattr(Training, "_step", broken)


def steps_of(config):
    return -(-len(decoders.prepare(config).fold.train) // config.training["batch"])


@pytest.mark.parametrize(("at", "where"), [(1, "epoch 1, step 2"), (0, "epoch 1, validation")])
def test_a_loss_that_breaks_at_once_says_where(at, where, recording, monkeypatch):
    config = planted.config()
    breaking(monkeypatch, at or steps_of(config))
    with pytest.raises(NeurogalleryError, match=f"not a number in {where}.*learning rate"):
        decoders.train(config)
    assert decoders.entries() == []


def test_a_loss_that_breaks_later_keeps_the_earlier_weights(recording, monkeypatch, tmp_path):
    config = planted.config(training={"epochs": 9})
    with monkeypatch.context() as patch:
        patch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "other"))
        with pytest.raises(Cancelled):
            decoders.train(config, planted.cancel_after(2))
        (before,) = decoders.entries()
        before = decoders.load(before.key)
    breaking(monkeypatch, 2 * steps_of(config) + 1)
    run = decoders.train(config)
    where = "the loss is not a number in epoch 3, step 2; earlier weights are kept"
    assert run.facts["stopped"] == where
    assert len(run.curve) == 2
    assert not run.partial
    assert same(run, before)
    assert two_way(run) > 0.6


def test_a_validation_set_of_one_image_is_refused_for_gradient_heads():
    split = np.repeat(["train", "test"], [planted.PICTURES - 30, 30]).astype(object)
    planted.save(split=split)
    shares = {"validation": 0.006, "validation_by": "image"}
    config = planted.config("linear", split_parameters=shares)
    assert len(decoders.prepare(config).fold.validation) == 1
    with pytest.raises(InputError, match="validation set has one image"):
        decoders.train(config)
    assert decoders.train(planted.config("ridge", split_parameters=shares)).state


def test_the_loss_at_chance_is_that_of_equal_predictions(recording):
    """A head that gives every image the same embedding has this loss."""
    config = planted.config("mlp", loss=(("infonce", 2.0, {}), ("fuzzy", 1.0, {})))
    run = decoders.train(config)
    data = decoders.prepare(config)
    count = len(data.fold.validation)
    assert run.facts["compared"] == {"training": 32, "validation": count}
    alike = torch.ones(count, planted.DIMENSIONS)
    category = torch.from_numpy(data.category[data.fold.validation])
    same = losses.combined(config.loss)(alike, alike, category)
    assert run.chance_losses["validation"] == pytest.approx(3 * np.log(count))
    assert same.item() == pytest.approx(3 * np.log(count), rel=1e-4)
    assert decoders.train(planted.config("mlp", loss="mse")).chance_losses == {}
    assert decoders.train(planted.config("ridge")).chance_losses == {}


OUT_OF_MEMORY = {
    "CUDA": torch.cuda.OutOfMemoryError("CUDA out of memory. Tried 20 GiB.\nmore"),
    "MPS": RuntimeError("MPS backend out of memory (MPS allocated: 20 GiB)"),
    "CPU": RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 20 GiB"),
    "Python": MemoryError("Unable to allocate 20 GiB"),
}


@pytest.mark.parametrize("device", OUT_OF_MEMORY)
@pytest.mark.parametrize("where", [(gradient.Training, "_step"), (batches.DeviceSet, "__init__")])
def test_memory_that_runs_out_says_what_to_change(device, where, recording, monkeypatch):
    def full(*arguments):
        raise OUT_OF_MEMORY[device]

    monkeypatch.setattr(*where, full)
    message = r"Memory does not suffice for MLP.*20 GiB.*batch size \(32\)"
    with pytest.raises(NeurogalleryError, match=message):
        decoders.train(planted.config("mlp"))


def test_memory_that_runs_out_later_keeps_the_best_epoch(recording, monkeypatch):
    config = planted.config("mlp")
    whole, count = gradient.Training._step, iter(range(1000))

    def full(self, batch):
        if next(count) == 2 * steps_of(config):
            raise OUT_OF_MEMORY["CPU"]
        return whole(self, batch)

    monkeypatch.setattr(gradient.Training, "_step", full)
    with pytest.raises(NeurogalleryError, match="Memory does not suffice"):
        decoders.train(config)
    (entry,) = decoders.entries()
    assert decoders.load(entry.key).partial
    assert len(decoders.load(entry.key).curve) == 2


def test_other_errors_of_torch_stay_what_they_are(recording, monkeypatch):
    def wrong(*arguments):
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(gradient.Training, "_step", wrong)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        decoders.train(planted.config("mlp"))


# --- augmentation


@pytest.mark.parametrize("name", [*AUGMENTED, "virtual_weights"])
def test_augmentation_changes_training_and_still_learns(name, recording):
    weights = name == "virtual_weights"
    before = {"virtual": 0.5} if weights else {}
    added = {name: "renormalised" if weights else AUGMENTED[name]}
    plain = decoders.train(planted.config(training=before))
    run = decoders.train(planted.config(training=before | added))
    assert not same(run, plain)
    assert two_way(run) > 0.6


@pytest.fixture
def gallery(monkeypatch):
    """Gives the recording a gallery, three images a category, and a way to change some."""
    folder = planted.save()
    (folder / "gallery").mkdir()
    names = [f"c{number:02}" for number in range(planted.CATEGORIES) for _ in range(3)]
    table = pd.DataFrame({"id": [f"g{row}" for row in range(len(names))], "category": names})
    table.to_csv(folder / "gallery" / "gallery.csv", index=False)
    rows = np.random.default_rng(4).normal(size=(len(names), planted.DIMENSIONS))
    encode = encoders.encode_images

    def fake(ds, encoder, which="stimuli", progress=None, device=None, **parameters):
        return rows if which == "gallery" else encode(ds, encoder, which, progress, device)

    monkeypatch.setattr(encoders, "encode_images", fake)
    return np.array(names), rows


def test_the_library_takes_images_of_training_categories_alone(gallery, monkeypatch, tmp_path):
    names, rows = gallery
    runs = []
    for number, changed in enumerate([None, "c17", "c00"]):
        monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / str(number)))
        rows[names == changed] *= -1
        runs.append(decoders.train(planted.config(training={"library": 1.0}, seed=2)))
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])
    assert not same(runs[0], decoders.train(planted.config(seed=2)))


def test_the_library_is_refused_where_test_categories_are_trained(gallery):
    config = planted.config(split="image", training={"library": 0.1})
    message = r"would show 13 test categories: c00, c02.*Divide the images by category"
    with pytest.raises(InputError, match=message):
        decoders.train(config)


def test_the_library_serves_the_simulated_recording(monkeypatch):
    def fake(ds, encoder, which="stimuli", progress=None, device=None, **parameters):
        table = ds.gallery if which == "gallery" else ds.stimuli
        return np.random.default_rng(len(table)).normal(size=(len(table), 6)).astype(np.float32)

    monkeypatch.setattr(encoders, "encode_images", fake)
    plain, library = (
        decoders.train(
            planted.config(
                dataset="simulated",
                encoder="pixels",
                options={"stimuli": 200, "subjects": 1},
                training={"epochs": 2, "virtual": 0.3, "library": share},
            )
        )
        for share in (0.0, 0.5)
    )
    assert len(library.curve) == 2
    assert not same(plain, library)


def test_material_that_is_open_is_not_opened_again(recording, monkeypatch):
    data = decoders.prepare(planted.config("ridge"))
    config = as_opened(planted.config("ridge"), data)
    monkeypatch.setattr(datasets, "load_with", None)
    run = trained(config, data)
    assert run.key == decoders.run_key(config, data)
    assert same(run, fit(config, data, silent))
