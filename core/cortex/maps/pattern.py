"""The pattern of responses that a linear decoder reads, not its weights."""

from __future__ import annotations

import numpy as np

from core.cortex.map import Choices, CortexMap, register
from core.datasets import Dataset
from core.decoders import HEADS, runs
from core.decoders.runs import Run
from core.decoders.training.data import prepare
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.splits.pool import texts

LINEAR = ("ridge", "whitened_ridge", "tuned_ridge", "linear")
FIRST = "first axis"


def _runs(ds: Dataset) -> dict[str, str]:
    """Keys of stored linear decoders of one subject, by name."""
    keys = {}
    for entry in runs.entries():
        try:
            config = runs.described(entry).config
        except NeurogalleryError:  # damaged, or of a head that is not here
            continue
        alone = config.subjects in ((), (ds.subject,))
        if config.head in LINEAR and config.dataset == ds.info.name and alone:
            rois = " + ".join(config.rois) or "every unit"
            keys[f"{HEADS[config.head].label}, {rois}, {config.encoder}, seed {config.seed}"] = (
                entry.key
            )
    return keys


def choices(ds: Dataset) -> Choices:
    return list(_runs(ds))


def details(ds: Dataset, choice: str) -> Choices:
    known = sorted(set(texts(ds.stimuli, "category")) - {""})
    return [FIRST, *known]


def values(ds: Dataset, choice: str, detail: str) -> np.ndarray:
    """Covariance of every unit with what the decoder predicts along a direction, over its variance.

    The direction leads from the mean of all predicted embeddings to those of a category, or along
    their first principal axis; training images alone.
    """
    key = _runs(ds).get(choice)
    run = None if key is None else runs.load(key)
    if run is None:
        raise NotFoundError(f"There is no decoder {choice!r}", choices=choices(ds))
    return pattern(run, ds, detail)


def pattern(run: Run, ds: Dataset, detail: str) -> np.ndarray:
    """The pattern of a linear decoder, z of each unit for one deviation. (units,)

    Source: Haufe et al. (2014), NeuroImage 87:96-110, Eq. 6: A = Cov(x) W / Cov(s).
    """
    data = prepare(run.config, opened=[ds])
    rows = data.rows(data.fold.train, "mean", run.scaling)
    predicted = run.predict(rows.x, rows.subject).astype(np.float64)
    predicted -= predicted.mean(axis=0)
    if detail in ("", FIRST):
        direction = np.linalg.svd(predicted, full_matrices=False)[2][0]
    else:
        inside = texts(ds.stimuli, "category")[rows.stimulus] == detail
        if not inside.any():
            raise InputError(f"No training image is of the category {detail!r}", "another one")
        direction = predicted[inside].mean(axis=0)
    source = predicted @ direction
    result = np.full(ds.n_units, np.nan)
    x = rows.x - rows.x.mean(axis=0)
    deviation = source.std()
    columns = data.layout.columns[0]
    result[data.layout.units[0]] = (x.T @ source / len(x) / max(deviation, 1e-12))[columns]
    return result


register(
    CortexMap(
        "pattern",
        "Pattern of a decoder",
        "Which responses go with what a linear decoder predicts: its weights show instead what "
        "cancels noise.",
        "Haufe et al. (2014), NeuroImage 87:96-110",
        values,
        is_signed=True,
        unit="z",
        needs_choice="Decoder",
        choices=choices,
        needs_detail="Direction",
        details=details,
        empty="Train a linear decoder on page Train first.",
    )
)
