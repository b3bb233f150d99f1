"""What one cell, one block and the whole of an RDM amount to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from core.errors import InputError
from core.rdm.large.computed import ComputedRdm
from core.validation import row_blocks


class Cell(NamedTuple):
    """One pair among all.

    ``rank`` 1 is the smallest dissimilarity (ties share the lowest rank);
    ``percentile`` is the share of pairs below, ties counted half, 0..100.
    """

    value: float
    rank: int
    percentile: float
    pairs: int


class BlockMean(NamedTuple):
    """Mean, standard deviation and number of the pairs between two groups of stimuli."""

    mean: float
    deviation: float
    pairs: int


class Spread(NamedTuple):
    """Distribution of the pairs: ``counts`` has one entry less than ``edges``."""

    minimum: float
    maximum: float
    mean: float
    pairs: int
    edges: np.ndarray
    counts: np.ndarray


def cell(matrix: np.ndarray, i: int, j: int) -> Cell:
    """Value, rank and percentile of the pair (i, j) among the defined pairs, i != j."""
    n = len(matrix)
    if not (0 <= i < n and 0 <= j < n) or i == j:
        raise InputError(f"The cell is ({i}, {j})", f"two different rows from 0 to {n - 1}")
    value = matrix[i, j]
    below = equal = defined = 0
    for rows in row_blocks(n, n):
        part = matrix[rows]
        below += int(np.count_nonzero(part < value))
        equal += int(np.count_nonzero(part == value))
        defined += int(np.count_nonzero(part == part))
    on_diagonal = np.diagonal(matrix)
    below -= int(np.count_nonzero(on_diagonal < value))
    equal -= int(np.count_nonzero(on_diagonal == value))
    pairs = (defined - n) // 2
    if np.isnan(value):
        return Cell(float("nan"), 0, float("nan"), pairs)
    percentile = 100.0 * (below / 2 + equal / 4) / pairs
    return Cell(float(value), 1 + below // 2, percentile, pairs)


def most_similar_to(matrix: np.ndarray | ComputedRdm, i: int) -> int | None:
    """The other row that is least dissimilar to a row, the first of several; None where no pair
    of it is defined."""
    values = np.array(matrix[i], dtype=np.float64)
    values[i] = np.nan
    return None if np.isnan(values).all() else int(np.nanargmin(values))


def block_mean(
    matrix: np.ndarray | ComputedRdm, rows: np.ndarray, columns: np.ndarray
) -> BlockMean:
    """Mean over the defined pairs of two groups; a pair of a stimulus with itself is left out."""
    part = np.array(matrix[np.ix_(rows, columns)], dtype=np.float64)
    part[rows[:, None] == columns[None, :]] = np.nan
    if np.array_equal(rows, columns):
        part = part[np.triu_indices(len(rows), 1)]
    values = part[np.isfinite(part)]
    if len(values) == 0:
        return BlockMean(float("nan"), float("nan"), 0)
    return BlockMean(float(values.mean()), float(values.std()), len(values))


def spread(matrix: np.ndarray, bins: int = 100) -> Spread:
    """Distribution of the defined pairs of the upper triangle."""
    low, high, total, pairs = np.inf, -np.inf, 0.0, 0
    for values in _upper_values(matrix):
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        total, pairs = total + float(values.sum(dtype=np.float64)), pairs + len(values)
    if pairs == 0:
        raise InputError("The RDM holds no defined pair", "at least two usable stimuli")
    width = (high - low) or 1.0
    counts = np.zeros(bins, dtype=np.int64)
    for values in _upper_values(matrix):
        position = ((values - low) * (bins / width)).astype(np.int32)
        counts += np.bincount(np.minimum(position, bins - 1), minlength=bins)
    edges = low + width * np.arange(bins + 1) / bins
    return Spread(low, high, total / pairs, pairs, edges, counts)


def _upper_values(matrix: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the defined values of the upper triangle, a block of rows at a time."""
    n = len(matrix)
    for rows in row_blocks(n, n):
        part = np.array(matrix[rows, rows.start :], dtype=np.float32)
        part[:, : len(part)][np.tril_indices(len(part))] = np.nan
        values = part[np.isfinite(part)]
        if len(values):
            yield values
