"""Attention with two tokens for each subject (CLIP-MUSED)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.decoders.head import Head, Shape, register
from core.decoders.head_parameters import (
    ATTENTION_HEADS,
    DEPTH,
    DROPOUT,
    HIDDEN,
    WIDTH,
    check_division,
)
from core.registry import Parameter

if TYPE_CHECKING:
    from torch import nn

PENALTIES = ("orthogonality", "rsa_high", "rsa_low")


def build(shape: Shape, values: dict[str, Any]) -> nn.Module:
    from core.decoders.modules.clip_mused import ClipMused

    sizes = {name: value for name, value in values.items() if name not in PENALTIES}
    return ClipMused(shape, [values[name] for name in PENALTIES], **sizes)


def _strength(name: str, label: str, default: float, help: str) -> Parameter:
    return Parameter(name, label, default, help, minimum=0.0, maximum=100.0)


register(
    Head(
        "clip_mused",
        "CLIP-MUSED attention",
        "One model for several subjects: a low-level and a high-level token of each gather "
        "from the ROIs, and are held apart and to the dissimilarities of the images.",
        "Zhou, Du, Wang & He (2024), CLIP-MUSED, ICLR, arXiv:2402.08994",
        build,
        parameters=(
            Parameter(
                "depth", DEPTH.label, 4, DEPTH.help, minimum=DEPTH.minimum, maximum=DEPTH.maximum
            ),
            ATTENTION_HEADS,
            WIDTH,
            HIDDEN,
            DROPOUT,
            _strength(
                "orthogonality",
                "Weight of orthogonality",
                1e-3,
                "Of squared products of low-level and high-level tokens",
            ),
            _strength(
                "rsa_high",
                "Weight of RSA, high level",
                1e-3,
                "Of squared differences between the dissimilarities of tokens and of images",
            ),
            _strength(
                "rsa_low", "Weight of RSA, low level", 0.1, "The same for the low-level token"
            ),
        ),
        several_subjects=True,
        check_together=check_division,
        attends=True,
        penalises=True,
    )
)
