"""The embeddings that a decoder predicts, as a space that maps can be drawn of."""

from __future__ import annotations

from typing import Any

import numpy as np

from core import maps
from core.datasets import Dataset
from core.decoders.heads import HEADS
from core.decoders.runs import Run, load
from core.decoders.training.data import layout_of, open_subjects, rows_of
from core.errors import InputError, NotFoundError
from core.maps import Features, Source
from core.words import counted


def embed(run: Run, ds: Dataset) -> np.ndarray:
    """Where a decoder puts the response to every stimulus, repeats averaged.

    Parameters
    ----------
    run : Run
    ds : Dataset
        A recording that the decoder was trained on, or some of its stimuli.

    Returns
    -------
    np.ndarray of shape (n, d), float32
        Row i is row i of ``ds.stimuli``; NaN rows where there is no usable response. Those
        of training images are fitted, the others predicted.

    Raises
    ------
    InputError
        If the decoder was trained on another recording or subject, or on other units.
    """
    opened = open_subjects(run.config)
    subjects = [recording.subject for recording in opened]
    if ds.info.name != run.config.dataset or ds.subject not in subjects:
        raise InputError(
            f"The decoder {run.key} was trained on {run.config.dataset}, {', '.join(subjects)}",
            f"one trained on {ds.info.name}, {ds.subject}",
        )
    layout = layout_of(opened, run.config.rois, run.config.training["groups"])
    if (layout.width, layout.groups) != (run.shape.units, run.shape.groups):
        raise InputError(
            f"The recording gives {counted(layout.width, 'unit')} in "
            f"{counted(len(layout.groups), 'token')}",
            f"the {run.shape.units:,} in {len(run.shape.groups)} that the decoder was trained on",
            "Train it again on this recording.",
        )
    number = subjects.index(ds.subject)
    rows = rows_of(ds, number, layout, run.scaling, np.arange(ds.n_stimuli))
    embedded = np.full((ds.n_stimuli, run.shape.outputs), np.nan, dtype=np.float32)
    embedded[rows.stimulus] = run.predict(rows.x, rows.subject)
    return embedded


def _open(ds: Dataset, request: maps.SourceParameters, progress: Any) -> Features:
    run = load(_key(request))
    if run is None:
        raise NotFoundError(f"There is no decoder {_key(request)}", "one that was trained")
    label = f"{run.config.encoder} as decoded by {HEADS[run.config.head].label}"
    return Features(embed(run, ds), False, label)


def _key(request: maps.SourceParameters) -> str:
    if not request.get("run"):
        raise InputError("A decoder was not named", "the key of one that was trained")
    return str(request["run"])


maps.register(
    Source(
        "decoder",
        "Embedding by a decoder",
        "What a trained decoder makes of the responses, in the space of its encoder; images "
        "it was trained on are fitted, the others predicted.",
        _open,
        lambda ds, request: {"run": _key(request)},
    )
)
