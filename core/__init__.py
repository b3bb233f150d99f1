"""Neurogallery's science: everything that computes, without a screen."""

__version__ = "0.2.0"
