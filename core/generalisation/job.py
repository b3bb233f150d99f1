"""The job that trains and scores one decoder under several splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import splits, store
from core.decoders import Config, Run, prepare, train
from core.decoders.job import ConfigRequest
from core.decoders.scoring.score_table import as_json
from core.decoders.training.data import Data
from core.errors import Cancelled, NeurogalleryError
from core.progress import Progress, portion
from core.vectors import unit_rows

# From the mildest to the one that leaves most to be generalised.
KINDS = ("image", "neighbour", "cluster", "category")
VERSION = 1
TRAINED = 0.8


@dataclass(frozen=True)
class GeneralisationRequest(ConfigRequest):
    """A decoder to train under several splits; its own counts for nothing."""

    operation = "generalisation"

    def __post_init__(self) -> None:
        config = replace(self.config, split=KINDS[0], split_parameters={}, fold=0)
        object.__setattr__(self, "config", config)

    @property
    def label(self) -> str:
        return f"Score it under {len(KINDS)} splits"

    @property
    def seconds(self) -> float | None:
        """Of a head in closed form on the simulated experiment, on two cores."""
        return 90.0 if self.config.is_closed_form else None


def run(request: GeneralisationRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: train and score the decoder under each split; a split that fails says why.

    The decoders are kept, so that a job that is cancelled goes on behind them. Embeddings and
    copies of images are found once.

    Returns
    -------
    dict
        ``key`` of the table in the store.
    """
    sets: list[dict[str, Any]] = []
    tables: list[pd.DataFrame] = []
    keys = []
    for number, kind in enumerate(KINDS):
        within = portion(progress, number / len(KINDS), (number + 1) / len(KINDS))
        config = replace(request.config, split=kind, split_parameters={})
        try:
            described, scores = _of_split(config, within)
        except Cancelled:
            raise
        except NeurogalleryError as error:
            described, scores = {"error": str(error)}, None
            if number + 1 == len(KINDS) and not tables:
                raise
        sets.append({"split": kind, **described})
        keys.append(described.get("run", described["error"]))
        if scores is not None:
            tables.append(scores)
    title = f"Generalisation: {request.config.dataset}"
    key = table_key(request.config, keys)
    store.save(key, {}, {"title": title, "sets": sets, "scores": as_json(pd.concat(tables))})
    return {"key": key}


def table_key(config: Config, keys: Sequence[str]) -> str:
    """Key of the table: of the decoders in it, and of what failed."""
    parameters = {"head": config.head, "splits": list(KINDS)}
    fingerprint = store.fingerprint(list(keys))
    return store.key(
        GeneralisationRequest.operation, fingerprint, parameters, seed=config.seed, version=VERSION
    )


def _of_split(config: Config, progress: Progress) -> tuple[dict[str, Any], pd.DataFrame]:
    """What the sets of a split are, and the decoder's scores in them."""
    from core.decoders.scoring.evaluation import evaluate

    label = splits.KINDS[config.split].label
    decoder = train(config, _named(label, portion(progress, 0.0, TRAINED)))
    data = prepare(config)
    table = evaluate(decoder, _named(label, portion(progress, TRAINED, 1.0)), baselines=False)
    table.insert(0, "split", config.split)
    return {"error": "", "run": decoder.key, **describe_sets(decoder, data)}, table


def describe_sets(decoder: Run, data: Data) -> dict[str, Any]:
    """Sizes of the sets, and how far test images are from training images, as JSON values.

    ``nearest`` and ``nearest_low`` are the median and the 5th percentile over test images of
    the cosine distance to the nearest training image; ``discrepancy`` is the squared maximum
    mean discrepancy of both sets, ``random`` that of random sets.
    """
    from core.splits import distances

    fold = data.fold
    every = np.concatenate([fold.train, fold.validation, fold.test])
    rows = unit_rows(data.embeddings[every])
    train, test = np.arange(len(fold.train)), np.arange(len(every) - len(fold.test), len(every))
    nearest = distances.nearest_distances(rows[test], rows[train])
    apart = distances.discrepancy(rows, test, train, distances.gaussian_scale(rows))
    return {
        "badge": decoder.badge,
        **{name: len(getattr(fold, name)) for name in splits.SETS},
        "nearest": float(np.median(nearest)),
        "nearest_low": float(np.percentile(nearest, 5)),
        "discrepancy": apart.squared,
        "random": apart.random,
    }


def _named(label: str, progress: Progress) -> Progress:
    def report(fraction: float, message: str = "") -> None:
        progress(fraction, f"{label}: {message}" if message else label)

    return report
