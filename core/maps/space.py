"""The space that a map shows: rows of features, or the distances between rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from core.errors import InputError
from core.maps.linear import classical, principal
from core.validation import check_rdm, check_responses, row_blocks
from core.vectors import check_directions, describe_directions, unit_rows
from core.words import counted

METRICS = ("euclidean", "correlation", "cosine")
FEWEST_ROWS = 3
# Above these sizes float32 holds the numbers, neighbours are approximate, pairs too many.
IN_FLOAT64 = 20_000_000
EXACT_NEIGHBOURS = 60_000
MOST_FOR_MATRIX = 10_000
MATRIX_IN_FLOAT64 = 2_000


@dataclass(frozen=True)
class Space:
    """The usable rows of what is to be mapped.

    Attributes
    ----------
    usable : int array of shape (m,)
        Their numbers among all ``total`` rows.
    """

    usable: np.ndarray
    total: int

    @property
    def size(self) -> int:
        return len(self.usable)

    def panel(self, queries: np.ndarray) -> np.ndarray:
        """Distances from some rows to every row, 0 to itself. (q,) int -> (q, m)."""
        raise NotImplementedError

    def nearest(self, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest other rows of each row, nearest first: numbers and distances, (m, k)."""
        raise NotImplementedError

    def matrix(self) -> np.ndarray:
        """Every distance. (m, m)."""
        raise NotImplementedError

    def start(self) -> np.ndarray:
        """A linear map to start from. (m, 2) float64."""
        raise NotImplementedError

    def reduced(self, components: int) -> Space:
        """The space in its first principal components, itself where that changes nothing."""
        return self

    @property
    def is_exact(self) -> bool:
        """Whether ``nearest`` looks at every pair."""
        return True

    def panels(self, queries: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the panel of many queries, a block at a time."""
        for block in row_blocks(len(queries), self.size):
            yield block, self.panel(queries[block])


@dataclass(frozen=True)
class FeatureSpace(Space):
    """Features, prepared so that lengths of differences follow the metric.

    Attributes
    ----------
    rows : np.ndarray of shape (m, d)
        Centred columns for 'euclidean'; for 'correlation' and 'cosine' rows of length 1,
        of which the squared difference is twice the distance.
    """

    rows: np.ndarray
    metric: str

    @property
    def is_exact(self) -> bool:
        return self.size <= EXACT_NEIGHBOURS

    @cached_property
    def squares(self) -> np.ndarray:
        return np.einsum("md,md->m", self.rows, self.rows)

    def panel(self, queries: np.ndarray) -> np.ndarray:
        squared = (
            self.squares[queries, None] + self.squares - 2.0 * (self.rows[queries] @ self.rows.T)
        )
        squared[np.arange(len(queries)), queries] = 0.0
        return self._as_distance(np.sqrt(np.maximum(squared, 0.0, out=squared), out=squared))

    def nearest(self, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        if self.is_exact:
            from sklearn.neighbors import NearestNeighbors

            search = NearestNeighbors(n_neighbors=k, algorithm="auto").fit(self.rows)
            lengths, numbers = search.kneighbors()
        else:
            from openTSNE.nearest_neighbors import Annoy

            # One thread: with more, the trees depend on which thread comes first.
            index = Annoy(self.rows, k, metric="euclidean", n_jobs=1, random_state=seed)
            numbers, lengths = index.build()
        return numbers, self._as_distance(lengths)

    def matrix(self) -> np.ndarray:
        check_pairs(self.size)
        matrix = np.empty((self.size, self.size), _matrix_dtype(self.size))
        for block, distances in self.panels(np.arange(self.size)):
            matrix[block] = distances
        return matrix

    def start(self) -> np.ndarray:
        return principal(self.rows, 2).scores

    def reduced(self, components: int) -> Space:
        if not 0 < components < self.rows.shape[1]:
            return self
        scores = principal(self.rows, components).scores
        return replace(self, rows=np.ascontiguousarray(scores, dtype=self.rows.dtype))

    def _as_distance(self, lengths: np.ndarray) -> np.ndarray:
        return lengths if self.metric == "euclidean" else lengths**2 / 2.0


Rows = FeatureSpace  # the name that methods written before import


@dataclass(frozen=True)
class Distances(Space):
    """Distances between the rows. (m, m)."""

    values: np.ndarray

    def panel(self, queries: np.ndarray) -> np.ndarray:
        return self.values[queries]

    def nearest(self, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        numbers = np.empty((self.size, k), dtype=np.intp)
        for block, panel in self.panels(np.arange(self.size)):
            panel = panel.copy()
            panel[np.arange(len(panel)), np.arange(self.size)[block]] = np.inf
            numbers[block] = np.argsort(panel, axis=1, kind="stable")[:, :k]
        return numbers, np.take_along_axis(self.values, numbers, axis=1).astype(np.float64)

    def matrix(self) -> np.ndarray:
        return self.values

    def start(self) -> np.ndarray:
        return classical(self.values)


def open_space(
    array: Any, distances: bool, metric: str, notes: list[str], fewest: int = FEWEST_ROWS
) -> Space:
    """Check features or distances, leave out what is missing, and say so in ``notes``.

    Raises
    ------
    InputError
        On a wrong shape or value, fewer than three usable rows, or rows that are all equal.
    """
    space = _distances(array, notes) if distances else _features(array, metric, notes, fewest)
    if space.size < fewest:
        raise InputError(
            f"{space.size} of {space.total} rows are usable", f"at least {fewest} to draw a map"
        )
    return space


def check_differ(space: Space) -> None:
    """Raise InputError where every row is the same as every other."""
    if isinstance(space, FeatureSpace):
        spread = float(np.ptp(space.rows, axis=0).max())
        # Rows of length 1 went through a division, so equal ones differ by its rounding.
        rounding = 0.0 if space.metric == "euclidean" else 8 * np.finfo(space.rows.dtype).eps
        same = spread <= rounding
    else:
        same = float(space.matrix().max()) == 0.0
    if same:
        raise InputError(f"All {space.size} usable rows are the same", "rows that differ")


def check_pairs(m: int) -> None:
    """Raise InputError where the distances between m rows are too many to hold."""
    if m > MOST_FOR_MATRIX:
        raise InputError(
            f"{m:,} points have {m * (m - 1) // 2:,} pairs, which this method compares one by one",
            f"at most {MOST_FOR_MATRIX:,} points",
            "Choose PCA, t-SNE or UMAP, or fewer stimuli.",
        )


def _matrix_dtype(m: int) -> type[np.floating[Any]]:
    return np.float64 if m <= MATRIX_IN_FLOAT64 else np.float32


def _features(features: Any, metric: str, notes: list[str], fewest: int) -> FeatureSpace:
    array = check_responses(features, "The array of features", minimum_rows=fewest)
    usable = np.flatnonzero(np.isfinite(array[:, 0]))
    _note_missing(len(array) - len(usable), "missing (NaN)", notes)
    if metric != "euclidean":
        centred = metric == "correlation"
        check_directions(array.shape[1], centred)
        if few := describe_directions(array.shape[1], centred):
            notes.append(few)
        directed = _have_direction(array, usable, metric)
        reason = "constant" if metric == "correlation" else "zero"
        _note_missing(int((~directed).sum()), f"{reason}, without a {metric},", notes)
        usable = usable[directed]
    shape = (len(usable), array.shape[1])
    dtype = np.float64 if shape[0] * shape[1] <= IN_FLOAT64 else np.float32
    rows = np.empty(shape, dtype)
    mean = _column_mean(array, usable) if metric == "euclidean" else 0.0
    for block in row_blocks(*shape):
        rows[block] = _prepared(array[usable[block]], metric, mean)
    return FeatureSpace(usable, len(array), rows, metric)


def _column_mean(array: np.ndarray, usable: np.ndarray) -> np.ndarray:
    total = np.zeros(array.shape[1])
    for block in row_blocks(len(usable), array.shape[1]):
        total += array[usable[block]].sum(axis=0, dtype=np.float64)
    return total / max(1, len(usable))


def _prepared(rows: np.ndarray, metric: str, mean: np.ndarray | float) -> np.ndarray:
    if metric == "euclidean":
        return np.asarray(rows - mean)
    return unit_rows(rows, centred=metric == "correlation")


def _have_direction(array: np.ndarray, usable: np.ndarray, metric: str) -> np.ndarray:
    """Whether rows differ within themselves (correlation), or from 0 (cosine). (k,) bool."""
    directed = np.empty(len(usable), dtype=bool)
    for block in row_blocks(len(usable), array.shape[1]):
        rows = array[usable[block]]
        directed[block] = np.ptp(rows, axis=1) > 0 if metric == "correlation" else rows.any(axis=1)
    return directed


def _distances(array: Any, notes: list[str]) -> Distances:
    matrix = check_rdm(array, "The matrix of distances")
    defined = np.isfinite(matrix).sum(axis=1) > 1  # the diagonal is always defined
    usable = np.flatnonzero(defined)
    _note_missing(len(matrix) - len(usable), "missing (NaN)", notes)
    values = matrix[np.ix_(usable, usable)]
    if np.isnan(values).any():
        count = int(np.isnan(values).sum()) // 2
        raise InputError(
            f"The matrix of distances misses {count} single pairs",
            "whole stimuli that are defined or missing",
            "Leave out the stimuli concerned.",
        )
    negative = int((values < 0).sum()) // 2
    if negative:
        notes.append(f"{negative:,} negative distances were taken as 0.")
    values = np.maximum((values + values.T) / 2.0, 0.0)
    return Distances(usable, len(matrix), values.astype(_matrix_dtype(len(usable))))


def _note_missing(count: int, reason: str, notes: list[str]) -> None:
    if count:
        rows = counted(count, "row is", "rows are")
        notes.append(f"{rows} {reason} and left out.")
