"""The pairs of stimuli at the ends and at a chosen value of an RDM, exactly."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.rdm.compute import upper_panels
from core.rdm.metrics import METRICS, Metric
from core.validation import check_responses, check_same_length, row_blocks

POOL = 20_000
MOST_TIES = 4_000

Key = Callable[[np.ndarray], np.ndarray]
Rescore = Callable[[np.ndarray, np.ndarray], np.ndarray]
Error = Callable[[float], float]


class Errors(NamedTuple):
    """Bounds on the error of a value: as offered in a panel, and as scored again."""

    panel: Error
    pairs: Error


EXACT = Errors(lambda value: 0.0, lambda value: 0.0)


class Pair(NamedTuple):
    """A cell of an RDM: rows of two stimuli, i < j, and their dissimilarity."""

    i: int
    j: int
    value: float


@dataclass(frozen=True)
class Pairs:
    """Extreme cells of an RDM, each list sorted by (rank key, i, j).

    Attributes
    ----------
    smallest, largest : tuple of Pair
        Lowest values upward; highest values downward.
    nearest : tuple of Pair
        Values nearest ``target``; empty where there is no target.
    target : float or None
    """

    smallest: tuple[Pair, ...]
    largest: tuple[Pair, ...]
    nearest: tuple[Pair, ...]
    target: float | None


def extreme_pairs(
    responses: Any,
    metric: str = "correlation",
    count: int = 5,
    target: float | None = None,
    *,
    matrix: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Pairs:
    """Find the extreme pairs of responses without storing the n x n matrix.

    Parameters
    ----------
    responses : array_like of shape (n, v)
    metric : str
        Any metric that needs no folds.
    count : int
        Pairs in each list.
    target : float, optional
        Value for ``nearest``; by default the metric's neutral value (1 for
        1 - r), and no list where the metric has none.
    matrix : np.ndarray of shape (n, n), optional
        Their RDM where it is at hand: candidates are then read from it.

    Returns
    -------
    Pairs
        Float32 candidates are scored again in float64 and the ones listed by
        exactly rounded sums, so lists and values are the same on every machine.
        Only where more than 4,000 cells lie within float64 error of the last one
        listed are those beyond them, in order of (i, j), left out.
    """
    responses = check_responses(responses)
    search = PairSearch(responses, metric, count, target)
    if matrix is None:
        method = METRICS[metric]
        panels = upper_panels(method, method.prepare(responses), progress)
    else:
        check_same_length(len(matrix), len(responses), "The RDM", "the response array")
        panels = _panels_of(matrix)
    for rows, values in panels:
        search.offer(rows, values)
    return search.pairs()


class PairSearch:
    """The search of ``extreme_pairs``, for whoever goes over the panels of an RDM anyway.

    Parameters
    ----------
    responses : np.ndarray of shape (n, v)
        As ``validation.check_responses`` gives them.
    metric, count, target
        As of ``extreme_pairs``.
    """

    def __init__(
        self, responses: np.ndarray, metric: str, count: int, target: float | None = None
    ) -> None:
        self._method = METRICS[metric]
        if self._method.needs_folds:
            raise InputError(
                f"{metric} needs the whole matrix", remedy="Use extreme_cells on the computed RDM."
            )
        _check_count(count)
        self._method.check_units(responses.shape[1])
        self._responses, self._twin = responses, _first_equal_row(responses)
        self._target = self._method.neutral if target is None else target
        errors = Errors(self._method.panel_error, self._method.pairs_error)
        self._searches = _searches(count, self._target, self._score, errors)

    def offer(self, rows: slice, values: np.ndarray) -> None:
        """A panel of ``upper_panels``; what is not above the diagonal becomes NaN in it."""
        _offer_all(self._searches, [(rows, values)])

    def pairs(self) -> Pairs:
        """The extreme pairs of what was offered."""
        responses, twin = self._responses, self._twin
        exact = functools.cache(lambda i, j: self._method.rounded_once(responses[i], responses[j]))
        return _collect(
            self._searches,
            self._target,
            lambda i, j: exact(*sorted((int(twin[i]), int(twin[j])))),
        )

    def _score(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return _score(self._method, self._responses, self._twin, i, j)


def extreme_cells(matrix: np.ndarray, count: int = 5, target: float | None = None) -> Pairs:
    """Find the extreme cells of an RDM that exists as a matrix (n, n)."""
    _check_count(count)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"The RDM has the shape {matrix.shape}", "a square matrix (n, n)")
    searches = _searches(count, target, lambda i, j: matrix[i, j].astype(np.float64), EXACT)
    _offer_all(searches, _panels_of(matrix))
    return _collect(searches, target, lambda i, j: float(matrix[i, j]))


class _Search:
    """Keeps the cells with the lowest keys; a key is a monotone function of the value.

    ``key_error(error, key, highest)`` bounds how far a key may be from the exact one, given
    the error of values, where no value offered is above ``highest``. Keys of values
    ``far_below`` need float64 to differ.
    """

    def __init__(
        self,
        count: int,
        to_key: Key,
        rescore: Rescore,
        errors: Errors,
        key_error: Callable[[Error, float, float], float],
        far_below: float = -np.inf,
    ) -> None:
        self.count = count
        self.to_key = to_key
        self.rescore = rescore
        self.errors = errors
        self.key_error = key_error
        self.far_below = far_below
        self.last = np.inf
        self.highest = -np.inf
        self.keys = np.empty(0)
        self.i = np.empty(0, dtype=np.intp)
        self.j = np.empty(0, dtype=np.intp)

    def offer(self, values: np.ndarray, first_row: int, first_column: int, highest: float) -> None:
        far = highest < self.far_below
        keys = self.to_key(values.astype(np.float64) if far else values)
        if not np.isfinite(self.last):
            self._find_last(keys.ravel())
        limit = self.last
        if np.isfinite(limit):
            limit += 2.0 * self.key_error(self.errors.panel, limit, highest)
        self.highest = max(self.highest, highest)
        i, j = np.divmod(np.flatnonzero(keys <= limit), keys.shape[1])
        self.keys = np.concatenate([self.keys, keys[i, j]])
        self.i = np.concatenate([self.i, i + first_row])
        self.j = np.concatenate([self.j, j + first_column])
        if len(self.keys) > POOL + self.count:
            self._shrink()

    def ranked(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the best cells and of those that tie with the last of them."""
        self._rescore()
        return self.i, self.j

    def _find_last(self, keys: np.ndarray) -> None:
        keys = keys[np.isfinite(keys)]
        if len(keys) >= self.count:
            self.last = float(np.partition(keys, self.count - 1)[self.count - 1])

    def _shrink(self) -> None:
        self._find_last(self.keys)
        margin = 2.0 * self.key_error(self.errors.panel, self.last, self.highest)
        self._keep(self.keys <= self.last + margin)
        if len(self.keys) > POOL:
            self._rescore()
            self._find_last(self.keys)

    def _rescore(self) -> None:
        """Keep, by float64 keys, what is surely among the best and the first of the ties."""
        self.keys = self.to_key(self.rescore(self.i, self.j))
        if len(self.keys) <= self.count:
            return
        last = float(np.partition(self.keys, self.count - 1)[self.count - 1])
        margin = 2.0 * self.key_error(self.errors.pairs, last, self.highest)
        tied = np.flatnonzero(np.abs(self.keys - last) <= margin)
        first = tied[np.lexsort((self.j[tied], self.i[tied]))][: MOST_TIES + self.count]
        kept = self.keys < last - margin
        kept[first] = True
        self._keep(kept)

    def _keep(self, kept: np.ndarray) -> None:
        self.keys, self.i, self.j = self.keys[kept], self.i[kept], self.j[kept]


