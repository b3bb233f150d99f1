"""The module of the head ``aligned_linear``."""

from __future__ import annotations

import torch
from torch import nn

from core.decoders.head import Shape


class AlignedLinear(nn.Module):
    """A linear map of each subject into a shared space, and a linear map from there for all.

    Parameters
    ----------
    shape : Shape
    width : int
        Dimensions of the shared space.
    dropout : float
        Share of its dimensions left out at random while training.
    """

    def __init__(self, shape: Shape, width: int, dropout: float) -> None:
        super().__init__()
        # Responses are standardised within a subject: the one bias of all suffices.
        self.own = nn.ModuleList(
            nn.Linear(shape.units, width, bias=False) for _ in range(shape.subjects)
        )
        self.dropout = nn.Dropout(dropout)
        self.shared = nn.Linear(width, shape.outputs)

    def forward(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        return self.shared(self.dropout(self.align(x, subject)))

    def align(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        """Responses in the shared space. (b, width)"""
        order = subject.argsort(stable=True)
        counts = subject.bincount(minlength=len(self.own)).tolist()
        parts = zip(self.own, x[order].split(counts), strict=True)
        return torch.cat([project(rows) for project, rows in parts])[order.argsort()]
