"""Training of pair models by gradient: pairs drawn batch after batch, the best state kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from core.dissimilarity.data import PairData
from core.dissimilarity.model import FittedModel
from core.errors import NeurogalleryError
from core.progress import Progress

MOST_VALIDATED = 5_000
CHECKS = 40
PATIENCE = 10
PREDICTED_AT_ONCE = 8192

Batch = tuple[np.ndarray, np.ndarray]
Draw = Callable[[np.random.Generator], Batch]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class TargetScale(NamedTuple):
    """A target is trained on as (value - centre) / spread."""

    centre: float
    spread: float


def scale_of(data: PairData, seed: int) -> TargetScale:
    """Mean and deviation of the target over training pairs."""
    truth = data.truth(*data.training.draw(PREDICTED_AT_ONCE, np.random.default_rng([seed, 6])))
    return TargetScale(float(truth.mean()), float(truth.std()) or 1.0)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Weights drawn from a seed, without a trace in other random numbers."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def mean_squared(predicted: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    return ((predicted - truth) ** 2).mean()


class Trainer:
    """Fits a module ``module(i, j) -> (k,)`` to pairs.

    Parameters
    ----------
    module : nn.Module
        Takes rows of images as int64 tensors, and gives scaled dissimilarities.
    data : PairData
    scale : TargetScale
    values : dict
        ``pairs``, ``batch`` (without a ``draw``), ``learning_rate`` and ``weight_decay``.
    draw : callable, optional
        ``draw(rng) -> (i, j)``, a batch of training pairs; uniform ones where none is named.
    loss : callable
        Of predictions and scaled truth; NaN in the truth marks pairs of no set.
    """

    def __init__(
        self,
        module: nn.Module,
        data: PairData,
        scale: TargetScale,
        values: dict[str, Any],
        draw: Draw | None = None,
        loss: Loss = mean_squared,
    ) -> None:
        self.module, self.data, self.scale = module, data, scale
        self.values, self.loss = values, loss
        self.draw = draw or self._uniform
        self.device = next(module.parameters()).device
        self.curve: list[dict[str, float]] = []
        self.drawn = 0

    def fit(self, seed: int, progress: Progress) -> FittedModel:
        """Train until the pairs are drawn or validation gains nothing, and keep the best state."""
        rng = np.random.default_rng([seed, 7])
        checked = self.data.validation.sample(MOST_VALIDATED, rng)
        optimiser = torch.optim.AdamW(
            self.module.parameters(),
            lr=self.values["learning_rate"],
            weight_decay=self.values["weight_decay"],
        )
        best, state, since = math.inf, self._state(), 0
        while self.drawn < self.values["pairs"] and since < PATIENCE:
            trained = self._train(optimiser, rng)
            error = self._error(*checked)
            self.curve.append({"pairs": self.drawn, "training": trained, "validation": error})
            since += 1
            if error < best:
                best, state, since = error, self._state(), 0
            share = min(1.0, self.drawn / self.values["pairs"])
            progress(share, f"{self.drawn:,} pairs, validation error {error:.3g}")
        if not math.isfinite(best):
            raise NeurogalleryError(
                "The loss is not a number", "a finite loss", "Lower the learning rate."
            )
        self.module.load_state_dict(state)
        self.module.eval()
        facts = {"pairs_drawn": self.drawn, "parameters": self._size(), "curve": self.curve}
        return FittedModel(self.predict, facts)

    @torch.inference_mode()
    def predict(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Dissimilarities of pairs, in the units of the target. (k,) float64"""
        parts = [
            self.module(*self._rows(i[at : at + PREDICTED_AT_ONCE], j[at : at + PREDICTED_AT_ONCE]))
            for at in range(0, len(i), PREDICTED_AT_ONCE)
        ]
        values = torch.cat(parts).double().cpu().numpy()
        return np.asarray(self.scale.centre + self.scale.spread * values)

    def _train(self, optimiser: torch.optim.Optimizer, rng: np.random.Generator) -> float:
        """One stretch of batches between two validations; the mean loss."""
        self.module.train()
        total, steps, end = 0.0, 0, self.drawn + self.values["pairs"] / CHECKS
        while self.drawn < end or not steps:
            i, j = self.draw(rng)
            truth = (self._truth(i, j) - self.scale.centre) / self.scale.spread
            target = torch.as_tensor(truth, dtype=torch.float32, device=self.device)
            optimiser.zero_grad(set_to_none=True)
            loss = self.loss(self.module(*self._rows(i, j)), target)
            loss.backward()
            optimiser.step()
            total, steps, self.drawn = total + loss.item(), steps + 1, self.drawn + len(i)
        return total / steps

    def _truth(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """NaN outside the training set, which no batch may look at."""
        if self.draw == self._uniform:
            return self.data.truth(i, j)
        return np.where(self.data.training.contains(i, j), self.data.truth(i, j), np.nan)

    def _error(self, i: np.ndarray, j: np.ndarray) -> float:
        self.module.eval()
        truth = (self.data.truth(i, j) - self.scale.centre) / self.scale.spread
        predicted = (self.predict(i, j) - self.scale.centre) / self.scale.spread
        return validation_error(self.loss, predicted, truth)

    def _uniform(self, rng: np.random.Generator) -> Batch:
        return self.data.training.draw(self.values["batch"], rng)

    def _rows(self, i: np.ndarray, j: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        left, right = (torch.as_tensor(side, dtype=torch.int64) for side in (i, j))
        return left.to(self.device), right.to(self.device)

    def _state(self) -> dict[str, Any]:
        return {name: value.clone() for name, value in self.module.state_dict().items()}

    def _size(self) -> int:
        return sum(parameter.numel() for parameter in self.module.parameters())


def validation_error(loss: Loss, predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared error; of a model that is right but for a line, 1 - Pearson r."""
    if getattr(loss, "is_up_to_a_line", False):
        r = np.corrcoef(predicted, truth)[0, 1] if predicted.std() > 0 else 0.0
        return float(1.0 - r)
    return float(np.mean((predicted - truth) ** 2))


class RowTable(nn.Module):
    """Features of all images, which modules gather from; no parameter, and not in the state."""

    rows: torch.Tensor

    def __init__(self, features: np.ndarray, device: str) -> None:
        super().__init__()
        table = torch.as_tensor(features, device=device)
        self.register_buffer("rows", table, persistent=False)

    def once(
        self, i: torch.Tensor, j: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The features that a batch needs, each image once, and the places of both sides.

        A first layer that runs over them and is gathered costs one product an image where
        the concatenated pair would cost one a pair.
        """
        if len(self.rows) <= len(i):
            return self.rows, i, j
        needed, place = torch.unique(torch.cat([i, j]), return_inverse=True)
        return self.rows[needed], place[: len(i)], place[len(i) :]
