"""Nearest pictures in the space of an encoder."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import InputError
from core.validation import row_blocks


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
