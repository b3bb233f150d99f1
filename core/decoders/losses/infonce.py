"""InfoNCE: each response retrieves its own image in the batch, each image its responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.loss import TEMPERATURE, Loss, register
from core.registry import Parameter

if TYPE_CHECKING:
    import torch
    from torch import nn


# Cosines of one image with itself differ from 1 by rounding alone.
SAME = 1 - 1e-5


def distribution(target: torch.Tensor, category: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Its own image; equal shares where several rows of the batch are of that image."""
    same = (target @ target.T >= SAME).float().fill_diagonal_(1.0)
    return same / same.sum(dim=1, keepdim=True)


def build(values: dict[str, Any]) -> nn.Module:
    from core.decoders.modules.contrast import Contrast, LogitScale

    scale = LogitScale(values["temperature"], values["kind"] == "learned")
    return Contrast(scale, distribution, both_ways=True)


register(
    Loss(
        "infonce",
        "InfoNCE",
        "Each response has to find its own image among those of the batch, and each image "
        "its response.",
        "van den Oord, Li & Vinyals (2018), arXiv:1807.03748; symmetric with a learned "
        "temperature: Radford et al. (2021), ICML, arXiv:2103.00020",
        build,
        parameters=(
            Parameter(
                "kind",
                "Kind of temperature",
                "learned",
                "A learned one stays at .01 or more",
                choices=("learned", "fixed"),
            ),
            TEMPERATURE,
        ),
        contrasts=True,
    )
)
