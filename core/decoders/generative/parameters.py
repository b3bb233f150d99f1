"""What every generative head declares; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.registry import Parameter

BRAIN, VISUAL, TEXTUAL = "brain", "visual", "textual"
# Modalities by the features that a decoder is trained with, as the studies name them.
FEATURES: Mapping[str, tuple[str, ...]] = {
    "V": (BRAIN, VISUAL),
    "T": (BRAIN, TEXTUAL),
    "V&T": (BRAIN, VISUAL, TEXTUAL),
}


def textual(values: Mapping[str, Any]) -> str | None:
    """The encoder of the text that the values name, None where they ask for no text."""
    return values["text"] if TEXTUAL in FEATURES[values["features"]] else None


def parameters(*own: Parameter, beta: float = 1.0) -> tuple[Parameter, ...]:
    """The parameters of a generative head, and its own after them."""
    return (
        Parameter(
            "features",
            "Trained with",
            "V&T",
            "Visual features (the embedding), textual ones, or both, beside the responses",
            choices=tuple(FEATURES),
        ),
        Parameter(
            "text",
            "Textual features",
            "",
            "Empty: each image's caption, else its category, as the embedding's encoder reads it; "
            "or another encoder, such as precomputed:GPTNeo for features that come with BraVL",
        ),
        Parameter(
            "latent", "Latent dimensions", 64, "Of the space that all share", minimum=2, maximum=512
        ),
        Parameter(
            "width",
            "Width",
            256,
            "Hidden units of each encoder and each decoder",
            minimum=4,
            maximum=4096,
        ),
        Parameter(
            "beta",
            "Weight of the divergence (beta)",
            beta,
            "Of the Kullback-Leibler divergence from the prior",
            minimum=0.0,
            maximum=100.0,
        ),
        *own,
    )
