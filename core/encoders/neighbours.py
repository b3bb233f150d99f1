"""Nearest pictures in the space of an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.validation import check_same_length, row_blocks

MOST_QUERIES = 2000


def nearest(features: np.ndarray, query: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows most similar to a query by cosine similarity.

    Parameters
    ----------
    features : np.ndarray of shape (n, d)
        Embeddings; rows that are NaN or zero have no similarity and are left out.
    query : array_like of shape (d,)
        An embedding of the same encoder, of a picture or a text.
    k : int
        How many; fewer are given where there are fewer.

    Returns
    -------
    indices : np.ndarray of shape (k,), int
        Most similar first; of equals the one that stands first.
    similarities : np.ndarray of shape (k,), float32
        Cosine, -1 to 1.
    """
    direction = np.asarray(query, dtype=np.float32)
    if features.ndim != 2 or direction.shape != features.shape[1:]:
        raise InputError(
            f"The query has the shape {direction.shape}, the embeddings {features.shape}",
            "a query (d,) for embeddings (n, d)",
            "Encode both with the same encoder and parameters.",
        )
    length = np.linalg.norm(direction)
    if not np.isfinite(length) or length == 0:
        raise InputError("The query has no direction", "finite numbers that are not all zero")
    if k < 1:
        raise InputError(f"k is {k}", "at least 1")
    similarity = np.full(len(features), np.nan, dtype=np.float32)
    for block in row_blocks(*features.shape):
        rows = np.asarray(features[block], dtype=np.float32)
        norms = np.linalg.norm(rows, axis=1)
        usable = norms > 0
        similarity[block][usable] = rows[usable] @ (direction / length) / norms[usable]
    valid = np.flatnonzero(np.isfinite(similarity))
    order = valid[np.argsort(-similarity[valid], kind="stable")][:k]
    return order, similarity[order]


class Agreement(NamedTuple):
    """How often near pictures share a label.

    ``share`` is the mean over ``queries`` pictures, ``chance`` what pictures drawn at
    random would give.
    """

    share: float
    chance: float
    queries: int


def agreement(features: np.ndarray, labels: Sequence[str], k: int = 10) -> Agreement | None:
    """Share of the k nearest pictures, by cosine similarity, that have a picture's own label.

    Parameters
    ----------
    features : np.ndarray of shape (n, d)
        Embeddings; rows that are NaN or zero are left out.
    labels : sequence of str, length n
        Such as categories; pictures without one ('') are left out.
    k : int
        Neighbours of each picture.

    Returns
    -------
    Agreement or None
        Over at most 2,000 pictures, spread evenly, each sought among all. None where
        k or fewer pictures can be compared.
    """
    check_same_length(len(labels), len(features), "The list of labels", "the embeddings")
    names = np.asarray(labels, dtype=str)
    norms = np.linalg.norm(features, axis=1)
    usable = np.flatnonzero((norms > 0) & (names != ""))
    if len(usable) <= k:
        return None
    directions, names = features[usable] / norms[usable, None], names[usable]
    queries = np.linspace(0, len(usable) - 1, min(MOST_QUERIES, len(usable))).astype(np.intp)
    same = 0
    for block in row_blocks(len(queries), len(usable)):
        similarity = directions[queries[block]] @ directions.T
        similarity[np.arange(len(similarity)), queries[block]] = -np.inf
        near = np.argpartition(-similarity, k, axis=1)[:, :k]
        same += int((names[near] == names[queries[block], None]).sum())
    counts = dict(zip(*np.unique(names, return_counts=True), strict=True))
    others = np.array([counts[name] - 1 for name in names[queries]])
    chance = float(others.mean() / (len(usable) - 1))
    return Agreement(same / (k * len(queries)), chance, len(queries))
