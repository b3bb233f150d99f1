"""MATLAB's files, of either kind."""

from core.datasets.releases.matlab.reading import MAT_ERRORS, item, read_mat, row

__all__ = ["MAT_ERRORS", "item", "read_mat", "row"]