def _searches(count: int, target: float | None, rescore: Rescore, errors: Errors) -> list[_Search]:
    searches = [
        _Search(count, lambda values: values, rescore, errors, lambda error, key, _: error(key)),
        _Search(count, np.negative, rescore, errors, lambda error, key, _: error(-key)),
    ]
    if target is not None:
        goal = float(target)
        if not np.isfinite(goal):
            raise InputError(f"target is {target}", "a finite value")
        searches.append(
            _Search(
                count,
                lambda values: np.abs(values - values.dtype.type(goal)),
                rescore,
                errors,
                lambda error, key, highest: max(
                    error(abs(goal - key)), error(min(abs(goal) + key, highest))
                ),
                far_below=goal / 4.0,
            )
        )
    return searches


def _panels_of(matrix: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    for rows in row_blocks(*matrix.shape):
        yield rows, np.array(matrix[rows, rows.start :], dtype=np.float32)


def _offer_all(searches: list[_Search], panels: Iterable[tuple[slice, np.ndarray]]) -> None:
    for rows, values in panels:
        values[:, : len(values)][np.tril_indices(len(values))] = np.nan
        highest = float(np.fmax.reduce(values, axis=None, initial=-np.inf))
        for search in searches:
            search.offer(values, rows.start, rows.start, highest)


def _collect(
    searches: list[_Search], target: float | None, exact: Callable[[int, int], float]
) -> Pairs:
    lists = []
    for search in searches:
        cells = [Pair(int(i), int(j), exact(i, j)) for i, j in zip(*search.ranked(), strict=True)]
        cells.sort(key=lambda cell, s=search: (float(s.to_key(np.float64(cell.value))), *cell[:2]))  # type: ignore[misc]
        lists.append(tuple(cells[: search.count]))
    smallest, largest, *nearest = lists
    return Pairs(smallest, largest, nearest[0] if nearest else (), target)


def _score(
    method: Metric, responses: np.ndarray, twin: np.ndarray, i: np.ndarray, j: np.ndarray
) -> np.ndarray:
    """Score in float64; equal rows are scored once, so many ties cost little."""
    cells = np.stack([twin[i], twin[j]])
    unique, inverse = np.unique(np.sort(cells, axis=0), axis=1, return_inverse=True)
    values = np.empty(unique.shape[1])
    for block in row_blocks(len(values), 2 * responses.shape[1]):
        values[block] = method.pairs(responses, *unique[:, block])
    values[unique[0] == unique[1]] = 0.0
    return values[inverse.ravel()]


def _first_equal_row(responses: np.ndarray) -> np.ndarray:
    """For each row, the first row that is equal to it. (n, v) -> (n,) int."""
    n, v = responses.shape
    few_units = responses[:, [0, v // 3, v // 2, v - 1]]
    _, group, sizes = np.unique(few_units, axis=0, return_inverse=True, return_counts=True)
    first = np.arange(n)
    seen: dict[bytes, int] = {}
    for row in np.flatnonzero(sizes[group.ravel()] > 1).tolist():
        digest = hashlib.blake2b(responses[row].tobytes(), digest_size=16).digest()
        first[row] = seen.setdefault(digest, row)
    return first


def _check_count(count: int) -> None:
    if not isinstance(count, int) or count < 1:
        raise InputError(f"count is {count!r}", "a whole number of at least 1")
