"""SoftCLIP: images that are alike share what a response may retrieve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.loss import Loss, register
from core.registry import Parameter

if TYPE_CHECKING:
    import torch
    from torch import nn


def distribution(target: torch.Tensor, category: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return (scale * (target @ target.T)).softmax(dim=1)


def build(values: dict[str, Any]) -> nn.Module:
    from core.decoders.modules.contrast import Contrast, LogitScale

    return Contrast(LogitScale(values["temperature"], learned=False), distribution, both_ways=True)


register(
    Loss(
        "softclip",
        "SoftCLIP",
        "Like InfoNCE, but a response may also find images that are like its own, by the "
        "softmax of their similarities.",
        "Scotti et al. (2023), MindEye, NeurIPS 36, arXiv:2305.18274; Gao et al. (2024), AAAI, "
        "arXiv:2303.17561",
        build,
        parameters=(
            Parameter(
                "temperature",
                "Temperature",
                0.05,
                "Of predictions and targets; the smaller, the nearer to InfoNCE. MindEye1's "
                "training raises it from .004 to .0075, on embeddings of many tokens",
                minimum=0.004,
                maximum=10.0,
            ),
        ),
        contrasts=True,
    )
)
