"""Vision transformer whose patches are ROIs (BrainSem, study C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.decoders.head_parameters import (
    ATTENTION_HEADS,
    DEPTH,
    DROPOUT,
    HIDDEN,
    WIDTH,
    check_division,
)
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.modules.roi_transformer import RoiTransformer

    return RoiTransformer(shape, **values)


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
