"""Torch modules of the pair models: rows of two images to one dissimilarity."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import nn

from core.dissimilarity.gradient import RowTable

EPSILON = 1e-6
FLATTEST = 0.02


class PairMlp(nn.Module):
    """A multilayer perceptron on two embeddings.

    The first layer on the concatenation [f_i, f_j] is A f_i + B f_j: both products are taken
    once an image and gathered.

    Parameters
    ----------
    features : np.ndarray of shape (n, d), float32
    hidden, width : int
        Number of hidden layers, and units in each.
    is_free : bool
        Squared differences and products in place of the concatenation.
    is_averaged : bool
        The mean of both orders is predicted, and one of them at random trained on.
    """

    def __init__(
        self,
        features: np.ndarray,
        hidden: int,
        width: int,
        is_free: bool,
        is_averaged: bool,
        device: str,
    ) -> None:
        super().__init__()
        self.table = RowTable(features, device)
        self.is_free, self.is_averaged = is_free, is_averaged
        outputs = [width] * hidden + [1]
        self.first = nn.Linear(2 * features.shape[1], outputs[0])
        rest: list[nn.Module] = []
        for before, after in itertools.pairwise(outputs):
            rest += [nn.ReLU(), nn.Linear(before, after)]
        self.rest = nn.Sequential(*rest)
        self.to(device)

    def forward(self, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        if self.is_free:
            left, right = self.table.rows[i], self.table.rows[j]
            joined = torch.cat([(left - right) ** 2, left * right], dim=1)
            return self._finish(self.first(joined))
        if self.is_averaged and self.training:
            swapped = torch.rand(len(i), device=i.device) < 0.5
            i, j = torch.where(swapped, j, i), torch.where(swapped, i, j)
        rows, i, j = self.table.once(i, j)
        left, right = rows @ self._half(0).T, rows @ self._half(1).T
        value = self._finish(left[i] + right[j] + self.first.bias)
        if self.is_averaged and not self.training:
            value = (value + self._finish(left[j] + right[i] + self.first.bias)) / 2
        return value

    def _half(self, side: int) -> torch.Tensor:
        return self.first.weight.chunk(2, dim=1)[side]

    def _finish(self, hidden: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = self.rest(hidden)
        return value[:, 0]


class Siamese(nn.Module):
    """Two convolutional layers that both images share, and the distance of what they give.

    Parameters
    ----------
    images : np.ndarray of shape (n, side, side), uint8
    is_sigmoid : bool
        Output 2 * sigmoid, 0 to 2, in place of a linear one.
    """

    images: torch.Tensor

    def __init__(self, images: np.ndarray, is_sigmoid: bool, device: str) -> None:
        super().__init__()
        self.register_buffer("images", torch.as_tensor(images), persistent=False)
        self.is_sigmoid = is_sigmoid
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.LazyLinear(64),
        )
        self.head = nn.Linear(64, 1)
        self.to(device)
        self.body(torch.zeros(1, 1, *images.shape[1:], device=device))

    def forward(self, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        needed, place = torch.unique(torch.cat([i, j]), return_inverse=True)
        codes = torch.cat(
            [self.body(part[:, None].float() / 255.0) for part in self.images[needed].split(128)]
        )
        left, right = codes[place].chunk(2)
        value: torch.Tensor = self.head((left - right).abs())[:, 0]
        return 2 * torch.sigmoid(value) if self.is_sigmoid else value


class LearnedDistance(nn.Module):
    """A low-rank distance on embeddings, with two numbers that scale it.

    'mahalanobis' |L (f_i - f_j)|; 'bilinear' a' (f_i + f_j) - f_i' (L' S L) f_j with S of signs
    and sizes; 'angular' -cos(L f_i, L f_j).
    """

    def __init__(self, features: np.ndarray, rank: int, form: str, device: str) -> None:
        super().__init__()
        self.table, self.form = RowTable(features, device), form
        self.project = nn.Linear(features.shape[1], rank, bias=False)
        self.signs = nn.Parameter(torch.ones(rank) / rank**0.5)
        self.alone = nn.Linear(features.shape[1], 1, bias=False)
        nn.init.zeros_(self.alone.weight)
        self.line = nn.Parameter(torch.tensor([0.0, 1.0]))
        self.to(device)

    @torch.no_grad()
    def begin_scaled(self, i: np.ndarray, j: np.ndarray, target: np.ndarray) -> None:
        """Start on the line that fits the scaled target of some pairs, or nearly flat."""
        values = self(*(torch.as_tensor(side, device=self.line.device) for side in (i, j)))
        values = values.double().cpu().numpy()
        slope = np.cov(values, target)[0, 1] / max(values.var(ddof=1), EPSILON)
        slope = max(slope, FLATTEST / max(values.std(), EPSILON))
        self.line.copy_(torch.tensor([target.mean() - slope * values.mean(), slope]))

    def forward(self, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        rows, i, j = self.table.once(i, j)
        codes = self.project(rows)
        if self.form == "angular":
            codes = nn.functional.normalize(codes, dim=1)
        left, right = codes[i], codes[j]
        if self.form == "mahalanobis":
            value = torch.sqrt(((left - right) ** 2).sum(1) + EPSILON)
        elif self.form == "bilinear":
            alone = self.alone(rows)[:, 0]
            value = alone[i] + alone[j] - (left * self.signs * right).sum(1)
        else:
            value = -(left * right).sum(1)
        return self.line[0] + self.line[1] * value
