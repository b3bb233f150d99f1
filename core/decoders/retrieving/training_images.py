"""Is a response retrieved better the more its image resembles one that was trained on?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core import retrieval
from core.decoders.retrieving.decoded import Decoded
from core.scores import resampling

PERMUTATIONS = 1000
ROUNDING = 1e-9


class Nearest(NamedTuple):
    """Rows of the training images most similar to each test image, and their cosines. (q, k)."""

    stimulus: np.ndarray
    similarity: np.ndarray


class Relation(NamedTuple):
    """Rank correlation of two values over ``images``, with p by permuting ``permuted``."""

    rho: float
    p: float
    images: int
    permuted: str


def nearest_training(decoded: Decoded, k: int = 3) -> Nearest:
    """The training images nearest to each seen image, by cosine in the encoder's space.

    Source: study C, figure 4 ('Top-3 images are retrieved in the training set by conditioning
    on test images').

    Returns
    -------
    Nearest
        -1 and NaN where an image has no embedding, or there are fewer than k.
    """
    data = decoded.data
    train = np.asarray(data.fold.train)
    seen = data.embeddings[decoded.stimulus]
    places, similarity = retrieval.search(seen, data.embeddings, k, rows=train, fewer=True)
    return Nearest(np.where(places >= 0, train[places], -1), similarity)


def relate(decoded: Decoded, similarity: np.ndarray, rank: np.ndarray, seed: int = 0) -> Relation:
    """Spearman's correlation of similarity to the training set and rank, over test images.

    Whole categories are permuted where three or more are known, see
    :func:`core.scores.resampling.permutations`; p is two-sided,
    (1 + permuted values at least as far from 0) / (1 + permutations).

    Parameters
    ----------
    decoded : Decoded
    similarity, rank : np.ndarray of shape (q,)
        NaN is left out.
    seed : int
    """
    usable = np.flatnonzero(np.isfinite(similarity) & np.isfinite(rank))
    category = np.array([*decoded.data.names, ""])[decoded.data.category[decoded.stimulus]]
    permuted = resampling.permuted_unit(category[usable])
    if len(usable) < 3 or np.ptp(similarity[usable]) == 0 or np.ptp(rank[usable]) == 0:
        return Relation(np.nan, np.nan, len(usable), permuted)
    x, y = _standard_ranks(similarity[usable]), _standard_ranks(rank[usable])
    rho = float(x @ y)
    maps = resampling.permutations(category[usable], PERMUTATIONS, seed)
    extreme = np.abs(y[maps] @ x) >= abs(rho) - ROUNDING
    return Relation(rho, (1 + int(extreme.sum())) / (1 + len(maps)), len(usable), permuted)


def _standard_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks with mean 0 and length 1; ties get their mean rank. The values differ."""
    from scipy.stats import rankdata

    ranks = rankdata(values) - (len(values) + 1) / 2
    return np.asarray(ranks / np.linalg.norm(ranks))
