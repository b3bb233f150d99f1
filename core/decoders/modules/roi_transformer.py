"""The module of the head ``roi_transformer``."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from core.decoders.head import Shape
from core.decoders.modules.layers import GroupEmbedding, Transformer


class RoiTransformer(nn.Module):
    """A class token gathers from the ROIs and is read out as the brain embedding."""

    extra_tokens = 1

    def __init__(self, shape: Shape, projection: str, **sizes: Any) -> None:
        super().__init__()
        self.embedding = GroupEmbedding(shape, sizes["width"], own=projection == "own")
        self.brain = nn.Parameter(torch.randn(sizes["width"]) * 0.02)
        self.transformer = Transformer(**sizes)
        self.outward = nn.Linear(sizes["width"], shape.outputs)

    def forward(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        return self.outward(self.transformer(self._tokens(x))[:, 0])

    def attention(self, x: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
        return self.transformer.weights(self._tokens(x))

    def _tokens(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.brain.expand(len(x), 1, -1), self.embedding(x)], dim=1)
