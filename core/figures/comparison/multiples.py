"""RDMs as small images of one colour scale: the percentile of each pair among the pairs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.figures import heatmap
from core.figures.export import ColourBar, MatrixDrawing, MatrixPanel
from core.figures.strips import Strips
from core.rdm import square
from core.rdm.disagreement import percentiles

SIDE = 160
ENDS, LABEL = (0.0, 100.0), "Dissimilarity, percentile of the pairs"
FEW, PRINTED_SIDE = 4, 320


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
    return heatmap.data_uri(heatmap.palette_png(_levels(vector, order, side), colours))


def drawing(
    title: str,
    vectors: Mapping[str, np.ndarray],
    order: np.ndarray,
    colours: str,
    beside: Strips,
) -> MatrixDrawing:
    """The RDMs as they are printed, by name, each an upper triangle (pairs,)."""
    side = PRINTED_SIDE if len(vectors) > FEW else len(order)
    bar = ColourBar(colours, ENDS, LABEL)
    panels = [
        MatrixPanel(_levels(vector, order, side), bar, name) for name, vector in vectors.items()
    ]
    return MatrixDrawing(panels, len(order), beside, title)


def _levels(vector: np.ndarray, order: np.ndarray, side: int) -> np.ndarray:
    return heatmap.levels(heatmap.overview(in_percentiles(vector), order, side), ENDS)
