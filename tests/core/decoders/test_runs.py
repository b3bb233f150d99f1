"""Runs that are interrupted and go on as if they had not been."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, safe_open, save_file

from core import decoders, paths, store
from core.decoders import runs
from core.decoders.scoring import score_table as scored
from core.decoders.training import gradient
from core.decoders.training import train as training
from core.decoders.training.batches import targets_of
from core.errors import Cancelled, CorruptDataError, NeurogalleryError
from core.jobs.process import Terminated
from tests.core.decoders import planted
from tests.core.decoders.planted import full_disk, same

SETTINGS = {"epochs": 6, "noise": 0.3, "mix": 0.15, "virtual": 0.4}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def recording():
    planted.save(noise=1.0)


def config(**training):
    """An MLP with dropout, two residual blocks and a learned temperature."""
    head = {"width": 24, "blocks": 2}
    return planted.config("mlp", head_parameters=head, training=SETTINGS | training)


def folder_of(key):
    return paths.results_root() / "training" / key


def untimed(curve):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in curve]


def interrupt(epochs, made=None, error=Cancelled):
    with pytest.raises(error):
        decoders.train(made or config(), planted.cancel_after(epochs, error))
    (folder,) = (paths.results_root() / "training").iterdir()
    return folder / gradient.CHECKPOINT


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """The run that was never interrupted, made in other folders."""
    with monkeypatch.context() as patch:
        patch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "whole"))
        return decoders.train(config())


# --- interrupted


@pytest.mark.parametrize("epochs", [1, 4])
def test_a_cancelled_training_keeps_its_best_and_goes_on_as_if_nothing_had_been(epochs, whole):
    checkpoint = interrupt(epochs)
    partial = decoders.load(whole.key)
    assert partial.partial
    assert partial.facts["stopped"] == "cancelled"
    assert untimed(partial.curve) == untimed(whole.curve)[:epochs]
    assert partial.facts["validation"] == min(row["validation"] for row in partial.curve)
    assert checkpoint.is_file()
    torch.manual_seed(99)
    torch.rand(7)
    run = decoders.train(config())
    assert not run.partial
    assert run.facts["stopped"] == "all 6 epochs"
    assert untimed(run.curve) == untimed(whole.curve)
    assert same(run, whole)
    assert not checkpoint.exists()


def test_the_partial_run_holds_the_best_weights_so_far():
    planted.save(linear=False)
    settings = {"epochs": 40, "learning_rate": 0.05, "schedule": "constant"}
    checkpoint = interrupt(20, planted.config(loss="mse", training=settings))
    run = decoders.load(checkpoint.parent.name)
    assert run.facts["best_epoch"] < len(run.curve) == 20
    data = decoders.prepare(run.config)
    rows = data.rows(data.fold.validation, "mean", run.scaling)
    targets = targets_of(data.embeddings, run.centre)[rows.stimulus]
    error = float(np.square(run.predict(rows.x, rows.subject) - targets).mean())
    assert error == pytest.approx(min(row["validation"] for row in run.curve), rel=1e-4)


def test_a_cancel_before_the_first_epoch_leaves_no_run(whole):
    checkpoint = interrupt(0)
    assert decoders.load(whole.key) is None
    assert checkpoint.is_file()
    assert same(decoders.train(config()), whole)


def test_a_killed_training_goes_on_from_its_last_checkpoint(whole, monkeypatch):
    monkeypatch.setattr(gradient, "SAVE_EVERY_S", 0.0)
    interrupt(3, error=KeyboardInterrupt)
    assert decoders.load(whole.key) is None
    assert untimed(decoders.live_curve(folder_of(whole.key))) == untimed(whole.curve)[:3]
    monkeypatch.setattr(gradient, "TELL_EVERY_S", 3600.0)  # a busy machine tells more often
    told = []
    run = decoders.train(config(), lambda part, message: told.append(message))
    assert [message[:7] for message in told if message.startswith("Epoch")] == [
        f"Epoch {epoch}" for epoch in (4, 5, 6)
    ]
    assert untimed(run.curve) == untimed(whole.curve)
    assert same(run, whole)


def test_patience_counts_on_after_a_cancel(tmp_path, monkeypatch):
    made = config(epochs=200, patience=2, learning_rate=0.05, schedule="constant")
    with monkeypatch.context() as patch:
        patch.setenv("NEUROGALLERY_RESULTS", str(tmp_path / "whole"))
        whole = decoders.train(made)
    assert len(whole.curve) < 200
    interrupt(len(whole.curve) - 1, made)
    run = decoders.train(made)
    assert untimed(run.curve) == untimed(whole.curve)
    assert same(run, whole)
    assert run.facts["stopped"] == "no lower validation loss for 2 epochs"


def rewritten(checkpoint, change, sealed=True):
    """Write a checkpoint again after ``change(tensors, about)``, its checksum as well."""
    with safe_open(checkpoint, framework="pt") as file:
        about = json.loads(file.metadata()["about"])
    tensors = load_file(checkpoint)
    change(tensors, about)
    if sealed:
        about["checksum"] = gradient.checksum_of(tensors)
    save_file(tensors, checkpoint, {"about": json.dumps(about)})


class Interrupted:
    """A progress that raises at the n-th time it is told something within an epoch."""

    def __init__(self, at, error=Cancelled):
        self.left, self.error = at, error
        self.before = ""

    def __call__(self, fraction, message):
        within = message.startswith("Epoch") and message == self.before
        self.before = message
        self.left -= within
        if self.left == 0:
            raise self.error


@pytest.mark.parametrize("error", [Cancelled, Terminated])
def test_a_stop_within_an_epoch_keeps_the_best_and_changes_nothing(error, whole, monkeypatch):
    monkeypatch.setattr(gradient, "TELL_EVERY_S", 0.0)
    monkeypatch.setattr(gradient, "SAVE_EVERY_S", 0.0)
    with pytest.raises(error):
        decoders.train(config(), Interrupted(11, error))
    partial = decoders.load(whole.key)
    assert partial.partial
    assert untimed(partial.curve) == untimed(whole.curve)[: len(partial.curve)]
    assert 0 < len(partial.curve) < 6
    run = decoders.train(config())
    assert untimed(run.curve) == untimed(whole.curve)
    assert same(run, whole)


def test_a_cancel_does_not_replace_what_another_process_finished(whole, tmp_path):
    def meanwhile(fraction, message):
        if message.startswith("Epoch 3"):
            decoders.train(config(), folder=tmp_path / "other")
            raise Cancelled

    with pytest.raises(Cancelled):
        decoders.train(config(), meanwhile, tmp_path / "mine")
    run = decoders.load(whole.key)
    assert not run.partial
    assert same(run, whole)


def test_a_shorter_training_elsewhere_does_not_replace_a_longer_one(whole, tmp_path):
    for folder, epochs in (("long", 4), ("short", 2)):
        with pytest.raises(Cancelled):
            decoders.train(config(), planted.cancel_after(epochs), tmp_path / folder)
    assert len(decoders.load(whole.key).curve) == 4


def test_scores_of_other_weights_are_forgotten(tmp_path):
    checkpoint = interrupt(1)
    partial = decoders.load(checkpoint.parent.name)

    def score_meanwhile(fraction, message):
        if message.startswith("Epoch 4"):
            table = decoders.evaluate(partial, baselines=False, permutations=1, resamples=1)
            scored.save_table(table, partial.key, "images")

    run = decoders.train(config(), score_meanwhile)
    assert not run.partial
    assert scored.load_table(run.key) is None


def test_the_checkpoint_of_another_run_is_left_aside(whole, tmp_path):
    folder = tmp_path / "job"
    other = planted.config("linear", training={"epochs": 8})
    with pytest.raises(Cancelled):
        decoders.train(other, planted.cancel_after(2), folder)
    assert (folder / gradient.CHECKPOINT).is_file()
    run = decoders.train(config(), folder=folder)
    assert untimed(run.curve) == untimed(whole.curve)
    assert same(run, whole)


DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-50]),
    "empty": lambda path: path.write_bytes(b""),
    "another file": lambda path: save_file({"x": torch.zeros(2)}, path),
    "weights lost": lambda path: rewritten(path, lambda t, about: t.pop(_weights(t))),
    "random state lost": lambda path: rewritten(path, lambda t, about: t.pop("random.rows")),
    "weights changed": lambda path: rewritten(
        path, lambda t, about: t[_weights(t)].zero_(), sealed=False
    ),
    "curve lost": lambda path: rewritten(path, lambda t, about: about.pop("curve")),
}


def _weights(tensors):
    return next(name for name in tensors if name.startswith("module."))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_named(damage):
    checkpoint = interrupt(1)
    DAMAGES[damage](checkpoint)
    with pytest.raises(CorruptDataError, match=rf"{checkpoint.name} is damaged.*Remove it"):
        decoders.train(config())
    checkpoint.unlink()
    assert not decoders.train(config()).partial


def test_a_checkpoint_of_another_kind_of_device_serves_too():
    """The random state of CUDA has another size: it cannot be restored on the CPU."""

    def on_cuda(tensors, about):
        tensors |= {name: torch.zeros(16, dtype=torch.uint8) for name in RANDOM}
        about["device"] = "cuda"

    checkpoint = interrupt(3)
    partial = decoders.load(checkpoint.parent.name)
    rewritten(checkpoint, on_cuda)
    run = decoders.train(config())
    assert untimed(run.curve)[:3] == untimed(partial.curve)
    assert len(run.curve) == 6


RANDOM = ("random.rows", "random.torch")


# --- what version 0.1 stored


def test_a_decoder_of_version_0_1_says_parameters(whole):
    about = {name: value for name, value in whole.facts.items() if name != "parameters"}
    about["weights"] = whole.facts["parameters"]
    store.save(
        whole.key, runs.arrays_of(whole), {"title": "", **runs.describe(whole), "about": about}
    )
    assert decoders.load(whole.key).facts == whole.facts


def test_scores_keep_their_keys_and_are_read_in_the_words_of_today():
    key = "decoder-0123456789abcdef0123456789abcdef"
    former = "scores-a95b1fb2ddf32f0b5031f91ab53f1782"
    assert scored.table_key(key) == scored.table_key(key, "pictures") == former
    assert scored.table_key(key, "names") == "scores-c55ce1d468623062985d022afafb1262"
    columns = {"measure": ["two-way"], "pictures": [12], "permuted": ["pictures"]}
    store.save(former, {}, {"run": key, "table": columns, "badge": "green", "note": ""})
    table = scored.load_table(key)
    assert table.to_dict("records") == [{"measure": "two-way", "images": 12, "permuted": "images"}]
    assert table.attrs == {"badge": "green", "note": ""}


# --- a disk that fills


def test_a_full_disk_leaves_the_earlier_checkpoint(whole, monkeypatch):
    checkpoint = interrupt(2)
    before = checkpoint.read_bytes()
    monkeypatch.setattr(gradient, "SAVE_EVERY_S", 0.0)
    message = "checkpoint.safetensors cannot be written.*No space left.*Free space"
    with full_disk(monkeypatch, "checkpoint"), pytest.raises(NeurogalleryError, match=message):
        decoders.train(config())
    assert checkpoint.read_bytes() == before
    assert sorted(path.name for path in checkpoint.parent.iterdir()) == [
        gradient.CHECKPOINT,
        runs.CURVE,
    ]
    assert same(decoders.train(config()), whole)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NeurogalleryError, match=r"file.*cannot be written"):
        decoders.train(config(), folder=tmp_path / "file")


def test_a_decoder_keeps_the_session_whose_job_trained_it(monkeypatch):
    monkeypatch.setattr(runs, "session_at_work", lambda: "a")
    run = decoders.train(config(), device="cpu")
    assert runs.session_of(run.key) == "a"
    monkeypatch.setattr(runs, "session_at_work", lambda: "b")
    monkeypatch.setattr(training, "_judged", lambda run, data: run)
    info = SimpleNamespace(title="Mine")
    training._audited_again(run, SimpleNamespace(opened=[SimpleNamespace(info=info)]))
    assert runs.session_of(run.key) == "a"
    runs.save(run, "trained again")
    assert runs.session_of(run.key) == "b"
    monkeypatch.undo()
    assert runs.session_at_work() == ""
