"""Representational dissimilarity matrices from responses."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.errors import InputError
from core.memory import check_memory
from core.progress import Progress
from core.rdm.crossnobis import crossnobis
from core.rdm.metrics import METRICS, Metric, Prepared
from core.validation import check_responses

PANEL_ROWS = 192
# Bytes that need no question; asking takes as long as an RDM of 90 stimuli.
SURELY_FREE = 2.0**20
FEWER = "Take fewer stimuli, or a machine with more memory."


def compute(
    responses: Any,
    metric: str = "correlation",
    folds: Sequence[Any] | np.ndarray | None = None,
    *,
    stimuli: Sequence[Any] | np.ndarray | None = None,
    noise: str = "none",
    progress: Progress | None = None,
) -> np.ndarray:
    """Dissimilarity of every pair of responses.

    Parameters
    ----------
    responses : array_like of shape (n, v), or (trials, v) with ``folds``
        Rows that are NaN throughout are missing.
    metric : str
        An id of ``METRICS``: 'correlation' (0..2), 'euclidean',
        'sqeuclidean_per_channel', 'cosine' (0..2) or 'crossnobis'.
    folds : array_like of shape (trials,), optional
        For 'crossnobis': the run or repeat of each row. Folds must be independent
        measurements: noise or an offset that the rows of a stimulus share in two folds, as
        repeats within one run do, counts as distance, and nothing in the responses tells
        it from one. ``of_dataset`` derives folds from the trial list, see ``folds_of``.
    stimuli : array_like of shape (trials,), optional
        For 'crossnobis': the stimulus of each row. Without it, the rows of every
        fold show the stimuli in one order.
    noise : {'none', 'diagonal', 'full'}
        For 'crossnobis': the noise normalisation, see ``crossnobis``.
    progress : callable, optional
        Called with (fraction, message); may raise ``Cancelled``.

    Returns
    -------
    np.ndarray of shape (n, n), float32
        Symmetric with a zero diagonal. Missing rows, and rows without a direction
        under 'correlation' (constant) or 'cosine' (zero), are NaN off the diagonal.
        Correlation and cosine are within 1e-6 of float64, distances within 1e-6
        relative (measured up to 20,000 units).

    Raises
    ------
    InputError
        On a wrong shape, infinite values or missing folds; if the memory does not suffice.

    Warns
    -----
    UserWarning
        Where the metric is undefined over so few units, and every pair is NaN: 1 - r of
        a single one.
    """
    method = METRICS[metric]
    responses = check_responses(responses)
    if method.needs_folds:
        if folds is None:
            raise InputError(
                f"{metric} was called without folds",
                "a run or repeat label for each row",
                "Choose another metric for a recording without repeats.",
            )
        return crossnobis(responses, folds, stimuli=stimuli, noise=noise, progress=progress)
    n, v = responses.shape
    try:
        method.check_units(v)
    except InputError as error:
        warnings.warn(str(error), stacklevel=2)
    panel = 40.0 * min(n, PANEL_ROWS) * n
    needed = 4.0 * n * n + 4.0 * n * v + panel
    if needed > SURELY_FREE:
        check_memory(needed, f"An RDM of {n:,} stimuli", FEWER)
    prepared = method.prepare(responses)
    matrix = np.empty((n, n), dtype=np.float32)
    for rows, values in upper_panels(method, prepared, progress):
        matrix[rows, rows.start :] = values
        if len(values) < n:
            matrix[rows.start :, rows] = values.T
    np.fill_diagonal(matrix, 0.0)
    return matrix


def upper_panels(
    method: Metric, prepared: Prepared, progress: Progress | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (rows, values) of the upper triangle, values of shape (rows, n - rows.start)."""
    n = len(prepared.rows)
    undefined = np.flatnonzero(prepared.undefined)
    for start in range(0, n, PANEL_ROWS):
        rows = slice(start, min(start + PANEL_ROWS, n))
        values = method.panel(prepared, rows, slice(start, n))
        if len(undefined):
            values[prepared.undefined[rows]] = np.nan
            values[:, undefined[undefined >= start] - start] = np.nan
        if values.dtype == np.float32:
            square = values[:, : len(values)]
            below = np.tril_indices(len(values), -1)
            square[below] = square.T[below]
        yield rows, values
        if progress:
            done = 1.0 - ((n - rows.stop) / n) ** 2
            progress(done, f"{rows.stop:,} of {n:,} stimuli compared")


def undefined(matrix: np.ndarray) -> np.ndarray:
    """Rows of an RDM that hold no value off the diagonal. (n, n) -> (k,) int."""
    counts = np.fromiter((int(np.isfinite(row).sum()) for row in matrix), int, len(matrix))
    counts -= np.isfinite(np.diagonal(matrix))
    return np.flatnonzero(counts == 0)
