"""The module of the head ``fc_attention``."""

from __future__ import annotations

import torch
from torch import nn

from core.decoders.head import Shape
from core.decoders.modules.layers import Attending, GroupEmbedding, Stack


class FullyConnectedAttention(nn.Module):
    """A layer for each group, attention among the groups, and a layer over all of them."""

    extra_tokens = 0

    def __init__(self, shape: Shape, width: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.embedding = GroupEmbedding(shape, width, own=True)
        self.inward = nn.Sequential(nn.LayerNorm(width), nn.GELU(), nn.Dropout(dropout))
        self.attending = Stack(Attending(width, heads, dropout) for _ in range(layers))
        self.outward = nn.Sequential(
            nn.Flatten(),
            nn.Linear(len(shape.groups) * width, width),
            nn.LayerNorm(width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(width, shape.outputs),
        )

    def forward(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        return self.outward(self.attending(self.inward(self.embedding(x))))

    def attention(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        return self.attending.weights(self.inward(self.embedding(x)))
