"""Figures of the checks of a decoder's score."""

from core.figures.trust.checks import bottleneck, learning, nearness

__all__ = ["bottleneck", "learning", "nearness"]
