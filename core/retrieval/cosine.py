"""Exact search of a gallery by cosine similarity."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import InputError
from core.validation import row_blocks

BLOCK = 4096
QUERIES = 1024
# Single-precision similarities of unit rows are off by less; those as near are scored again.
MARGIN = 1e-5


def search(queries: Any, gallery: Any, k: int, block: int = BLOCK) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of a gallery most similar to each query by cosine similarity.

    Exact: similarities are screened in single precision block by block, and whatever could
    be among the k best is scored again in double precision. Equal scores (as float32) are
    ordered by the lower row, so that neither ``block`` nor the machine changes the answer.

    Parameters
    ----------
    queries : array_like of shape (q, d)
        Embeddings; a row that is NaN or zero gets the index -1 and the score NaN.
    gallery : array_like of shape (m, d)
        Embeddings, may be memory-mapped; rows that are NaN or zero are never returned.
    k : int
        How many rows for each query, 1 to the number of usable rows.
    block : int
        Gallery rows screened at a time. Memory is about ``block`` x (d + 1,024) x 8 bytes.

    Returns
    -------
    indices : np.ndarray of shape (q, k), intp
        Rows of the gallery, most similar first.
    scores : np.ndarray of shape (q, k), float32
        Cosine similarity, -1 to 1.

    Raises
    ------
    InputError
        If the shapes do not fit, k or block is below 1, or k exceeds the usable rows.
    """
    queries, gallery = np.asarray(queries), np.asarray(gallery)
    _check(queries, gallery, k, block)
    usable = _usable(gallery)
    if k > usable.sum():
        raise InputError(
            f"k is {k}, the gallery has {usable.sum()} usable rows of {len(gallery)}",
            "k of at most the usable rows",
            "Lower k, or encode the missing images.",
        )
    indices = np.full((len(queries), k), -1, dtype=np.intp)
    scores = np.full((len(queries), k), np.nan, dtype=np.float32)
    asked = np.flatnonzero(_usable(queries))
    for start in range(0, len(asked), QUERIES):
        rows = asked[start : start + QUERIES]
        directions = _directions(queries[rows])
        asker, found = _shortlist(directions, gallery, usable, k, block)
        similarity = _similarity(directions, gallery, asker, found)
        indices[rows], scores[rows] = _best(asker, found, similarity, len(rows), k)
    return indices, scores


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


def _usable(rows: np.ndarray) -> np.ndarray:
    """Which rows are finite and not zero. (n,) bool."""
    usable = np.zeros(len(rows), dtype=bool)
    for part in row_blocks(*rows.shape):
        usable[part] = np.isfinite(rows[part]).all(axis=1) & rows[part].any(axis=1)
    return usable


def _directions(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to unit norm, in double precision; unusable rows are left out before."""
    scaled = rows / np.abs(rows).max(axis=1, keepdims=True).astype(np.float64)
    return scaled / np.linalg.norm(scaled, axis=1, keepdims=True)


def _shortlist(
    directions: np.ndarray, gallery: np.ndarray, usable: np.ndarray, k: int, block: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (query, gallery row) that hold the k best rows of every query, and few others."""
    sought = directions.astype(np.float32)
    best = np.full((len(sought), k), -np.inf, dtype=np.float32)
    askers, rows, values = [], [], []
    for start in range(0, len(gallery), block):
        candidates = start + np.flatnonzero(usable[start : start + block])
        similarity = sought @ _directions(gallery[candidates]).astype(np.float32).T
        joined = np.concatenate([best, similarity], axis=1)
        best = np.partition(joined, joined.shape[1] - k, axis=1)[:, -k:]
        asker, column = np.nonzero(similarity >= best.min(axis=1, keepdims=True) - MARGIN)
        askers.append(asker)
        rows.append(candidates[column])
        values.append(similarity[asker, column])
    asker, row, value = (np.concatenate(parts) for parts in (askers, rows, values))
    kept = value >= best.min(axis=1)[asker] - MARGIN
    return asker[kept], row[kept]


def _similarity(
    directions: np.ndarray, gallery: np.ndarray, asker: np.ndarray, row: np.ndarray
) -> np.ndarray:
    """Cosine of each pair, summed in one order whatever the block. (pairs,) float32."""
    similarity = np.empty(len(asker), dtype=np.float32)
    for part in row_blocks(len(asker), directions.shape[1]):
        images = _directions(gallery[row[part]])
        similarity[part] = np.einsum("ij,ij->i", directions[asker[part]], images)
    return np.clip(similarity, -1.0, 1.0)


def _best(
    asker: np.ndarray, row: np.ndarray, similarity: np.ndarray, queries: int, k: int
) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((row, -similarity, asker))
    first = np.searchsorted(asker[order], np.arange(queries))
    chosen = order[first[:, None] + np.arange(k)]
    return row[chosen], similarity[chosen]
