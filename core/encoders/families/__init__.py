"""Families of encoders, a file for each: importing it registers it."""

from core.registry import discover

discover(__name__, __path__)
