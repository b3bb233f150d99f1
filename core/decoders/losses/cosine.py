"""Cosine distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.loss import Loss, register

if TYPE_CHECKING:
    import torch
    from torch import nn


def distance(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean of 1 - cosine similarity, 0 to 2."""
    import torch.nn.functional as F

    return 1 - F.cosine_similarity(predicted, target, dim=1).mean()


def build(values: dict[str, Any]) -> nn.Module:
    from core.decoders.modules.contrast import RowByRow

    return RowByRow(distance)


register(
    Loss(
        "cosine",
        "Cosine distance",
        "The mean angle alone, as retrieval scores it; no other image of the batch takes part.",
        "Barz & Denzler (2020), WACV, arXiv:1901.09054",
        build,
    )
)
