"""Where the units of a recording lie."""

from core.datasets.places.surface import FSAVERAGE, SIDES, Surface

__all__ = ["FSAVERAGE", "SIDES", "Surface"]
