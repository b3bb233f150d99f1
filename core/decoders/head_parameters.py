"""Parameters that several heads have; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import InputError
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn

    from core.decoders.head import Shape

WIDTH = Parameter("width", "Width", 128, "Numbers that each token holds", minimum=4, maximum=4096)
ATTENTION_HEADS = Parameter(
    "heads", "Attention heads", 4, "They divide the width evenly", minimum=1, maximum=64
)
DEPTH = Parameter("depth", "Layers", 6, "Blocks of attention and MLP", minimum=1, maximum=48)
HIDDEN = Parameter(
    "hidden", "MLP width", 512, "Hidden units of the MLP in each layer", minimum=4, maximum=16384
)
DROPOUT = Parameter(
    "dropout",
    "Dropout",
    0.1,
    "Share of activations that is left out at random while training",
    minimum=0.0,
    maximum=0.9,
)

# Of heads in closed form: alphas in geometric steps.
ALPHAS = (
    Parameter(
        "smallest",
        "Smallest alpha (power of ten)",
        0.0,
        "Regularisation; responses are standardised, so it counts in rows",
        minimum=-6,
        maximum=12,
    ),
    Parameter(
        "largest",
        "Largest alpha (power of ten)",
        6.0,
        "Where the chosen alpha is the largest, raise this",
        minimum=-6,
        maximum=12,
    ),
    Parameter(
        "count",
        "Alphas tried",
        13,
        "In geometric steps from the smallest to the largest",
        minimum=1,
        maximum=100,
    ),
)


def alphas(values: Mapping[str, Any]) -> np.ndarray:
    """Give the alphas of ``ALPHAS``. (count,) float64."""
    return np.logspace(values["smallest"], values["largest"], values["count"])


def check_alphas(values: Mapping[str, Any]) -> None:
    """Raise InputError where the smallest alpha is above the largest."""
    if values["smallest"] > values["largest"]:
        raise InputError(
            f"The smallest alpha is 10^{values['smallest']:g}, "
            f"the largest 10^{values['largest']:g}",
            "a smallest alpha that is not above the largest",
        )


def one_matrix(shape: Shape, values: dict[str, Any]) -> nn.Module:
    """A matrix and an intercept, whatever the values, for weights that are computed."""
    from torch import nn

    from core.decoders.modules.layers import OfResponses

    return OfResponses(nn.Linear(shape.units, shape.outputs))


def check_division(values: Mapping[str, Any]) -> None:
    """Raise InputError unless the attention heads divide the width."""
    if values["width"] % values["heads"]:
        raise InputError(
            f"A width of {values['width']} cannot be divided among {values['heads']} heads",
            "a width that is a multiple of the number of attention heads",
        )
