"""Responses predicted from the embeddings, and then the distance of the predicted ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from core import ridge
from core.dissimilarity.data import PairData
from core.dissimilarity.model import FittedModel, PairModel, register
from core.progress import Progress
from core.rdm import METRICS


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    progress(0.0, "Ridge regression from embedding to responses")
    rows = data.training.rows
    regression = ridge.fit(data.features[rows], data.responses[rows])
    predicted = regression.predict(data.features)
    metric = METRICS[data.metric]

    def predict(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return metric.pairs(predicted, i, j)

    return FittedModel(predict, {"alpha": regression.alpha})


register(
    PairModel(
        "predicted_response",
        "Predicted responses",
        "Ridge regression from embedding to responses, then the distance of the predicted "
        "responses: learns from images, where the others learn from pairs.",
        "Naselaris et al. (2011), NeuroImage 56:400-410",
        fit,
        takes="response",
        scaled_by="validation",
    )
)
