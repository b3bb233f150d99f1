"""RDMs as small images: block-averaged overviews, exact crops, palette PNGs."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.rdm.cells import Spread
from core.rdm.large.computed import ComputedRdm

LEVELS = 255
MISSING_LEVEL = 255
MISSING_COLOUR = (150, 150, 150)
COLOUR_SCALES = ("viridis", "cividis", "magma", "gray")


def overview(matrix: np.ndarray, permutation: np.ndarray, side: int) -> np.ndarray:
    """Average an ordered RDM over square blocks.

    Parameters
    ----------
    matrix : np.ndarray of shape (n, n)
    permutation : int array of shape (n,)
        Row of the stimulus at each display position.
    side : int
        Largest side of the result; where n is smaller nothing is averaged.

    Returns
    -------
    np.ndarray of shape (min(n, side), min(n, side)), float32
        Mean of the defined cells of each block, NaN where there is none; the diagonal
        (a stimulus with itself) is left out of the means.
    """
    n = len(matrix)
    if n <= side:
        return np.asarray(matrix[np.ix_(permutation, permutation)], dtype=np.float32)
    edges = np.arange(side + 1) * n // side
    means = np.empty((side, side), dtype=np.float32)
    for block in range(side):
        rows = np.sort(permutation[edges[block] : edges[block + 1]])
        part = np.asarray(matrix[rows])
        defined = np.isfinite(part)
        whole = bool(defined.all())
        total = part.sum(axis=0) if whole else np.where(defined, part, 0.0).sum(axis=0)
        count = np.full(n, len(rows)) if whole else defined.sum(axis=0)
        count[rows] = np.maximum(count[rows] - 1, 0)
        sums = np.add.reduceat(total[permutation], edges[:-1])
        counts = np.add.reduceat(count[permutation], edges[:-1])
        means[block] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def crop(
    matrix: np.ndarray | ComputedRdm, permutation: np.ndarray, row: int, column: int, size: int
) -> np.ndarray:
    """Exact cells of a window of the ordered RDM. (size, size) or less at the edge."""
    rows = permutation[row : row + size]
    columns = permutation[column : column + size]
    return np.asarray(matrix[np.ix_(rows, columns)], dtype=np.float32)


def limits(means: np.ndarray, spread: Spread, n: int) -> tuple[float, float]:
    """Values at the ends of the colour scale: those of the pairs, or of the block means.

    Means of many cells differ far less than the cells: colours over the range of the
    cells would show an overview as one even square.
    """
    if len(means) == n or not np.isfinite(means).any():
        return spread.minimum, spread.maximum
    return float(np.nanmin(means)), float(np.nanmax(means))


def shared_limits(
    own: Sequence[tuple[float, float]], measures: Sequence[str]
) -> list[tuple[float, float]]:
    """One colour scale for all matrices of a measure: from the lowest end to the highest.

    Parameters
    ----------
    own : sequence of (float, float)
        Ends of each matrix, from ``limits``.
    measures : sequence of str
        What the values of each are; those of different measures have no scale in common.
    """
    ends: dict[str, tuple[float, float]] = {}
    for (low, high), measure in zip(own, measures, strict=True):
        lowest, highest = ends.get(measure, (low, high))
        ends[measure] = (min(lowest, low), max(highest, high))
    return [ends[measure] for measure in measures]


def levels(values: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    """Display level of each value between two ends, uint8: 0..254, missing 255."""
    low, high = ends
    return _as_levels((values - low) / ((high - low) or 1.0))


def percentile_levels(values: np.ndarray, spread: Spread) -> np.ndarray:
    """Display levels spread evenly over the ranks of the pairs, as published RDMs often are."""
    share = np.r_[0.0, np.cumsum(spread.counts)] / spread.pairs
    return _as_levels(np.where(np.isfinite(values), np.interp(values, spread.edges, share), np.nan))


def _as_levels(position: np.ndarray) -> np.ndarray:
    missing = ~np.isfinite(position)
    level = np.clip(np.where(missing, 0.0, position), 0.0, 1.0) * (LEVELS - 1)
    return np.where(missing, MISSING_LEVEL, np.rint(level)).astype(np.uint8)


def palette_png(display_levels: np.ndarray, colour_scale: str = "viridis") -> bytes:
    """Encode display levels as a palette PNG, one byte a cell."""
    image = Image.fromarray(display_levels, mode="P")
    image.putpalette([*colours(colour_scale).ravel().tolist(), *MISSING_COLOUR])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


@functools.lru_cache(maxsize=8)
def colours(colour_scale: str) -> np.ndarray:
    """The 255 colours of a perceptually even scale. (255, 3) uint8."""
    from matplotlib import colormaps

    table = colormaps[colour_scale](np.linspace(0.0, 1.0, LEVELS))
    return np.rint(255 * table[:, :3]).astype(np.uint8)


def hex_colours(colour_scale: str, count: int = 12) -> list[str]:
    """Evenly spaced colours of a scale as '#rrggbb', for legends."""
    table = colours(colour_scale)[np.linspace(0, LEVELS - 1, count).astype(int)]
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in table]


def data_uri(content: bytes, kind: str = "image/png") -> str:
    """Content as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
