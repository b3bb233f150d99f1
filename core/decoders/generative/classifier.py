"""The protocol of the generative heads: a classifier of latents drawn from features alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core import scores
from core.decoders.generative.parameters import VISUAL
from core.decoders.runs import Run
from core.decoders.scoring.score_table import PROTOCOLS
from core.decoders.training.batches import targets_of
from core.decoders.training.data import Data

LATENT = " (latent classifier)"
MEASURES = ("top-1", "top-5")
DRAWS, FOLDS = 200, 5
NOTE = (
    "The latent classifier learns from latents of the features of the test categories' images, "
    "the viewed one left out where there are others, and is given those of responses."
)
TRANSDUCTIVE = (
    "Transductive: features of the test images, without responses, took part in the training."
)


def has_latents(run: Run) -> bool:
    """Whether the head of a decoder draws latents from features."""
    return hasattr(run.module, "draw_latents")


def rows(run: Run, data: Data, side: str, permutations: int, resamples: int) -> list[pd.DataFrame]:
    """Top-1 and top-5 of the latent classifier, as rows of ``evaluation.evaluate``.

    Returns
    -------
    list of pd.DataFrame
        One a protocol; none where fewer than two categories are known.
    """
    tables = []
    for protocol, own in queries(run, data, side).items():
        table = scores.evaluate(own, None, run.config.seed, permutations, resamples)
        table = table[table["measure"].isin(MEASURES)].copy()
        table.insert(0, "protocol", protocol)
        table.insert(0, "head", f"{run.config.head}{LATENT}")
        tables.append(table)
    return tables


def queries(run: Run, data: Data, side: str) -> dict[str, scores.Queries]:
    """What the latent classifier makes of the responses to a set, by protocol.

    A logistic regression is trained on latents drawn from the posterior of the features that
    the decoder was trained with, 200 a category, and classifies the latents of responses. Images
    are dealt into five parts, and the classifier of a part is trained on the others; an image
    alone in its category stands for it. No response to these categories is trained on.

    Returns
    -------
    dict of str to Queries
        Log probabilities of the categories, and in place of each image the unit vector of its
        category, which is so the category's prototype too. Single trials only where images have
        repeats; empty where fewer than two categories are known.

    Source: Du et al. (2023), IEEE TPAMI 45:10760-10777, section 3.5, whose classifier is a
    support vector machine and is tested on the very images that it is trained on; 200 latents
    as Schönfeld et al. (2019), arXiv:1812.01784.
    """
    stimuli = getattr(data.fold, side)
    category = data.category[stimuli]
    known = np.unique(category[category >= 0])
    if len(known) < 2:
        return {}
    place = np.full(len(data.category), -1)
    place[stimuli] = np.arange(len(stimuli))
    part = _parts(category)
    drawn, whose = _drawn(run, data, stimuli)
    models = [
        _fitted(drawn[chosen], category[whose[chosen]])
        for fold in range(max(1, part.max() + 1))
        for chosen in [part[whose] != fold]
    ]
    images = np.zeros((len(stimuli), len(known)))
    images[category >= 0] = np.eye(len(known))[np.searchsorted(known, category[category >= 0])]
    names = np.array([*data.names, ""])[category]
    by_protocol: dict[str, scores.Queries] = {}
    averaged = 0
    for protocol, trials in PROTOCOLS.items():
        shown = data.rows(stimuli, trials, run.scaling)
        if trials == "all" and len(shown.x) == averaged:  # no repeats
            continue
        averaged, image = len(shown.x), place[shown.stimulus]
        likely = _classified(models, _latents(run, shown.x), part[image])
        by_protocol[protocol] = scores.Queries(likely, images, image, names, shown.subject)
    return by_protocol


def notes(run: Run) -> list[str]:
    """What to know about the scores of a generative head."""
    return [NOTE, *([TRANSDUCTIVE] if run.config.is_transductive else [])]


def _parts(category: np.ndarray) -> np.ndarray:
    """Part of each image: those of a category are dealt in turn, -1 where it is alone. (m,)"""
    part = np.full(len(category), -1)
    for number in np.unique(category):
        members = np.flatnonzero(category == number)
        if len(members) > 1:
            part[members] = np.arange(len(members)) % FOLDS
    return part


def _drawn(run: Run, data: Data, stimuli: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Latents (k, L) drawn from the features of images of known category, and whose (k,)."""
    import torch

    module: Any = run.module
    category, text = data.category[stimuli], data.text[stimuli]
    usable = category >= 0
    if VISUAL not in module.names:
        usable &= np.isfinite(text).all(axis=1)
    count = np.bincount(category[usable])
    targets = targets_of(data.embeddings[stimuli], run.centre)
    latents, image = [], []
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(run.config.seed)
        for row in np.flatnonzero(usable):
            features = (torch.from_numpy(each[row : row + 1]) for each in (targets, text))
            latents.append(module.draw_latents(*features, -(-DRAWS // count[category[row]]))[0])
            image.append(np.full(len(latents[-1]), row))
    return torch.cat(latents).numpy(), np.concatenate(image)


def _fitted(latents: np.ndarray, labels: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=500).fit(latents, labels)


def _latents(run: Run, x: np.ndarray) -> np.ndarray:
    import torch

    module: Any = run.module
    with torch.inference_mode():
        return np.asarray(module.latent(torch.from_numpy(x)).numpy())


def _classified(models: list[Any], latents: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Log probabilities of the categories by the classifier of each row's part. (q, c)"""
    likely = np.stack([model.predict_log_proba(latents) for model in models])
    # An image alone in its category is in the training of every part.
    return likely[np.maximum(part, 0), np.arange(len(latents))]
