"""InfoNCE: each response finds its own picture in the batch, and each picture its response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.losses.shared.loss import TEMPERATURE, Loss, register
from core.registry import Parameter

if TYPE_CHECKING:
    import torch
    from torch import nn


def wanted(target: torch.Tensor, category: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.eye(len(target), device=target.device)


def build(values: dict[str, Any]) -> nn.Module:
    from core.decoders.losses.shared.modules import Contrast, Scale

    scale = Scale(values["temperature"], values["kind"] == "learned")
    return Contrast(scale, wanted, both_ways=True)


register(
    Loss(
        "infonce",
        "InfoNCE",
        "Each response has to find its own picture among those of the batch, and each picture "
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
    )
)
