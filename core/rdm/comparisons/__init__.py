"""Comparisons of RDMs: what they declare, the methods, and the vectors that they take."""

from core.rdm.comparisons import methods  # noqa: F401  (registers them)
from core.rdm.comparisons.comparison import ALL_CELLS, COMPARISONS, Cells, RdmComparison

__all__ = ["ALL_CELLS", "COMPARISONS", "Cells", "RdmComparison"]
