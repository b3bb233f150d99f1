"""Nearest images in the space of an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.validation import check_same_length, row_blocks

MOST_QUERIES = 2000
RESAMPLES = 1000


def nearest(features: np.ndarray, query: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows most similar to a query by cosine similarity.

    Parameters
    ----------
    features : np.ndarray of shape (n, d)
        Embeddings; rows that are NaN or zero have no similarity and are left out.
    query : array_like of shape (d,)
        An embedding of the same encoder, of an image or a text.
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
    """How often near images share a label.

    ``share`` is the mean over ``queries`` images with its 95 % interval, ``chance`` what
    images drawn at random would give, ``images`` how many could be compared.
    """

    share: float
    low: float
    high: float
    chance: float
    queries: int
    images: int


def agreement(
    features: np.ndarray, labels: Sequence[str], k: int = 10, seed: int = 0
) -> Agreement | None:
    """Share of the k nearest images, by cosine similarity, that have an image's own label.

    Parameters
    ----------
    features : np.ndarray of shape (n, d)
        Embeddings; rows that are NaN or zero are left out.
    labels : sequence of str, length n
        Such as categories; images without one ('') are left out.
    k : int
        Neighbours of each image.
    seed : int
        Of the interval, which resamples whole labels.

    Returns
    -------
    Agreement or None
        Over at most 2,000 images, spread evenly, each sought among all. None where
        k or fewer images can be compared.
    """
    check_same_length(len(labels), len(features), "The list of labels", "the embeddings")
    names = np.asarray(labels, dtype=str)
    usable = np.flatnonzero((_norms(features) > 0) & (names != ""))
    if len(usable) <= k:
        return None
    queries = usable[_evenly(len(usable), MOST_QUERIES)]
    own = names[queries]
    same = (names[_nearest_rows(features, queries, usable, k)] == own[:, None]).mean(axis=1)
    counts = dict(zip(*np.unique(names[usable], return_counts=True), strict=True))
    chance = np.mean([counts[name] - 1 for name in own]) / (len(usable) - 1)
    low, high = _interval(same, own, seed)
    return Agreement(float(same.mean()), low, high, float(chance), len(queries), len(usable))


def _norms(features: np.ndarray) -> np.ndarray:
    parts = [np.linalg.norm(features[block], axis=1) for block in row_blocks(*features.shape)]
    return np.concatenate(parts)


def _evenly(count: int, most: int) -> np.ndarray:
    return np.linspace(0, count - 1, min(most, count)).astype(np.intp)


def _nearest_rows(
    features: np.ndarray, queries: np.ndarray, usable: np.ndarray, k: int
) -> np.ndarray:
    """Rows of the k nearest of ``usable`` to each of ``queries``, itself left out. (q, k)."""
    sought = _directions(features, queries)
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    rows = np.zeros((len(queries), k), dtype=np.intp)
    for block in row_blocks(len(usable), max(features.shape[1], len(queries))):
        candidates = usable[block]
        similarity = sought @ _directions(features, candidates).T
        similarity[queries[:, None] == candidates] = -np.inf
        joined = np.concatenate([best, similarity], axis=1)
        joined_rows = np.concatenate([rows, np.tile(candidates, (len(queries), 1))], axis=1)
        keep = np.argpartition(-joined, k - 1, axis=1)[:, :k]
        best = np.take_along_axis(joined, keep, axis=1)
        rows = np.take_along_axis(joined_rows, keep, axis=1)
    return rows


def _directions(features: np.ndarray, rows: np.ndarray) -> np.ndarray:
    chosen = np.asarray(features[rows], dtype=np.float32)
    return chosen / np.linalg.norm(chosen, axis=1, keepdims=True)


def _interval(values: np.ndarray, groups: np.ndarray, seed: int) -> tuple[float, float]:
    """95 % percentile bootstrap of the mean over whole groups."""
    _, group = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(group, values), np.bincount(group)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
