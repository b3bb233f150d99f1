"""Fully connected layers with attention between groups of units (study A)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.decoders.modules.transformer import ATTENTION_HEADS, DROPOUT, WIDTH, check_division
from core.registry import Parameter

if TYPE_CHECKING:
    import torch
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    return _module()(shape, **values)


@cache
def _module() -> type[nn.Module]:
    from torch import nn

    from core.decoders.modules.layers import Attending, GroupEmbedding, Stack

    class FullyConnectedAttention(nn.Module):
        """A layer for each group, attention among the groups, and a layer over all of them."""

        extra_tokens = 0

        def __init__(
            self, shape: Shape, width: int, heads: int, layers: int, dropout: float
        ) -> None:
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

    return FullyConnectedAttention


register(
    Head(
        "fc_attention",
        "Fully connected with attention",
        "After study A's AdvancedProjectionHead, whose sizes are not stated; attention over the "
        "whole response as one token gives it the weight 1 whatever it is, a known flaw of the "
        "original, so here it runs over two or more groups of units (ROIs).",
        "Study A, 'Semantic Alignment of fMRI Data Using CLIP'; attention: Vaswani et al. "
        "(2017), NeurIPS 30, arXiv:1706.03762",
        build,
        parameters=(
            WIDTH,
            ATTENTION_HEADS,
            Parameter("layers", "Attention layers", 1, "One after the other", minimum=1, maximum=6),
            Parameter(
                "dropout",
                DROPOUT.label,
                0.3,
                DROPOUT.help,
                minimum=DROPOUT.minimum,
                maximum=DROPOUT.maximum,
            ),
        ),
        check_together=check_division,
        attends=True,
    )
)
