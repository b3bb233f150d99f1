"""Vision transformer whose patches are ROIs (BrainSem, study C)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.decoders.modules.transformer import (
    ATTENTION_HEADS,
    DEPTH,
    DROPOUT,
    HIDDEN,
    WIDTH,
    check_division,
)
from core.registry import Parameter

if TYPE_CHECKING:
    import torch
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    return _module()(shape, **values)


@cache
def _module() -> type[nn.Module]:
    import torch
    from torch import nn

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

    return RoiTransformer


def _published(depth: int, heads: int) -> dict[str, Any]:
    return {
        "depth": depth,
        "heads": heads,
        "width": 512,
        "hidden": 2048,
        "dropout": 0.0,
        "projection": "shared",
    }


register(
    Head(
        "roi_transformer",
        "ROI transformer",
        "Each ROI is a patch; unlike in the released code, an ROI has a learned embedding, "
        "without which its place would be invisible. The published sizes want a GPU.",
        "Chen, Qi, Wang & Pan (2024), BrainSem, AAAI 38, 'Bridging the Semantic Latent Space "
        "between Brain and Machine: Similarity Is All You Need'; Dosovitskiy et al. (2021), "
        "ViT, ICLR, arXiv:2010.11929",
        build,
        parameters=(
            DEPTH,
            ATTENTION_HEADS,
            WIDTH,
            HIDDEN,
            DROPOUT,
            Parameter(
                "projection",
                "Projection of ROIs",
                "shared",
                "'shared' is one matrix for all, as published; 'own' is one for each ROI",
                choices=("shared", "own"),
            ),
        ),
        check_together=check_division,
        attends=True,
        presets={"6/4": _published(6, 4), "12/8": _published(12, 8), "24/16": _published(24, 16)},
    )
)
