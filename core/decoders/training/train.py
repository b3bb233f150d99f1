"""From a config to a trained decoder in the store."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import encoders, paths, store
from core.datasets import Dataset
from core.decoders import heads, losses
from core.decoders.config import Config
from core.decoders.runs import (
    AS_BASELINE,
    Run,
    load,
    make_folder,
    run_key,
    save,
    session_of,
    write,
)
from core.decoders.scoring.audits import audit, brief, is_former
from core.decoders.scoring.effects import measured
from core.decoders.training.data import Data, ResponseRows, as_opened, prepare
from core.errors import Cancelled, InputError, NeurogalleryError
from core.jobs.process import Terminated, session_at_work
from core.memory import is_shortage, reason_of
from core.progress import Progress, portion, silent

if TYPE_CHECKING:
    from core.decoders.training.gradient import Training

PREPARED, AUDITED = 0.1, 0.05
BEGUN = PREPARED + AUDITED


def train(
    config: Config,
    progress: Progress | None = None,
    folder: Path | None = None,
    device: str | None = None,
    as_baseline: bool = False,
    opened: Sequence[Dataset] = (),
) -> Run:
    """Train a decoder, or give the one that was trained before.

    Scaling of the responses, the centre of the embeddings and alpha of ridge come from the
    training set; the epoch that is kept has the least loss in the validation set. A
    cancel keeps the best weights so far under the same key, marked ``partial``, and the next
    call goes on from the last checkpoint.

    Parameters
    ----------
    config : Config
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``.
    folder : Path, optional
        For checkpoint and curve; by default one below the results, named by the key.
    device : {'cuda', 'mps', 'cpu'}, optional
        The best one where none is given; it does not enter the key.
    as_baseline : bool
        Nobody asked for this decoder itself: its facts say so, until someone does.
    opened : sequence of Dataset
        Recordings of its subjects that are open already, so that they are not opened again.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If the split has an empty set, subjects saw different stimuli, or a value does not fit.
    NeurogalleryError
        If the loss is not a number from the first epoch on, memory of the GPU does not
        suffice, or the disk is full.
    CorruptDataError
        If the checkpoint is damaged.
    """
    progress = progress or silent
    data = prepare(config, portion(progress, 0.0, PREPARED), opened)
    key = run_key(config, data)
    stored = load(key)
    if stored is not None and not stored.partial:
        if not as_baseline and stored.facts.pop(AS_BASELINE, False):
            write(stored, data.opened[0].info.title, session_at_work())
        return _audited_again(stored, data) if is_former(stored.audit) else stored
    config = as_opened(config, data)
    scaling, centre = data.scaling(**config.whatever_head), data.centre()
    findings = audit(data, config, portion(progress, PREPARED, BEGUN))
    marked = {AS_BASELINE: True} if as_baseline else {}
    empty = Run(key, config, data.shape, {}, scaling, centre, audit=brief(findings), facts=marked)
    title = data.opened[0].info.title
    if config.is_closed_form:
        progress(BEGUN, "Solving the regression")
        return save(_judged(_closed_form(empty, data), data), title)
    place = folder or paths.results_root() / "training" / key
    make_folder(place)
    store.sweep_parts(place)
    rest = portion(progress, BEGUN, 1.0)
    return _by_gradient(empty, data, rest, place, encoders.device(device), title)


def trained(
    config: Config, data: Data, progress: Progress = silent, device: str | None = None
) -> Run:
    """The decoder of prepared material: from the store without opening it again, else trained."""
    stored = load(run_key(config, data))
    if stored is not None and not stored.partial:
        return stored
    return train(config, progress, device=device, opened=data.opened)


def fit(config: Config, data: Data, progress: Progress, device: str | None = None) -> Run:
    """Train a decoder on material that is prepared already, and keep nothing of it.

    Neither the store nor the audit has a part in it: for controls, whose decoders nobody opens.
    Settings, errors and the decoder are those of ``train``.
    """
    scaling, centre = data.scaling(**config.whatever_head), data.centre()
    empty = Run("control", config, data.shape, {}, scaling, centre)
    if config.is_closed_form:
        return _closed_form(empty, data)
    with tempfile.TemporaryDirectory(prefix="neurogallery-") as place:
        training = _training(empty, data, Path(place), encoders.device(device))
        _begin(training, empty, data)
        _epochs(training, progress)
        return _kept(empty, training, training.stopped)


def _audited_again(run: Run, data: Data) -> Run:
    """A decoder of a former version with the findings of this one; its scores stay."""
    run = _judged(run, data)
    title = data.opened[0].info.title
    return write(run, title, session_of(run.key))


def _judged(run: Run, data: Data) -> Run:
    """The decoder with what the findings about its split do to its score."""
    return replace(run, audit=brief(measured(run, data, audit(data, run.config))))


def _closed_form(run: Run, data: Data) -> Run:
    began, config = time.monotonic(), run.config
    solved = _solved(run, data, config.head, config.head_parameters)
    module = heads.build(config.head, run.shape, **config.head_parameters)
    heads.fill(module, solved.weights, solved.intercept)
    facts = {
        "stopped": "solved in closed form",
        **solved.facts,
        "device": "cpu",
        "seconds": time.monotonic() - began,
    }
    return _with(run, module.state_dict(), [], facts)


def _solved(run: Run, data: Data, head: str, values: Mapping[str, Any]) -> heads.Solution:
    """What a head in closed form comes to on the training rows of a run."""
    from core.decoders.training.batches import targets_of

    solve = heads.HEADS[head].solve
    assert solve is not None
    rows = _rows(run, data, data.fold.train)
    targets = targets_of(data.embeddings, run.centre)
    return solve(rows.x, targets[rows.stimulus], rows.stimulus, values)


def _by_gradient(
    run: Run, data: Data, progress: Progress, folder: Path, device: str, title: str
) -> Run:
    from core.decoders.training.gradient import CHECKPOINT

    try:
        training = _training(run, data, folder, device)
        _begin(training, run, data)
    except (MemoryError, RuntimeError) as error:
        raise _explained(error, run) from error
    try:
        _epochs(training, progress)
    except (Cancelled, Terminated):
        training.save(always=True)
        _keep_best(run, training, title)
        raise
    except (MemoryError, RuntimeError) as error:
        _keep_best(run, training, title)
        raise _explained(error, run) from error
    kept = save(_judged(_kept(run, training, training.stopped), data), title)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return kept


def _explained(error: Exception, run: Run) -> Exception:
    """What to do where memory did not suffice; any other error as it is."""
    if not is_shortage(error):
        return error
    return NeurogalleryError(
        f"Memory does not suffice for {heads.HEADS[run.config.head].label} ({reason_of(error)})",
        remedy=f"Lower the batch size ({run.config.training['batch']}) or the width of the head.",
    )


def _keep_best(run: Run, training: Training, title: str) -> None:
    """Keep the best epoch so far, unless the store has the same decoder trained for longer."""
    stored = load(run.key)
    longer = stored is not None and (not stored.partial or len(stored.curve) >= len(training.curve))
    if training.curve and not longer:
        save(_kept(run, training, "cancelled", partial=True), title)


def _begin(training: Training, run: Run, data: Data) -> None:
    """Go on from the checkpoint; without one, from the weights that the head begins with."""
    training.resume()
    head, values = heads.HEADS[run.config.head], run.config.head_parameters
    if head.start is not None and not training.curve:
        first = head.start(values)
        solved = _solved(run, data, first, heads.HEADS[first].check({}))
        heads.fill(training.module, solved.weights, solved.intercept)


def _epochs(training: Training, progress: Progress) -> None:
    """Epochs until it is over."""
    epochs = training.settings["epochs"]

    def within(share: float) -> None:
        progress((len(training.curve) + share) / epochs, _message(training))

    while not training.is_over:
        within(0.0)
        training.epoch(within)
        training.save()


def _kept(run: Run, training: Training, stopped: str, partial: bool = False) -> Run:
    seconds = sum(row["seconds"] for row in training.curve)
    facts = {"stopped": stopped, "device": training.computed_on, "seconds": seconds}
    facts["compared"] = training.compared
    return _with(run, training.best, training.curve, facts, partial)


def _training(run: Run, data: Data, folder: Path, device: str) -> Training:
    import torch

    from core.decoders.training.batches import Augmented, DeviceSet, library_of, targets_of
    from core.decoders.training.gradient import Training

    config, settings = run.config, run.config.training
    targets = np.nan_to_num(targets_of(data.embeddings, run.centre))
    training, validation = (
        DeviceSet(rows, targets, data.category, device, data.text)
        for rows in (_training_rows(run, data), _rows(run, data, data.fold.validation))
    )
    if len(np.unique(validation.stimulus)) < 2:
        raise InputError(
            "The validation set has one image, of which no loss can tell the best epoch",
            "two or more",
            "Raise the share of the validation set.",
        )
    torch.manual_seed(config.seed)
    module: Any = heads.build(config.head, run.shape, **config.head_parameters).to(device)
    if config.has_loss:
        loss = losses.combined(config.loss).to(device)
    else:
        loss = torch.nn.Module()
        seen = ~training.x.isnan().any(dim=1)
        module.fit_scale(training.target[seen], training.text[seen])
    library = library_of(config, data, run.centre, device) if settings["library"] else None
    generator = torch.Generator(device).manual_seed(config.seed)
    rows = Augmented(training, config, library, generator)
    return Training(config, module, loss, rows, validation, run.key, folder)


def _rows(run: Run, data: Data, stimuli: np.ndarray) -> ResponseRows:
    return data.rows(stimuli, run.config.training["trials"], run.scaling)


def _training_rows(run: Run, data: Data) -> ResponseRows:
    """Responses of the training set; where asked, a row without one for each test image."""
    rows = _rows(run, data, data.fold.train)
    if not run.config.is_transductive:
        return rows
    tested = data.fold.test
    without = ResponseRows(
        np.full((len(tested), data.shape.units), np.nan, dtype=np.float32),
        np.zeros(len(tested), dtype=np.int64),
        tested,
    )
    return ResponseRows(*(np.concatenate(pair) for pair in zip(rows, without, strict=True)))


def _message(training: Training) -> str:
    epochs = training.settings["epochs"]
    if not training.curve:
        return f"Epoch 1 of {epochs}"
    last = training.curve[-1]
    return (
        f"Epoch {len(training.curve) + 1} of {epochs}: validation loss {last['validation']:.3f}, "
        f"two-way {last['two_way']:.0%}"
    )


def _with(
    run: Run,
    state: Mapping[str, Any],
    curve: list[dict[str, Any]],
    facts: dict[str, Any],
    partial: bool = False,
) -> Run:
    """The run with what the training gave."""
    arrays = {name: np.array(tensor.cpu().numpy()) for name, tensor in state.items()}
    facts = {**run.facts, **facts, "parameters": int(sum(array.size for array in arrays.values()))}
    if curve:
        best = min(curve, key=lambda row: row["validation"])
        facts |= {"best_epoch": best["epoch"], "epochs": len(curve)}
        facts |= {name: best[name] for name in ("validation", "two_way")}
    return Run(
        run.key,
        run.config,
        run.shape,
        arrays,
        run.scaling,
        run.centre,
        curve,
        run.audit,
        facts,
        partial,
    )
