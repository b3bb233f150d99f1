"""Figures of decoders in the test set."""

from core.figures.decoding.generalisation import generalisation
from core.figures.decoding.scores import scores

__all__ = ["generalisation", "scores"]
