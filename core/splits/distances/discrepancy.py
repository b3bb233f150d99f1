"""How differently two sets of images are distributed: the maximum mean discrepancy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.validation import row_blocks

# Rows of which every distance is looked at for the width of the kernel.
MOST_PAIRED = 1000


class Discrepancy(NamedTuple):
    """Squared maximum mean discrepancy of two sets, and what sets drawn at random have.

    ``squared`` is the biased estimate, never below 0; ``random`` its expectation over every
    division of all images into sets of these sizes.
    """

    squared: float
    random: float


def gaussian_scale(rows: np.ndarray, seed: int = 0) -> float:
    """Scale c of the kernel exp(-c d^2): half of one over the median squared distance.

    Of at most 1,000 rows (n, d). 1 where the median is 0.

    Source: Gretton et al. (2012), JMLR 13:723-773, section 8.
    """
    if len(rows) > MOST_PAIRED:
        chosen = np.random.default_rng([seed, 5]).choice(len(rows), MOST_PAIRED, replace=False)
        rows = rows[chosen]
    squares = _squared_distances(rows, rows)[np.triu_indices(len(rows), 1)]
    median = float(np.median(squares)) if len(squares) else 0.0
    return 0.5 / median if median > 0 else 1.0


def kernel(rows: np.ndarray, others: np.ndarray, scale: float) -> np.ndarray:
    """exp(-c d^2) between rows (n, d) and others (m, d). (n, m)"""
    return np.asarray(np.exp(-scale * _squared_distances(rows, others)))


def discrepancy(
    rows: np.ndarray, first: np.ndarray, second: np.ndarray, scale: float
) -> Discrepancy:
    """Squared maximum mean discrepancy of two sets of rows under the Gaussian kernel.

    Parameters
    ----------
    rows : np.ndarray of shape (n, d)
        All images, of whose every division ``random`` is the mean.
    first, second : int arrays of shape (a,), (b,)
        Places in ``rows``, none twice.
    scale : float
        See :func:`gaussian_scale`.

    Source: Gretton et al. (2012), JMLR 13:723-773, equation 5.
    """
    weights = np.zeros(len(rows))
    weights[first], weights[second] = 1 / len(first), -1 / len(second)
    potential, mean = potentials(rows, weights[:, None], scale)
    return Discrepancy(
        max(0.0, float(weights @ potential[:, 0])), expected(mean, len(first), len(second))
    )


def potentials(rows: np.ndarray, weights: np.ndarray, scale: float) -> tuple[np.ndarray, float]:
    """The kernel matrix times weights (n, k), and its mean off the diagonal, in blocks."""
    n = len(rows)
    product, total = np.empty(weights.shape), 0.0
    for block in row_blocks(n, n):
        part = kernel(rows[block], rows, scale)
        product[block] = part @ weights
        total += float(part.sum())
    return product, (total - n) / max(1, n * (n - 1))


def expected(mean: float, first: int, second: int) -> float:
    """Squared discrepancy that random sets of such sizes have on average.

    ``mean`` is that of the kernel between different images: exact for draws without
    replacement, for of the weights 1/a and -1/b squares are (1/a + 1/b) and the sum is 0.
    """
    return (1 / first + 1 / second) * (1 - mean)


def _squared_distances(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    squares = np.einsum("ij,ij->i", rows, rows)[:, None] + np.einsum("ij,ij->i", others, others)
    return np.maximum(squares - 2 * (rows @ others.T), 0.0)
