"""A linear map trained by gradient, with any loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.decoders.head_parameters import DROPOUT
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from torch import nn

    from core.decoders.modules.layers import OfResponses

    layer = nn.Linear(shape.units, shape.outputs)
    if not values["dropout"]:
        return OfResponses(layer)
    return OfResponses(nn.Sequential(nn.Dropout(values["dropout"]), layer))


register(
    Head(
        "linear",
        "Linear",
        "One matrix and an intercept; with a contrastive loss it is hard to beat where trials "
        "are few.",
        "Radford et al. (2021), ICML, arXiv:2103.00020 (linear projection and contrast)",
        build,
        parameters=(
            Parameter(
                "dropout",
                "Dropout of units",
                0.0,
                "Share of response units that is left out at random while training",
                minimum=DROPOUT.minimum,
                maximum=DROPOUT.maximum,
            ),
        ),
    )
)
