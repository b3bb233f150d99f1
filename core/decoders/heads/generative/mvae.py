"""MVAE: see ``core/decoders/generative/rivals.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.generative.parameters import parameters, textual
from core.decoders.head import Head, Shape, register

if TYPE_CHECKING:
    from torch import nn


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.generative.rivals import Mvae

    return Mvae(shape, values)


register(
    Head(
        "mvae",
        "MVAE",
        "Responses, images and texts share latents by a product of experts; a rival of study C, "
        "generative, which a ridge often beats.",
        "Wu & Goodman (2018), Multimodal generative models for scalable weakly-supervised "
        "learning, NeurIPS 31, arXiv:1802.05335",
        build,
        parameters=parameters(),
        trained_by="own objective",
        textual=textual,
    )
)
