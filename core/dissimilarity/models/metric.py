"""A distance of embeddings that is learned: Mahalanobis, or bilinear."""

from __future__ import annotations

from typing import Any

import numpy as np

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

BEGINS_WITH = 4096

PARAMETERS = (
    Parameter(
        "form",
        "Form",
        "mahalanobis",
        "'mahalanobis' is |L (f - g)|, 'bilinear' a' (f + g) - f' M g with M symmetric",
        choices=("mahalanobis", "bilinear"),
    ),
    Parameter("rank", "Rank", 64, "Of the learned matrix", minimum=1, maximum=4096),
    pairs_drawn(600_000, ENDS),
    BATCH,
    RATE,
    DECAY,
)


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    from core.dissimilarity.gradient import Trainer, scale_of, seeded
    from core.dissimilarity.modules import LearnedDistance
    from core.encoders import device

    scale = scale_of(data, seed)
    with seeded(seed):
        module = LearnedDistance(data.features, values["rank"], values["form"], device())
        i, j = data.training.draw(BEGINS_WITH, np.random.default_rng([seed, 11]))
        module.begin_scaled(i, j, (data.truth(i, j) - scale.centre) / scale.spread)
        return Trainer(module, data, scale, values).fit(seed, progress)


register(
    PairModel(
        "metric",
        "Learned metric",
        "A distance of the embeddings whose directions are weighted by what the training pairs "
        "say; symmetric, and 0 for a pair of equal images but for an offset.",
        "Xing, Ng, Jordan & Russell (2002), NIPS 15; Chechik et al. (2010), JMLR 11:1109-1135",
        fit,
        parameters=PARAMETERS,
        by_gradient=True,
    )
)
