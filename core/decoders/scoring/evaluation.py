"""How well a decoder retrieves images it was never trained on, beside the linear baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from core import encoders, scores
from core.decoders.config import Config
from core.decoders.runs import Run
from core.decoders.scoring import low_level
from core.decoders.scoring.prototypes import prototypes_of
from core.decoders.scoring.score_table import BASELINE, CURRENT, PROTOCOLS
from core.decoders.training.batches import targets_of
from core.decoders.training.data import Data, prepare
from core.decoders.training.train import train
from core.errors import InputError
from core.progress import Progress, portion, silent

BASELINES: Mapping[str, Mapping[str, Any]] = {
    "ridge": {"head": "ridge", "head_parameters": {}},
    "linear": {"head": "linear", "head_parameters": {}, "loss": (("infonce", 1.0, {}),)},
}
# Of the training; a baseline has the defaults of everything else, whatever the decoder has.
SHARED = ("trials", "noise_ceiling", "groups")
# Smaller differences come from rounding and from the device that embedded the images.
MOVED, TURNED = 1e-4, 0.02


def evaluate(
    run: Run,
    progress: Progress | None = None,
    prototypes: str = "images",
    baselines: bool = True,
    permutations: int = 1000,
    resamples: int = 1000,
    side: str = "test",
    prompts: Sequence[str] = (encoders.PROMPT,),
) -> pd.DataFrame:
    """Score a decoder on its test set.

    Top-1 and top-5 are among categories. Two-way identification and the median rank are among
    the images of the set; two-way identification = retrieval AUC = mean normalised rank.

    Parameters
    ----------
    run : Run
    progress : callable, optional
        ``progress(fraction, message)``; may raise ``Cancelled``.
    prototypes : {'images', 'names', 'both'}
        What stands for a category in top-1 and top-5: the mean embedding of its test
        images (the viewed one left out where there are others), that of its name (an
        encoder that reads text), or the mean direction of both. Version 0.1 said 'pictures',
        which is read too.
    baselines : bool
        Score ridge and a linear head with InfoNCE on the same rows too, both with default
        settings of training and without augmentation; they are trained where they are not in
        the store. Where single subjects are told apart, on each alone, of the same images.
        With them stand the controls of ``low_level``: what pixels alone reach.
    permutations, resamples : int
        Of the p-value and of the interval; see ``core.scores.evaluate``.
    side : {'test', 'validation'}
        The validation set is for choosing among decoders.
    prompts : sequence of str
        In which names are read, each with {} in place of the name; of several the unit
        embeddings are averaged.

    Returns
    -------
    pd.DataFrame
        ``head``, ``protocol`` ('averaged repeats'; 'single trials' where there are repeats),
        and the columns of ``core.scores.evaluate``. ``attrs['badge']`` is the worst finding
        about the split, ``attrs['note']`` says where there are no top-1 and top-5, and
        what of the prompts the encoder did not read or never learned, or ''.

    Raises
    ------
    InputError
        If the set or the prototypes are unknown, a prompt does not fit, the encoder reads no
        text, the set has no usable response, or the recording is not the one that the decoder
        was trained on.
    """
    progress = progress or silent
    prototypes = CURRENT.get(prototypes, prototypes)
    if side not in ("test", "validation"):
        raise InputError(f"side is {side!r}", choices=("test", "validation"))
    data = prepare(run.config, portion(progress, 0.0, 0.1))
    check_same(run, data)
    kind, notes = prototypes_of(prototypes, run.config, data.names, prompts)
    compared = [(run.config.head, run)]
    if baselines:
        compared += _baselines(run.config, portion(progress, 0.1, 0.7))
    tables = []
    scoring = portion(progress, 0.7, 0.9)
    for number, (name, each) in enumerate(compared):
        scoring(number / len(compared), f"Scoring {name}")
        own = data if each.config.subjects == run.config.subjects else prepare(each.config)
        tables += _scored(name, each, own, kind, permutations, resamples, side)
    if baselines:
        controls = low_level.controls(run.config, data, side, portion(progress, 0.9, 1.0))
        tables += low_level.rows(controls, run.config.seed, permutations, resamples)
    table = pd.concat(tables, ignore_index=True)
    table.attrs |= {"badge": run.badge, "note": " ".join([*_note(data, side), *notes])}
    return table


def check_same(run: Run, data: Data) -> None:
    """Raise InputError where a decoder was trained on other data than ``data``."""
    if run.shape != data.shape:
        raise InputError(
            f"The recording gives {data.shape.units} units of {data.shape.subjects} subjects and "
            f"embeddings of {data.shape.outputs} dimensions",
            f"those that the decoder was trained on: {run.shape.units} units in the same tokens, "
            f"{run.shape.subjects} subjects, {run.shape.outputs} dimensions",
            "Train it again on this recording.",
        )
    scaling = data.scaling(**run.config.whatever_head)
    moved = np.abs(scaling.mean - run.scaling.mean) > MOVED * run.scaling.deviation
    turned = np.linalg.norm(data.centre() - run.centre) > TURNED
    if moved.any() or turned:
        raise InputError(
            "The training set is not the one that the decoder was trained on: the responses, "
            "the split or the embeddings have changed since",
            remedy="Train it again on this recording.",
        )


def _note(data: Data, side: str) -> list[str]:
    """What keeps top-1 and top-5 out of the table."""
    tested = {data.names[place] for place in data.category[getattr(data.fold, side)] if place >= 0}
    if len(tested) > 1:
        return []
    known = f"one category alone ({next(iter(tested))})" if tested else "no known category"
    return [f"The {side} images are of {known}: top-1 and top-5 need two or more."]


def _baselines(config: Config, progress: Progress) -> list[tuple[str, Run]]:
    """The baselines that differ from the decoder, on each of several subjects by itself."""
    several = len(config.subjects) > 1
    training = {name: config.training[name] for name in SHARED}
    alone = [(subject,) for subject in config.subjects] if several else [config.subjects]
    divided = config.subjects if several else config.divided
    configs = [
        (
            f"{name}, {subjects[0]}" if several else name,
            replace(config, **changes, subjects=subjects, divided=divided, training=training),
        )
        for subjects in alone
        for name, changes in BASELINES.items()
    ]
    own = config.settings_that_count()
    others = [(name, each) for name, each in configs if each.settings_that_count() != own]
    count = len(others)
    return [
        (
            f"{name}{BASELINE}",
            train(each, portion(progress, place / count, (place + 1) / count)),
        )
        for place, (name, each) in enumerate(others)
    ]


def _scored(
    name: str,
    run: Run,
    data: Data,
    prototypes: scores.Prototypes,
    permutations: int,
    resamples: int,
    side: str,
) -> list[pd.DataFrame]:
    tables = []
    averaged = queries(run, data, side, "mean")
    for protocol, trials in PROTOCOLS.items():
        own = averaged if trials == "mean" else queries(run, data, side, trials)
        if trials == "all" and len(own.image) == len(averaged.image):  # no repeats
            continue
        table = scores.pooled(
            [own],
            prototypes.vectors,
            run.config.seed,
            permutations,
            resamples,
            with_images=prototypes.with_images,
        )
        table.insert(0, "protocol", protocol)
        table.insert(0, "head", name)
        tables.append(table)
    return tables


def queries(run: Run, data: Data, side: str, trials: str) -> scores.Queries:
    """What a decoder predicts from the responses to a set, and the images of that set."""
    stimuli = getattr(data.fold, side)
    place = np.full(len(data.category), -1)
    place[stimuli] = np.arange(len(stimuli))
    rows = data.rows(stimuli, trials, run.scaling)
    return scores.Queries(
        run.predict(rows.x, rows.subject),
        targets_of(data.embeddings[stimuli], run.centre),
        place[rows.stimulus],
        np.array([*data.names, ""])[data.category[stimuli]],
        rows.subject if len(data.opened) > 1 else None,
    )
