"""RDMs as small images of one colour scale: the percentile of each pair among the pairs."""

from __future__ import annotations

import numpy as np

from core.figures import heatmap
from core.rdm import square
from core.rdm.disagreement import percentiles

SIDE = 160
ENDS = (0.0, 100.0)


def in_percentiles(vector: np.ndarray) -> np.ndarray:
    """An upper triangle as a matrix of percentiles. (pairs,) -> (n, n), 0 on the diagonal"""
    return square(percentiles(vector))


def small(vector: np.ndarray, order: np.ndarray, colours: str, side: int = SIDE) -> str:
    """An RDM, or its block means, as a data URI.

    Parameters
    ----------
    vector : np.ndarray of shape (pairs,)
        Upper triangle row by row.
    order : int array of shape (n,)
        Stimulus at each position.
    colours : str
        One of ``heatmap.COLOUR_SCALES``.
    side : int
        Largest side in cells.
    """
    means = heatmap.overview(in_percentiles(vector), order, side)
    return heatmap.data_uri(heatmap.palette_png(heatmap.levels(means, ENDS), colours))
