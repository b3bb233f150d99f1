"""Multilayer perceptron with residual blocks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.errors import InputError
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from torch import nn

    from core.decoders.modules.layers import OfResponses, Residual

    width = values["width"]
    sizes = [shape.units, *[width] * values["hidden"]]
    layers = [_layer(before, after, values["dropout"]) for before, after in pairwise(sizes)]
    blocks = [
        Residual(_layer(width, width, values["block_dropout"])) for _ in range(values["blocks"])
    ]
    return OfResponses(nn.Sequential(*layers, *blocks, nn.Linear(sizes[-1], shape.outputs)))


def _check_blocks(values: Mapping[str, Any]) -> None:
    if values["blocks"] and not values["hidden"]:
        raise InputError(
            f"{values['blocks']} residual blocks stand on no hidden layer",
            "1 or more hidden layers before residual blocks",
        )


def _layer(before: int, after: int, dropout: float) -> nn.Module:
    from torch import nn

    return nn.Sequential(
        nn.Linear(before, after), nn.LayerNorm(after), nn.GELU(), nn.Dropout(dropout)
    )


register(
    Head(
        "mlp",
        "MLP",
        "Hidden layers and residual blocks of linear, LayerNorm, GELU and dropout; it needs "
        "thousands of trials to gain on a linear head.",
        "Scotti et al. (2023), MindEye, NeurIPS 36, arXiv:2305.18274 (without its diffusion "
        "prior and projector)",
        build,
        parameters=(
            Parameter(
                "hidden",
                "Hidden layers",
                1,
                "0 makes it linear",
                minimum=0,
                maximum=4,
            ),
            Parameter(
                "blocks",
                "Residual blocks",
                1,
                "After the hidden layers; the input of each is added to what it gives",
                minimum=0,
                maximum=8,
            ),
            Parameter(
                "width", "Width", 512, "Units of every hidden layer", minimum=1, maximum=16384
            ),
            Parameter(
                "dropout",
                "Dropout",
                0.5,
                "Share of activations of a hidden layer left out at random while training",
                minimum=0.0,
                maximum=0.9,
            ),
            Parameter(
                "block_dropout",
                "Dropout of blocks",
                0.15,
                "The same in a residual block",
                minimum=0.0,
                maximum=0.9,
            ),
        ),
        check_together=_check_blocks,
        presets={
            "MindEye1": {
                "hidden": 1,
                "blocks": 4,
                "width": 4096,
                "dropout": 0.5,
                "block_dropout": 0.15,
            }
        },
    )
)
