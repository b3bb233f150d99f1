"""Nearest images in the space of an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.retrieval import search
from core.validation import check_same_length
from core.vectors import has_direction

MOST_QUERIES = 2000
RESAMPLES = 1000


def nearest(features: np.ndarray, query: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows most similar to one query, by :func:`core.retrieval.search`.

    Parameters
    ----------
    features : np.ndarray of shape (n, d)
        Embeddings; rows that are NaN or zero are never returned.
    query : array_like of shape (d,)
        An embedding of the same encoder, of an image or a text.
    k : int
        How many; fewer are given where there are fewer.

    Returns
    -------
    indices : np.ndarray of shape (k,), intp
        Most similar first; of equals the one that stands first.
    similarities : np.ndarray of shape (k,), float32
        Cosine, -1 to 1.

    Raises
    ------
    InputError
        If the shapes do not fit, k is below 1, or the query is zero or not finite.
    """
    vector = np.asarray(query)
    if vector.ndim != 1 or features.ndim != 2:
        raise InputError(
            f"The query has the shape {vector.shape}, the embeddings {features.shape}",
            "a query (d,) for embeddings (n, d)",
        )
    if not has_direction(vector[None])[0]:
        raise InputError("The query has no direction", "finite numbers that are not all zero")
    indices, similarities = search(vector[None], features, k, fewer=True)
    usable = indices[0] >= 0
    return indices[0][usable], similarities[0][usable]


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
    usable = np.flatnonzero(has_direction(features) & (names != ""))
    if len(usable) <= k:
        return None
    queries = usable[_evenly(len(usable), MOST_QUERIES)]
    own = names[queries]
    same = (names[_nearest_others(features, queries, usable, k)] == own[:, None]).mean(axis=1)
    counts = dict(zip(*np.unique(names[usable], return_counts=True), strict=True))
    chance = np.mean([counts[name] - 1 for name in own]) / (len(usable) - 1)
    low, high = _interval(same, own, seed)
    return Agreement(float(same.mean()), low, high, float(chance), len(queries), len(usable))


def _evenly(count: int, most: int) -> np.ndarray:
    return np.linspace(0, count - 1, min(most, count)).astype(np.intp)


def _nearest_others(
    features: np.ndarray, queries: np.ndarray, usable: np.ndarray, k: int
) -> np.ndarray:
    """Rows of the k nearest of ``usable`` to each of ``queries``, itself left out. (q, k)."""
    places, _ = search(features[queries], features, k + 1, rows=usable)
    nearest = usable[places]
    is_other = nearest != queries[:, None]
    # An image with k or more exact copies before it is not among the k + 1.
    is_other[is_other.all(axis=1), k] = False
    return nearest[is_other].reshape(len(queries), k)


def _interval(values: np.ndarray, groups: np.ndarray, seed: int) -> tuple[float, float]:
    """95 % percentile bootstrap of the mean over whole groups."""
    _, group = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(group, values), np.bincount(group)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
