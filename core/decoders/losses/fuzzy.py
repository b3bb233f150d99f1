"""Fuzzy one-to-many matching by category (study C, Eq. 2-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.loss import TEMPERATURE, Loss, register
from core.registry import Parameter

if TYPE_CHECKING:
    import torch
    from torch import nn


def distribution(target: torch.Tensor, category: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Eq. 2 over its row sums: every image of one's category alike; one's own if unknown."""
    import torch

    same = (category[:, None] == category) & (category >= 0)
    same |= torch.eye(len(category), dtype=torch.bool, device=category.device)
    return same / same.sum(dim=1, keepdim=True)


def build(values: dict[str, Any]) -> nn.Module:
    from core.decoders.modules.contrast import Contrast, LogitScale

    temperature = 1.0 if values["kind"] == "none" else values["temperature"]
    scale = LogitScale(temperature, values["kind"] == "learned")
    return Contrast(scale, distribution, both_ways=False)


register(
    Loss(
        "fuzzy",
        "Fuzzy matching",
        "A response has to find any image of its category, not its own alone; without a "
        "temperature, as published, the softmax of cosines stays nearly flat.",
        "Chen, Qi, Wang & Pan (2024), BrainSem, AAAI 38, Eq. 2-3",
        build,
        parameters=(
            Parameter(
                "kind",
                "Kind of temperature",
                "none",
                "'none' as published; a learned one stays at .01 or more",
                choices=("none", "fixed", "learned"),
            ),
            TEMPERATURE,
        ),
        contrasts=True,
    )
)
