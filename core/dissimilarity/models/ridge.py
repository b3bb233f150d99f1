"""Ridge regression on pairs: normal equations that are summed over batches of pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.dissimilarity.data import PairData
from core.dissimilarity.features import AT_ONCE, PairScaler
from core.dissimilarity.model import FittedModel, PairModel, pairs_drawn, register
from core.progress import Progress

# Times the number of pairs, so that they mean the same of any number.
ALPHAS = tuple(float(alpha) for alpha in np.logspace(-6, 2, 17))
MOST_VALIDATED = 20_000


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    """Alpha is the best of 17 on the validation pairs, whose images are new where the test's are.

    The Gram matrix of pairs is never formed: 2 d x 2 d sums are all that is kept.
    """
    rng = np.random.default_rng([seed, 4])
    scaler = PairScaler(data.components, *data.training.draw(AT_ONCE, rng))
    width, count = 2 * data.components.shape[1], values["pairs"]
    square, product, mean, drawn = np.zeros((width, width)), np.zeros(width), 0.0, 0
    column = np.zeros(width)
    while drawn < count:
        progress(0.9 * drawn / count, f"{drawn:,} of {count:,} pairs")
        i, j = data.training.draw(min(AT_ONCE, count - drawn), rng)
        rows, truth = scaler(i, j), data.truth(i, j)
        square += rows.T @ rows
        product += rows.T @ truth.astype(np.float32)
        column += rows.sum(axis=0, dtype=np.float64)
        mean += truth.sum()
        drawn += len(i)
    column /= drawn
    mean /= drawn
    square = square / drawn - np.outer(column, column)
    product = product / drawn - column * mean
    power, axes = np.linalg.eigh(square)
    i, j = data.validation.sample(MOST_VALIDATED, rng)
    validated, truth = scaler(i, j) - column, data.truth(i, j)
    within = validated @ axes
    best = (np.inf, np.zeros(width), 0.0)
    for alpha in ALPHAS:
        dual = (axes.T @ product) / (np.maximum(power, 0.0) + alpha)
        error = float(np.mean((within @ dual + mean - truth) ** 2))
        if error < best[0]:
            best = (error, axes @ dual, alpha)
    weights = best[1]

    def predict(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return np.asarray((scaler(i, j) - column) @ weights + mean)

    return FittedModel(predict, {"alpha": best[2], "pairs_drawn": drawn, "parameters": width + 1})


register(
    PairModel(
        "ridge",
        "Ridge",
        "Linear in the squared differences and products of the two embeddings, so blind to the "
        "order of the images; beyond 256 dimensions, of their principal components.",
        "Hoerl & Kennard (1970), Technometrics 12:55-67",
        fit,
        parameters=(pairs_drawn(100_000),),
    )
)
