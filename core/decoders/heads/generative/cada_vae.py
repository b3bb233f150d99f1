"""CADA-VAE: see ``core/decoders/generative/rivals.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.generative.parameters import parameters, textual
from core.decoders.head import Head, Shape, register
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.generative.rivals import CadaVae

    return CadaVae(shape, values)


register(
    Head(
        "cada_vae",
        "CADA-VAE",
        "An autoencoder of each modality, whose latents are aligned and decoded to the others; a "
        "rival of study C.",
        "Schönfeld, Ebrahimi, Sinha, Darrell & Akata (2019), Generalized zero- and few-shot "
        "learning via aligned variational autoencoders, CVPR, arXiv:1812.01784",
        build,
        parameters=parameters(
            Parameter(
                "cross",
                "Weight of cross-reconstruction",
                2.37,
                "Of decoding each modality from the latents of another",
                minimum=0.0,
                maximum=100.0,
            ),
            Parameter(
                "alignment",
                "Weight of alignment",
                8.13,
                "Of the Wasserstein distance between the posteriors of two modalities",
                minimum=0.0,
                maximum=100.0,
            ),
            beta=0.25,
        ),
        trained_by="own objective",
        textual=textual,
    )
)
