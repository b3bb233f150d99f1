"""Contrastive training: which of some images is, to the brain, nearest to another."""

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
from core.progress import Progress
from core.registry import Parameter

if TYPE_CHECKING:
    import torch

ANCHORS = 64

PARAMETERS = (
    Parameter("rank", "Dimensions", 64, "Of the learned space", minimum=1, maximum=4096),
    Parameter("candidates", "Candidates", 16, "Images beside each anchor", minimum=2, maximum=512),
    pairs_drawn(600_000, ENDS),
    RATE,
    DECAY,
)


class InfoNce:
    """Cross entropy of the candidate with the least true dissimilarity to each anchor."""

    # Validated by correlation, for the loss does not know the units of the target.
    is_up_to_a_line = True

    def __init__(self, candidates: int) -> None:
        self.candidates = candidates

    def __call__(self, predicted: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        import torch

        absent = torch.isnan(truth).view(-1, self.candidates)
        logits = (-predicted).view(-1, self.candidates).masked_fill(absent, -1e9)
        distance = truth.view(-1, self.candidates).masked_fill(absent, torch.inf)
        usable = (~absent).sum(1) > 1
        nearest = distance.argmin(1)
        return torch.nn.functional.cross_entropy(logits[usable], nearest[usable])


def fit(data: PairData, values: dict[str, Any], seed: int, progress: Progress) -> FittedModel:
    from core.dissimilarity.gradient import TargetScale, Trainer, scale_of, seeded
    from core.dissimilarity.modules import LearnedDistance
    from core.encoders import device

    rows, k = data.training.rows, values["candidates"]

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        anchors = np.repeat(rng.choice(rows, ANCHORS), k)
        return anchors, rng.choice(rows, ANCHORS * k)

    scale = TargetScale(scale_of(data, seed).centre, 1.0)
    with seeded(seed):
        module = LearnedDistance(data.features, values["rank"], "angular", device())
        return Trainer(module, data, scale, values, draw, InfoNce(k)).fit(seed, progress)


register(
    PairModel(
        "contrastive",
        "Contrastive",
        "A linear map of the embeddings in which, of 16 images, the one with the most similar "
        "response is the nearest; a line of the validation pairs gives it units.",
        "van den Oord, Li & Vinyals (2018), arXiv:1807.03748",
        fit,
        parameters=PARAMETERS,
        scaled_by="validation",
        by_gradient=True,
    )
)
