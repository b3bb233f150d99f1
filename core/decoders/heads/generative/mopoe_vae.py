"""MoPoE-VAE: see ``core/decoders/generative/rivals.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.generative.parameters import parameters, textual
from core.decoders.head import Head, Shape, register

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.generative.rivals import MoPoE

    return MoPoE(shape, values)


register(
    Head(
        "mopoe_vae",
        "MoPoE-VAE",
        "Every subset of the modalities has to explain all of them, each by a product of "
        "experts; a rival of study C.",
        "Sutter, Daunhawer & Vogt (2021), Generalized multimodal ELBO, ICLR, arXiv:2105.02470",
        build,
        parameters=parameters(),
        trained_by="own objective",
        textual=textual,
    )
)
