"""How well a decoder retrieves images it was never trained on, beside the linear baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from core import encoders, scores
from core.decoders.config import Config
from core.decoders.generative import classifier
from core.decoders.runs import Run
from core.decoders.scoring import low_level
from core.decoders.scoring.prototypes import prototypes_of
from core.decoders.scoring.score_table import BASELINE, CURRENT, PROTOCOLS, baseline_of
from core.decoders.training.batches import targets_of
from core.decoders.training.data import Data, prepare
from core.decoders.training.train import train
from core.errors import InputError
from core.progress import Progress, portion, silent
from core.words import counted

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
        See ``core.scores.evaluate``.
    side : {'test', 'validation'}
        The validation set is for choosing among decoders.
    prompts : sequence of str
        In which names are read, each with {} in place of the name; of several the unit
        embeddings are averaged.

    Returns
    -------
    pd.DataFrame
        ``head``, ``protocol`` ('averaged repeats'; 'single trials' where there are repeats),
        and the columns of ``core.scores.evaluate``. Rows of baselines say how far the decoder is
        above them, on the same images: ``difference``, ``difference_low``, ``difference_high``
        and ``difference_p`` of ``core.scores.compare``, corrected over the baselines; of
        several subjects that to the mean of their baselines. ``attrs['badge']`` is the worst
        finding about the split, ``attrs['note']`` says where there are no top-1 and top-5, and
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
    by_protocol: dict[str, dict[str, scores.Scored]] = {name: {} for name in PROTOCOLS}
    scoring = portion(progress, 0.7, 0.9)
    for number, (name, each) in enumerate(compared):
        scoring(number / len(compared), f"Scoring {name}")
        own = data if each.config.subjects == run.config.subjects else prepare(each.config)
        scored = _scored(each, own, kind, permutations, resamples, side)
        for protocol, of_protocol in scored.items():
            by_protocol[protocol][name] = of_protocol
    table = _joined(run.config.head, by_protocol)
    if classifier.has_latents(run):
        latent = classifier.rows(run, data, side, permutations, resamples)
        table = pd.concat([table, *latent], ignore_index=True)
        notes = [*notes, *classifier.notes(run)]
    if baselines:
        controls = low_level.controls(run.config, data, side, portion(progress, 0.9, 1.0))
        rows = low_level.rows(controls, run.config.seed, permutations, resamples)
        table = pd.concat([table, *rows], ignore_index=True)
    table.attrs |= {"badge": run.badge, "note": " ".join([*_note(data, side), *notes])}
    return table


def check_same(run: Run, data: Data) -> None:
    """Raise InputError where a decoder was trained on other data than ``data``."""
    if run.shape != data.shape:
        raise InputError(
            f"The recording gives {counted(data.shape.units, 'unit')} of "
            f"{counted(data.shape.subjects, 'subject')} and "
            f"embeddings of {data.shape.outputs} dimensions",
            f"those that the decoder was trained on: {counted(run.shape.units, 'unit')} in the "
            "same tokens, "
            f"{counted(run.shape.subjects, 'subject')}, {run.shape.outputs} dimensions",
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
            train(each, portion(progress, place / count, (place + 1) / count), as_baseline=True),
        )
        for place, (name, each) in enumerate(others)
    ]


def _scored(
    run: Run,
    data: Data,
    prototypes: scores.Prototypes,
    permutations: int,
    resamples: int,
    side: str,
) -> dict[str, scores.Scored]:
    """Scores by protocol."""
    by_protocol = {}
    averaged = queries(run, data, side, "mean")
    for protocol, trials in PROTOCOLS.items():
        own = averaged if trials == "mean" else queries(run, data, side, trials)
        if trials == "all" and len(own.image) == len(averaged.image):  # no repeats
            continue
        by_protocol[protocol] = scores.score(
            [own],
            prototypes.vectors,
            run.config.seed,
            permutations,
            resamples,
            with_images=prototypes.with_images,
        )
    return by_protocol


def _joined(head: str, by_protocol: Mapping[str, Mapping[str, scores.Scored]]) -> pd.DataFrame:
    """One table of all heads, head by head; baselines with the difference of the decoder."""
    tables = []
    for protocol, scored in by_protocol.items():
        baselines: dict[str, list[dict[str, scores.UnitScores]]] = {}
        for name in scored:
            if name.endswith(BASELINE):
                baselines.setdefault(baseline_of(name), []).append(scored[name].by_unit)
        if not scored:
            continue
        differences = scores.compare(scored[head].by_unit, baselines)
        for name, each in scored.items():
            baseline = baseline_of(name) if name.endswith(BASELINE) else None
            own = differences[differences["name"] == baseline].drop(columns="name")
            table = each.table.merge(own, "left", "measure") if baselines else each.table
            table.insert(0, "protocol", protocol)
            table.insert(0, "head", name)
            tables.append(table)
    heads = {name: place for scored in by_protocol.values() for place, name in enumerate(scored)}
    tables.sort(key=lambda table: heads[table["head"].iloc[0]])
    return pd.concat(tables, ignore_index=True)


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
