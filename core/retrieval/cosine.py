"""Exact search of a gallery by cosine similarity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from core.errors import InputError
from core.retrieval.gallery import Gallery
from core.vectors import has_direction, unit_rows

# The most rows and cosines of a product. Its threads wait for each other at its end, which
# is long where a machine is busy: few large blocks take less than many small ones.
BLOCK, CELLS = 300_000, 10_000_000
QUERIES = 1024
# The most numbers of a block of queries, or of rows that are copied, whatever the dimensions.
ELEMENTS = 8_000_000
# As many groups' maxima, and as many times k, are sorted for a first threshold.
GROUPS, OF_K = 1024, 4


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
    gallery : Gallery, or array_like of shape (m, d)
        Embeddings, may be memory-mapped. A :class:`Gallery` is prepared once for many
        searches, and may have a centre.
    k : int
        How many rows for each query, 1 to the number of rows that have a direction.
    block : int
        The most gallery rows screened at a time; fewer where there are many queries or d is
        large, so that memory stays below about 200 MB.
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
    queries = np.asarray(queries)
    for number, name in ((k, "k"), (block, "block")):
        if number < 1:
            raise InputError(f"{name} is {number}", "at least 1")
    prepared = prepare(queries, gallery, rows)
    if prepared.usable < k and not fewer:
        raise InputError(
            f"k is {k}, the gallery has {prepared.usable} usable rows of {len(prepared)}",
            "k of at most the usable rows",
            "Lower k, or encode the missing images.",
        )
    indices = np.full((len(queries), k), -1, dtype=np.intp)
    scores = np.full((len(queries), k), np.nan, dtype=np.float32)
    count = min(k, prepared.usable)
    if count == 0:
        return indices, scores
    for places, directions in groups(queries, count):
        shortlist = _Shortlist(directions, prepared, count)
        for screened in prepared.screened(directions, rows_at_once(prepared, places, block)):
            shortlist.offer(*screened)
        indices[places, :count], scores[places, :count] = shortlist.best()
    return indices, scores


def prepare(queries: np.ndarray, gallery: Any, rows: np.ndarray | None = None) -> Gallery:
    """The gallery to be searched, once it is clear that the queries fit it."""
    is_prepared = isinstance(gallery, Gallery)
    candidates = gallery if is_prepared else np.asarray(gallery)
    shapes = len(candidates.shape) == queries.ndim == 2
    if not shapes or queries.shape[1] != candidates.shape[1] or queries.shape[1] == 0:
        raise InputError(
            f"The queries have the shape {queries.shape}, the gallery {candidates.shape}",
            "(q, d) and (m, d) with one d of at least 1",
            "Encode both with the same encoder and parameters.",
        )
    if queries.dtype.kind not in "biuf":
        raise InputError(f"The queries have the dtype {queries.dtype}", "real numbers")
    if not is_prepared:
        return Gallery(candidates, rows=rows)
    return gallery if rows is None else gallery.subset(rows)


def groups(queries: np.ndarray, k: int = 1) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places and directions, float64, of the queries that have one, some at a time."""
    step = max(1, min(QUERIES, ELEMENTS // queries.shape[1], ELEMENTS // k))
    for start in range(0, len(queries), step):
        directions = unit_rows(queries[start : start + step])
        usable = np.flatnonzero(has_direction(directions))
        if len(usable):
            yield start + usable, directions[usable]


def rows_at_once(gallery: Gallery, places: np.ndarray, block: int = BLOCK) -> int:
    """How many rows are screened at a time for the queries at some places."""
    most = min(block, CELLS // len(places))
    return max(1, most if gallery.is_single else min(most, ELEMENTS // gallery.shape[1]))


class _Shortlist:
    """Pairs of query and row that hold the k best of every query, and few others.

    ``floor`` (q,) is what a screened cosine must reach for its row to be among the k best.
    """

    def __init__(self, directions: np.ndarray, gallery: Gallery, k: int) -> None:
        self.directions, self.gallery, self.k = directions, gallery, k
        self.floor = np.full(len(directions), -np.inf, dtype=np.float32)
        self.crowd = 2 * OF_K * k * len(directions) + GROUPS
        self.asker = self.row = np.empty(0, dtype=np.intp)
        self.value = np.empty(0, dtype=np.float32)
        # Joined to the list once they are many.
        self.waiting: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.count = 0

    def offer(self, places: np.ndarray, cosines: np.ndarray) -> None:
        """Take from a block (q, b) what could be among the k best; NaN never is."""
        near = cosines >= self.floor[:, None]
        count = int(np.count_nonzero(near))
        if count > self.crowd and self.k <= len(places):
            self._raise(_lower_bound(cosines, self.k))
            np.greater_equal(cosines, self.floor[:, None], out=near)
            count = int(np.count_nonzero(near))
        if count:
            asker, place = np.divmod(np.flatnonzero(near), len(places))
            self.waiting.append((asker, places[place], cosines[asker, place]))
            self.count += count
        if self.count > self.crowd:
            self._compact()

    def best(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and exact cosines of the k best, (q, k) each; of equals the lower row first."""
        self._compact()
        self._rescore()
        shape = (len(self.directions), self.k)
        return self.row.reshape(shape), self.value.reshape(shape)

    def _raise(self, best: np.ndarray) -> None:
        """Raise the floor to what lies no more than the margin below a k-th best (q,)."""
        self.floor = np.fmax(self.floor, best - np.float32(self.gallery.margin))

    def _compact(self) -> None:
        """Drop what cannot be among the k best of all rows so far."""
        parts = [(self.asker, self.row, self.value), *self.waiting]
        self.asker, self.row, self.value = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        self.waiting, self.count = [], 0
        order = np.lexsort((-self.value, self.asker))
        first = np.searchsorted(self.asker[order], np.arange(len(self.directions) + 1))
        full = np.flatnonzero(np.diff(first) >= self.k)
        best = np.full(len(self.directions), -np.inf, dtype=np.float32)
        best[full] = self.value[order[first[full] + self.k - 1]]
        self._raise(best)
        self._keep(np.flatnonzero(self.value >= self.floor[self.asker]))
        # Very many are as good as the k-th best, as where rows repeat.
        if len(self.value) > self.crowd:
            self._rescore()

    def _rescore(self) -> None:
        """Keep the k best of each query by their exact cosine."""
        self.value = self.gallery.similarity(self.directions, self.asker, self.row)
        order = np.lexsort((self.row, -self.value, self.asker))
        asker = self.asker[order]
        rank = np.arange(len(order)) - np.searchsorted(asker, asker)
        self._keep(order[rank < self.k])

    def _keep(self, kept: np.ndarray) -> None:
        self.asker, self.row, self.value = self.asker[kept], self.row[kept], self.value[kept]


def _lower_bound(cosines: np.ndarray, k: int) -> np.ndarray:
    """At most the k-th largest of each row (q, b), and close to it; NaN is left out. (q,)

    It is the k-th largest of the maxima of disjoint groups: sorting those is quicker.
    """
    per_group = max(1, cosines.shape[1] // max(GROUPS, OF_K * k))
    width = cosines.shape[1] // per_group
    grouped = cosines[:, : per_group * width].reshape(len(cosines), per_group, width)
    maxima = np.fmax.reduce(grouped, axis=1, initial=-np.inf)
    return np.partition(maxima, width - k, axis=1)[:, width - k]
