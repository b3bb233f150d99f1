"""Subjects aligned in a shared space, with one linear map from there (functional alignment)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.decoders.head_parameters import DROPOUT
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.modules.aligned import AlignedLinear

    return AlignedLinear(shape, **values)


register(
    Head(
        "aligned_linear",
        "Aligned linear",
        "One model for several subjects: a linear map of each into a shared space, and one linear "
        "map from there for all, which the trials of every subject train.",
        "Scotti et al. (2024), MindEye2, ICML, arXiv:2403.11207 (without its backbone and "
        "priors); functional alignment: Haxby et al. (2011), Neuron 72:404-416",
        build,
        parameters=(
            Parameter(
                "width",
                "Shared space",
                512,
                "Dimensions into which the units of each subject are mapped",
                minimum=1,
                maximum=16384,
            ),
            Parameter(
                "dropout",
                "Dropout",
                0.9,
                "Share of shared dimensions that is left out at random while training",
                minimum=DROPOUT.minimum,
                maximum=DROPOUT.maximum,
            ),
        ),
        several_subjects=True,
    )
)
