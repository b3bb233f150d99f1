"""Baseline: which images a pair is of, and nothing of what they show."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.dissimilarity.data import PairData
from core.dissimilarity.model import FittedModel, PairModel, register
from core.progress import Progress

# Every training pair counts up to so many; of more, so many are drawn.
MOST_PAIRS = 5_000_000
AT_ONCE = 1 << 20


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    """Means of the training pairs of each image; an image of none has the mean of all."""
    n = len(data.ids)
    total, pairs = np.zeros(n), np.zeros(n)
    for i, j in _training_pairs(data, seed):
        truth = data.truth(i, j)
        for side in (i, j):
            total += np.bincount(side, truth, minlength=n)
            pairs += np.bincount(side, minlength=n)
    mean = total.sum() / pairs.sum()
    effect = np.where(pairs > 0, total / np.maximum(pairs, 1), mean) - mean

    def predict(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return np.asarray(mean + effect[i] + effect[j])

    return FittedModel(predict, {"known_images": int((pairs > 0).sum())})


def _training_pairs(data: PairData, seed: int) -> Any:
    if data.training.count <= MOST_PAIRS:
        return data.training.every()
    rng = np.random.default_rng([seed, 3])
    return (data.training.draw(AT_ONCE, rng) for _ in range(MOST_PAIRS // AT_ONCE))


register(
    PairModel(
        "identity",
        "Identity only",
        "Baseline: row mean + column mean of the training pairs (less the mean of all), no image "
        "at all. Where it predicts anything, the split leaks.",
        "The additive model of a two-way table: Tukey (1949), Biometrics 5:232-242",
        fit,
        takes="nothing",
        is_baseline=True,
    )
)
