"""Mean squared error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.loss import Loss, register

if TYPE_CHECKING:
    from torch import nn


def build(values: dict[str, Any]) -> nn.Module:
    import torch.nn.functional as F

    from core.decoders.modules.contrast import RowByRow

    return RowByRow(F.mse_loss)


register(
    Loss(
        "mse",
        "Mean squared error",
        "The mean over rows and dimensions; predictions shrink to the mean where responses "
        "say little.",
        "Gauss (1809), Theoria motus; as a decoding loss: Horikawa & Kamitani (2017), Nat. "
        "Commun. 8:15037",
        build,
    )
)
