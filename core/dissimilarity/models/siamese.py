"""Siamese convolutional network on the images themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.dissimilarity.data import PairData
from core.dissimilarity.model import (
    DECAY,
    ENDS,
    RATE,
    FittedModel,
    PairModel,
    pairs_drawn,
    register,
)
from core.errors import InputError
from core.progress import Progress
from core.registry import Parameter

if TYPE_CHECKING:
    import torch

PARAMETERS = (
    Parameter(
        "output",
        "Output",
        "linear",
        "'sigmoid' is 2 × sigmoid, from 0 to 2",
        choices=("linear", "sigmoid"),
    ),
    Parameter(
        "alpha",
        "Alpha of the loss",
        0.5,
        "Loss = alpha (1 - r) + (1 - alpha) MSE",
        minimum=0.0,
        maximum=1.0,
    ),
    Parameter(
        "images",
        "Images a step",
        32,
        "Every training pair among them is one of the batch",
        minimum=4,
        maximum=1024,
    ),
    pairs_drawn(100_000, ENDS),
    RATE,
    DECAY,
)


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    from core.dissimilarity.gradient import TargetScale, Trainer, scale_of, seeded
    from core.dissimilarity.modules import Siamese
    from core.encoders import device
    from core.rdm import METRICS

    is_sigmoid = values["output"] == "sigmoid"
    if is_sigmoid and METRICS[data.metric].neutral is None:
        raise InputError(
            f"2 × sigmoid ends at 2, and {data.metric} does not", "the output 'linear'"
        )
    rows, count = data.training.rows, min(values["images"], len(data.training.rows))

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        while True:
            some = np.sort(rng.choice(rows, count, replace=False))
            first, other = np.triu_indices(count, 1)
            i, j = some[first], some[other]
            kept = data.training.contains(i, j)
            if kept.sum() > 2:
                return i[kept], j[kept]

    def loss(predicted: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        alpha = values["alpha"]
        apart, known = predicted - predicted.mean(), truth - truth.mean()
        r = (apart * known).sum() / (apart.norm() * known.norm() + 1e-8)
        return alpha * (1 - r) + (1 - alpha) * ((predicted - truth) ** 2).mean()

    scale = TargetScale(0.0, 1.0) if is_sigmoid else scale_of(data, seed)
    with seeded(seed):
        module = Siamese(data.images, is_sigmoid, device())
        return Trainer(module, data, scale, values, draw, loss).fit(seed, progress)


register(
    PairModel(
        "siamese",
        "Siamese CNN",
        "Study B's first: two convolutional layers on greyscale images of 128 × 128, from 0 to 1, "
        "learned from the pairs alone.",
        "Study B; Bromley et al. (1993), NIPS 6:737-744. The study names no kernels or widths: "
        "5 × 5 with stride 2, 16 and 32 channels and 64 outputs are ours",
        fit,
        takes="image",
        parameters=PARAMETERS,
        by_gradient=True,
    )
)
