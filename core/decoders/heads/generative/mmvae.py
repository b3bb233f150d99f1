"""MMVAE: see ``core/decoders/generative/rivals.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.generative.parameters import parameters, textual
from core.decoders.head import Head, Shape, register
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.generative.rivals import Mmvae

    return Mmvae(shape, values)


register(
    Head(
        "mmvae",
        "MMVAE",
        "Latents of each modality alone have to explain all of them (a mixture of experts); a "
        "rival of study C.",
        "Shi, Siddharth, Paige & Torr (2019), Variational mixture-of-experts autoencoders, "
        "NeurIPS 32, arXiv:1911.03393",
        build,
        parameters=parameters(
            Parameter(
                "samples",
                "Samples",
                4,
                "Of each modality in the importance-weighted bound; 1 gives the plain one",
                minimum=1,
                maximum=100,
            )
        ),
        trained_by="own objective",
        textual=textual,
    )
)
