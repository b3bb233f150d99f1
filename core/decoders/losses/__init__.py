"""Losses between predicted and true embeddings: every file here is one, as with heads."""

from core.decoders.loss import LOSSES, Loss, build, check_terms, combined
from core.registry import discover

# How they are listed; a further file comes after these.
discover(__name__, __path__, first=("infonce", "softclip", "fuzzy", "mse", "cosine"))

__all__ = ["LOSSES", "Loss", "build", "check_terms", "combined"]
