"""Fully connected layers with attention between groups of units (study A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.decoders.head_parameters import ATTENTION_HEADS, DROPOUT, WIDTH, check_division
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.modules.fc_attention import FullyConnectedAttention

    return FullyConnectedAttention(shape, **values)


register(
    Head(
        "fc_attention",
        "Fully connected with attention",
        "After study A's AdvancedProjectionHead, whose sizes are not stated; attention over the "
        "whole response as one token gives it the weight 1 whatever it is, a known flaw of the "
        "original, so here it runs over two or more groups of units (ROIs).",
        "Study A, 'Semantic Alignment of fMRI Data Using CLIP'; attention: Vaswani et al. "
        "(2017), NeurIPS 30, arXiv:1706.03762",
        build,
        parameters=(
            WIDTH,
            ATTENTION_HEADS,
            Parameter("layers", "Attention layers", 1, "One after the other", minimum=1, maximum=6),
            Parameter(
                "dropout",
                DROPOUT.label,
                0.3,
                DROPOUT.help,
                minimum=DROPOUT.minimum,
                maximum=DROPOUT.maximum,
            ),
        ),
        check_together=check_division,
        attends=True,
    )
)
