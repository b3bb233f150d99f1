"""Modules that losses are made of; this imports torch, so losses import it when they build."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import nn

LARGEST_SCALE = 100.0

Distribution = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
Score = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class LogitScale(nn.Module):
    """The inverse of a temperature, learned as its logarithm and at most 100, or fixed.

    Source: Radford et al. (2021), section 2.5.
    """

    log_scale: torch.Tensor

    def __init__(self, temperature: float, learned: bool) -> None:
        super().__init__()
        log_scale = torch.tensor(-math.log(temperature))
        if learned:
            self.log_scale = nn.Parameter(log_scale)
        else:
            self.register_buffer("log_scale", log_scale)

    def forward(self) -> torch.Tensor:
        # Clamped in place: a clamp of the value used would leave no gradient to come back by.
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(LARGEST_SCALE))
        return self.log_scale.exp()


class Contrast(nn.Module):
    """Cross entropy between the similarities within a batch and a target distribution.

    Parameters
    ----------
    scale : LogitScale
    distribution : callable
        ``distribution(target, category, scale)`` gives the distribution over the images of
        the batch that each row should have, (b, b); ``target`` has rows of length 1.
    both_ways : bool
        Whether images have to find their responses too, and the two are averaged.
    """

    def __init__(self, scale: LogitScale, distribution: Distribution, both_ways: bool) -> None:
        super().__init__()
        self.scale = scale
        self.distribution = distribution
        self.both_ways = both_ways

    def forward(
        self, predicted: torch.Tensor, target: torch.Tensor, category: torch.Tensor
    ) -> torch.Tensor:
        # In bfloat16 a similarity times 100 is wrong by up to 0.25.
        with torch.autocast(predicted.device.type, enabled=False):
            scale = self.scale()
            target = F.normalize(target.float(), dim=1)
            similarity = scale * (F.normalize(predicted.float(), dim=1) @ target.T)
            expected = self.distribution(target, category, scale)
            loss = F.cross_entropy(similarity, expected)
            if self.both_ways:
                loss = (loss + F.cross_entropy(similarity.T, expected)) / 2
        return loss


class RowByRow(nn.Module):
    """A loss that compares each prediction with its own target alone."""

    def __init__(self, score: Score) -> None:
        super().__init__()
        self.score = score

    def forward(
        self, predicted: torch.Tensor, target: torch.Tensor, category: torch.Tensor
    ) -> torch.Tensor:
        with torch.autocast(predicted.device.type, enabled=False):
            return self.score(predicted.float(), target.float())


class WeightedSum(nn.Module):
    """Losses times their weights."""

    def __init__(self, losses: Sequence[nn.Module], weights: Sequence[float]) -> None:
        super().__init__()
        self.losses = nn.ModuleList(losses)
        self.weights = tuple(weights)

    def forward(
        self, predicted: torch.Tensor, target: torch.Tensor, category: torch.Tensor
    ) -> torch.Tensor:
        terms = [
            weight * loss(predicted, target, category)
            for weight, loss in zip(self.weights, self.losses, strict=True)
        ]
        return torch.stack(terms).sum()
