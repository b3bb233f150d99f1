"""Multilayer perceptron on two embeddings."""

from __future__ import annotations

from typing import Any

from core.dissimilarity.data import PairData
from core.dissimilarity.model import (
    BATCH,
    DECAY,
    ENDS,
    RATE,
    FittedModel,
    PairModel,
    pairs_drawn,
    register,
)
from core.progress import Progress
from core.registry import Parameter

PARAMETERS = (
    Parameter("hidden", "Hidden layers", 1, "0 is linear", choices=(0, 1, 2, 3)),
    Parameter("width", "Units a layer", 256, "Of each hidden layer", minimum=1, maximum=8192),
    Parameter(
        "order",
        "Order of images",
        "as drawn",
        "'as drawn' concatenates the two embeddings; 'both' trains in both orders and predicts "
        "their mean; 'free' takes squared differences and products",
        choices=("as drawn", "both", "free"),
    ),
    pairs_drawn(600_000, ENDS),
    BATCH,
    RATE,
    DECAY,
)


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    from core.dissimilarity.gradient import Trainer, scale_of, seeded
    from core.dissimilarity.modules import PairMlp
    from core.encoders import device

    order = values["order"]
    with seeded(seed):
        module = PairMlp(
            data.features,
            values["hidden"],
            values["width"],
            order == "free",
            order == "both",
            device(),
        )
        return Trainer(module, data, scale_of(data, seed), values).fit(seed, progress)


register(
    PairModel(
        "mlp",
        "MLP",
        "Study B's: a multilayer perceptron on the two concatenated embeddings; without hidden "
        "layers it is a number for each image, added up.",
        "Study B; order-free features as in Conneau et al. (2017), EMNLP, arXiv:1705.02364",
        fit,
        parameters=PARAMETERS,
        by_gradient=True,
        named_by=("hidden",),
    )
)
