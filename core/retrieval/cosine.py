"""Exact search of a gallery by cosine similarity."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import InputError
from core.validation import row_blocks
from core.vectors import has_direction, unit_rows

BLOCK = 4096
QUERIES = 1024
# The most numbers of a block of queries or rows, however many dimensions they have.
ELEMENTS = 8_000_000
# Similarities in single precision are off by less than this, and by less than ERROR times
# the root of the dimensions; those as near to the k-th best are scored again.
MARGIN, ERROR = 1e-5, 4 * float(np.finfo(np.float32).eps)
# Squared lengths that single precision holds without loss; other rows are scaled in double.
SQUARES = (1e-20, 1e30)


def search(
    queries: Any,
    gallery: Any,
    k: int,
    block: int = BLOCK,
    rows: np.ndarray | None = None,
    fewer: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of a gallery most similar to each query by cosine similarity.

    Exact: similarities are screened in single precision block by block, and whatever could
    be among the k best is scored again in double precision. Equal scores (as float32) are
    ordered by the lower row, so that neither ``block`` nor the machine changes the answer.

    Directions are those of :func:`core.vectors.unit_rows`: a row that is zero has none, and
    one that holds NaN or infinity is NaN throughout. Such a query finds nothing, and such a
    row of the gallery is never found.

    Parameters
    ----------
    queries : array_like of shape (q, d)
        Embeddings; a row without a direction gets the index -1 and the score NaN.
    gallery : array_like of shape (m, d)
        Embeddings, may be memory-mapped.
    k : int
        How many rows for each query, 1 to the number of rows that have a direction.
    block : int
        The most gallery rows screened at a time; fewer where d is large, so that memory
        stays below about 200 MB.
    rows : int array of shape (r,), optional
        Search ``gallery[rows]``, of which no copy is made as a whole.
    fewer : bool
        Where fewer than k rows have a direction, fill up with -1 and NaN, and do not raise.

    Returns
    -------
    indices : np.ndarray of shape (q, k), intp
        Rows of the gallery, or places in ``rows`` where these are given, most similar first.
    scores : np.ndarray of shape (q, k), float32
        Cosine similarity, -1 to 1.

    Raises
    ------
    InputError
        If the shapes do not fit, k or block is below 1, or k exceeds the usable rows.
    """
    queries, gallery = np.asarray(queries), np.asarray(gallery)
    _check(queries, gallery, k, block)
    candidates = _Candidates(gallery, rows)
    indices = np.full((len(queries), k), -1, dtype=np.intp)
    scores = np.full((len(queries), k), np.nan, dtype=np.float32)
    at_once = max(1, ELEMENTS // gallery.shape[1])
    step, block = min(QUERIES, at_once), min(block, at_once)
    # Without any query, one pass counts the usable rows.
    for start in range(0, max(1, len(queries)), step):
        directions = unit_rows(queries[start : start + step])
        asking = np.flatnonzero(has_direction(directions))
        directions = directions[asking]
        pairs, usable = _shortlist(directions, candidates, min(k, len(candidates)), block)
        if usable < k and not fewer:
            raise InputError(
                f"k is {k}, the gallery has {usable} usable rows of {len(candidates)}",
                "k of at most the usable rows",
                "Lower k, or encode the missing images.",
            )
        count = min(k, usable)
        nearest, similarity = _best(*pairs, _similarity(directions, candidates, *pairs), count)
        shape = (len(asking), count)
        indices[start + asking, :count] = nearest.reshape(shape)
        scores[start + asking, :count] = similarity.reshape(shape)
    return indices, scores


class _Candidates:
    """Chosen rows of a gallery as an array of their own; only parts of it are copied."""

    def __init__(self, gallery: np.ndarray, rows: np.ndarray | None) -> None:
        self._gallery = gallery
        self._rows = rows

    def __len__(self) -> int:
        return len(self._gallery) if self._rows is None else len(self._rows)

    def __getitem__(self, part: slice | np.ndarray) -> np.ndarray:
        return self._gallery[part] if self._rows is None else self._gallery[self._rows[part]]


def _check(queries: np.ndarray, gallery: np.ndarray, k: int, block: int) -> None:
    shapes = queries.ndim == gallery.ndim == 2 and queries.shape[1] == gallery.shape[1] > 0
    if not shapes:
        raise InputError(
            f"The queries have the shape {queries.shape}, the gallery {gallery.shape}",
            "(q, d) and (m, d) with one d of at least 1",
            "Encode both with the same encoder and parameters.",
        )
    for array, name in ((queries, "queries"), (gallery, "gallery")):
        if array.dtype.kind not in "biuf":
            raise InputError(f"The {name} have the dtype {array.dtype}", "real numbers")
    for number, name in ((k, "k"), (block, "block")):
        if number < 1:
            raise InputError(f"{name} is {number}", "at least 1")


def _shortlist(
    directions: np.ndarray, candidates: _Candidates, k: int, block: int
) -> tuple[tuple[np.ndarray, np.ndarray], int]:
    """Pairs (query, candidate) that hold the k best of every query, and few others.

    Beside them the number of candidates that have a direction.
    """
    sought = directions.astype(np.float32)
    margin = max(MARGIN, ERROR * directions.shape[1] ** 0.5)
    best = np.full((len(sought), k), -np.inf, dtype=np.float32)
    askers, rows, values = [], [], []
    usable = 0
    for start in range(0, len(candidates), block):
        similarity, is_usable = _screened(sought, candidates[start : start + block])
        usable += int(is_usable.sum())
        best = _largest(np.concatenate([best, _largest(similarity, k)], axis=1), k)
        near = similarity >= best.min(axis=1, keepdims=True) - margin
        asker, row = np.nonzero(near & is_usable)
        askers.append(asker)
        rows.append(start + row)
        values.append(similarity[asker, row])
    if not rows:
        nothing = np.empty(0, dtype=np.intp)
        return (nothing, nothing), 0
    asker, row, value = (np.concatenate(parts) for parts in (askers, rows, values))
    kept = value >= best.min(axis=1)[asker] - margin
    return (asker[kept], row[kept]), usable


def _largest(values: np.ndarray, k: int) -> np.ndarray:
    """The k largest values of each row, all where there are fewer, in no order."""
    if k == 1:
        return values.max(axis=1, keepdims=True)
    return values if k >= values.shape[1] else np.partition(values, -k, axis=1)[:, -k:]


def _screened(sought: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosines in single precision, -inf to rows without a direction, and which have one."""
    with np.errstate(all="ignore"):
        single = rows.astype(np.float32, copy=False)
        squares = np.einsum("ij,ij->i", single, single)
        similarity = (sought @ single.T) / np.sqrt(squares)
    is_usable = (squares > SQUARES[0]) & (squares < SQUARES[1])
    # Missing and zero rows, and those whose squares leave the range of single precision.
    others = np.flatnonzero(~is_usable)
    if len(others):
        directions = unit_rows(rows[others])
        is_usable[others] = has_direction(directions)
        similarity[:, others] = sought @ directions.astype(np.float32).T
        similarity[:, ~is_usable] = -np.inf
    return similarity, is_usable


def _similarity(
    directions: np.ndarray, candidates: _Candidates, asker: np.ndarray, row: np.ndarray
) -> np.ndarray:
    """Cosine of each pair, summed in one order whatever the block. (pairs,) float32."""
    similarity = np.empty(len(asker), dtype=np.float32)
    for part in row_blocks(len(asker), directions.shape[1]):
        images = unit_rows(candidates[row[part]])
        similarity[part] = np.einsum("ij,ij->i", directions[asker[part]], images)
    return np.clip(similarity, -1.0, 1.0)


def _best(
    asker: np.ndarray, row: np.ndarray, similarity: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first ``count`` pairs of each query, by similarity, then row."""
    order = np.lexsort((row, -similarity, asker))
    first = np.searchsorted(asker[order], np.unique(asker))
    chosen = order[first[:, None] + np.arange(count)]
    return row[chosen], similarity[chosen]
