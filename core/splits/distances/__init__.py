"""How far the test images of a split are from its training images, one by one and as a whole."""

from core.splits.distances.discrepancy import Discrepancy, discrepancy, gaussian_scale
from core.splits.distances.nearest import nearest_distances
from core.splits.distances.selection import SetMatching

__all__ = ["Discrepancy", "SetMatching", "discrepancy", "gaussian_scale", "nearest_distances"]
