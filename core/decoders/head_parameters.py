"""Parameters that several heads have; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import InputError
from core.registry import Parameter

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


def check_division(values: Mapping[str, Any]) -> None:
    """Raise InputError unless the attention heads divide the width."""
    if values["width"] % values["heads"]:
        raise InputError(
            f"A width of {values['width']} cannot be divided among {values['heads']} heads",
            "a width that is a multiple of the number of attention heads",
        )
