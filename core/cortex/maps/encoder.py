"""How well an encoding model predicts every unit."""

from __future__ import annotations

import numpy as np

from core.cortex.map import Choices, CortexMap, register
from core.datasets import Dataset
from core.encoding import load_fit
from core.encoding.usual import fitted_models
from core.errors import NotFoundError

SCORES = ("r", "share of the ceiling")


def choices(ds: Dataset) -> Choices:
    return list(fitted_models(ds))


def details(ds: Dataset, choice: str) -> Choices:
    return SCORES


def values(ds: Dataset, choice: str, detail: str) -> np.ndarray:
    """r of every unit that was predicted, or its share of the ceiling."""
    key = fitted_models(ds).get(choice)
    fit = None if key is None else load_fit(key)
    if fit is None:
        raise NotFoundError(f"There is no fitted model {choice!r}", choices=choices(ds))
    scores = np.full(ds.n_units, np.nan)
    scores[fit.units] = fit.normalised if detail == SCORES[1] else fit.unit_scores.r
    return scores


register(
    CortexMap(
        "encoder",
        "Encoder score",
        "How well the response of a unit is predicted from an embedding of the image.",
        "Naselaris et al. (2011), NeuroImage 56:400-410",
        values,
        unit="r",
        needs_choice="Model",
        choices=choices,
        needs_detail="Score",
        details=details,
        empty="Fit an encoding model on page Encoding first.",
    )
)
