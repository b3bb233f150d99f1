"""What a page shows of an RDM that is too large to be kept: one pass over its pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError
from core.progress import Progress, silent
from core.rdm.cells import Cell, Spread
from core.rdm.compute import upper_panels
from core.rdm.extremes import Pair, Pairs, PairSearch
from core.rdm.metrics import METRICS, Metric
from core.store.results import Result
from core.validation import check_responses, row_blocks

SIDE = 640
BINS, STEPS = 100, 2**16
MOST_PAIRS = 100


@dataclass(frozen=True)
class RdmSummary:
    """One pass over the pairs of an RDM.

    Attributes
    ----------
    means : mapping of str to np.ndarray of shape (side, side), float32
        By id of an order, what ``figures.heatmap.overview`` gives of the ordered matrix.
    pairs : Pairs
        As of ``extreme_pairs``: exact.
    spread : Spread
        Ends, mean and number of the pairs are exact.
    steps : np.ndarray of shape (STEPS,), int64
        Pairs in equal steps from 0 to ``top``.
    top : float
    missing : np.ndarray of shape (k,), int
        Rows that hold no value off the diagonal.
    """

    means: Mapping[str, np.ndarray]
    pairs: Pairs
    spread: Spread
    steps: np.ndarray
    top: float
    missing: np.ndarray

    def cell(self, value: float) -> Cell:
        """Rank and percentile of a value, by its step: within 0.01 % where values vary."""
        if np.isnan(value):
            return Cell(float("nan"), 0, float("nan"), self.spread.pairs)
        step = min(int(value * STEPS / self.top), STEPS - 1)
        below, equal = float(self.steps[:step].sum()), float(self.steps[step])
        percentile = 100.0 * (below + equal / 2) / max(1, self.spread.pairs)
        return Cell(float(value), 1 + int(below), percentile, self.spread.pairs)

    def arrays(self) -> dict[str, np.ndarray]:
        """What ``store.save`` takes; ``summary_of`` reads it."""
        means = {f"means_{order}": means for order, means in self.means.items()}
        return {**means, "steps": self.steps, "missing": self.missing}

    def facts(self) -> dict[str, Any]:
        spread, pairs = self.spread, self.pairs
        return {
            "ends": [spread.minimum, spread.maximum, spread.mean, spread.pairs],
            "top": self.top,
            "smallest": pairs.smallest,
            "largest": pairs.largest,
            "nearest": pairs.nearest,
            "target": pairs.target,
        }


def summary_of(result: Result) -> RdmSummary:
    """Read a stored summary."""
    facts, arrays = result.facts, result.arrays
    smallest, largest, nearest = (
        tuple(Pair(int(i), int(j), float(value)) for i, j, value in facts[name])
        for name in ("smallest", "largest", "nearest")
    )
    low, high, mean, count = facts["ends"]
    steps, top = arrays["steps"], float(facts["top"])
    return RdmSummary(
        {
            name.removeprefix("means_"): array
            for name, array in arrays.items()
            if name.startswith("means_")
        },
        Pairs(smallest, largest, nearest, facts["target"]),
        _spread(steps, top, low, high, mean * count, count),
        steps,
        top,
        arrays["missing"],
    )


def summarise(
    responses: Any,
    metric: str,
    orders: Mapping[str, np.ndarray],
    progress: Progress = silent,
    side: int = SIDE,
) -> RdmSummary:
    """Compare every pair once, and keep what a page shows.

    Parameters
    ----------
    responses : array_like of shape (n, v)
    metric : str
        Any metric that needs no folds.
    orders : mapping of str to int array of shape (n,)
        Row of the stimulus at each position, by the id of the order.
    progress : Progress
    side : int
        Of the means.

    Raises
    ------
    InputError
        As ``extreme_pairs``, and where no pair is defined.
    """
    method, responses = METRICS[metric], check_responses(responses)
    search = PairSearch(responses, metric, MOST_PAIRS)
    prepared = method.prepare(responses)
    top = _top(method, responses)
    steps = np.zeros(STEPS, dtype=np.int64)
    sums = {name: _BlockSums(order, ~prepared.undefined, side) for name, order in orders.items()}
    total, low, high = 0.0, np.inf, -np.inf
    for rows, values in upper_panels(method, prepared, progress):
        search.offer(rows, values)  # what is not above the diagonal becomes NaN
        defined = values[np.isfinite(values)]
        if len(defined):
            low, high = min(low, float(defined.min())), max(high, float(defined.max()))
            total += float(defined.sum(dtype=np.float64))
            place = np.minimum(defined * (STEPS / top), STEPS - 1).astype(np.int32)
            steps += np.bincount(place, minlength=STEPS)
        np.nan_to_num(values, copy=False, nan=0.0)
        for each in sums.values():
            each.add(rows, values)
    count = int(steps.sum())
    means = {name: each.means() for name, each in sums.items()}
    spread = _spread(steps, top, low, high, total, count)
    missing = np.flatnonzero(prepared.undefined)
    return RdmSummary(means, search.pairs(), spread, steps, top, missing)


def _top(method: Metric, responses: np.ndarray) -> float:
    """A value that no dissimilarity is above."""
    if method.neutral is not None:  # angles
        return 2.0
    centre = np.nan_to_num(np.nanmean(responses, axis=0, dtype=np.float64))
    largest = 0.0
    for block in row_blocks(*responses.shape):
        apart = np.nan_to_num(responses[block] - centre)
        largest = max(largest, float(np.einsum("ij,ij->i", apart, apart).max()))
    ends = np.array([[0.0] * responses.shape[1], [0.0] * responses.shape[1]])
    ends[1, 0] = 2.0 * np.sqrt(largest)
    return float(method.pairs(ends, np.array([0]), np.array([1]))[0]) * (1 + 1e-6) or 1.0


def _spread(
    steps: np.ndarray, top: float, low: float, high: float, total: float, pairs: int
) -> Spread:
    """The distribution in fewer steps, from the lowest value to the highest."""
    if pairs == 0:
        raise InputError("The RDM holds no defined pair", "at least two usable stimuli")
    edges = low + ((high - low) or 1.0) * np.arange(BINS + 1) / BINS
    below = np.interp(edges, np.arange(STEPS + 1) * (top / STEPS), np.r_[0, np.cumsum(steps)])
    below[0], below[-1] = 0, pairs
    counts = np.diff(np.rint(below).astype(np.int64))
    return Spread(low, high, total / pairs, pairs, edges, counts)


class _BlockSums:
    """Adds up the cells above the diagonal by the blocks of an ordered matrix."""

    def __init__(self, order: np.ndarray, defined: np.ndarray, side: int) -> None:
        n = len(order)
        side = min(side, n)
        edges = np.arange(side + 1) * n // side
        self._block = np.empty(n, dtype=np.intp)
        self._block[order] = np.repeat(np.arange(side), np.diff(edges))
        self._order, self._is_sorted = order, bool((np.diff(order) > 0).all())
        self._sums = np.zeros((side, side))
        self._usable = np.bincount(self._block[defined], minlength=side).astype(np.float64)

    def add(self, rows: slice, values: np.ndarray) -> None:
        """``values`` (rows, n - rows.start) are 0 where there is none, and below the diagonal."""
        columns = self._order[self._order >= rows.start]
        block = self._block[columns]
        values = values if self._is_sorted else values[:, columns - rows.start]
        starts = np.flatnonzero(np.r_[True, np.diff(block) > 0])
        parts = np.add.reduceat(values, starts, axis=1)
        np.add.at(self._sums, (self._block[rows, None], block[starts][None, :]), parts)

    def means(self) -> np.ndarray:
        sums = self._sums + self._sums.T
        counts = np.outer(self._usable, self._usable)
        np.fill_diagonal(counts, self._usable * (self._usable - 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(counts > 0, sums / counts, np.nan).astype(np.float32)
