"""Baseline: how far two embeddings lie apart, with nothing learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.dissimilarity.data import PairData
from core.dissimilarity.model import FittedModel, PairModel, register
from core.progress import Progress
from core.rdm import METRICS
from core.registry import Parameter

DISTANCE = Parameter(
    "distance",
    "Distance",
    "correlation",
    "Between embeddings: 1 - Pearson r, 1 - cosine similarity, or Euclidean",
    choices=("correlation", "cosine", "euclidean"),
)


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    metric = METRICS[values["distance"]]

    def predict(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return metric.pairs(data.embedding, i, j)

    return FittedModel(predict, {})


register(
    PairModel(
        "embedding_distance",
        "Embedding distance",
        "Baseline: the distance of the two embeddings, with nothing learned but the line that "
        "gives it the units of the target.",
        "Kriegeskorte, Mur & Bandettini (2008), Front. Syst. Neurosci. 2:4",
        fit,
        parameters=(DISTANCE,),
        is_baseline=True,
        scaled_by="validation",
    )
)
