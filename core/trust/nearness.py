"""Whether images that resemble training images are identified better."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.decoders.training.data import Data
from core.splits.distances import nearest_distances
from core.vectors import unit_rows

PERMUTATIONS = 1000
FEWEST = 8
PARTS = 3


class Nearness(NamedTuple):
    """Distance of each test image to the nearest training image (m,), and its score (m,).

    ``rho`` is their rank correlation, p two-sided over permutations of the images; NaN
    with fewer than eight images.
    """

    distance: np.ndarray
    score: np.ndarray
    rho: float
    p: float

    @property
    def parts(self) -> list[tuple[float, float, int]]:
        """Mean distance and score of thirds of the images by distance, and how many each has."""
        order = np.argsort(self.distance, kind="stable")
        parts = [part for part in np.array_split(order, PARTS) if len(part)]
        return [(self.distance[p].mean(), self.score[p].mean(), len(p)) for p in parts]


def nearness(data: Data, score: np.ndarray, seed: int) -> Nearness:
    """Compare the score of each test image with its distance to training.

    Parameters
    ----------
    data : Data
    score : np.ndarray of shape (m,)
        Of each image of the test set, NaN where there is none.
    seed : int

    Source: Shirakawa et al. (2024), arXiv:2405.10078; LAION-fMRI (2026) for the distance.
    """
    kept = np.isfinite(score)
    test = unit_rows(data.embeddings[data.fold.test[kept]])
    trained = data.embeddings[data.fold.train]
    known = unit_rows(trained[np.isfinite(trained).all(axis=1)])
    distance, score = nearest_distances(test, known), score[kept]
    return Nearness(distance, score, *rank_correlation(distance, score, seed))


def rank_correlation(first: np.ndarray, second: np.ndarray, seed: int) -> tuple[float, float]:
    """Spearman's rho of (m,) and (m,), and its two-sided permutation p (Phipson & Smyth 2010)."""
    from scipy.stats import rankdata

    if len(first) < FEWEST or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan"), float("nan")
    a, b = (rankdata(each) - (len(each) + 1) / 2 for each in (first, second))
    scale = np.sqrt((a @ a) * (b @ b))
    rng = np.random.default_rng([seed, 9])
    null = np.array([rng.permutation(a) @ b for _ in range(PERMUTATIONS)])
    beyond = np.sum(np.abs(null) >= abs(a @ b) * (1 - 1e-12))
    return float(a @ b / scale), float((1 + beyond) / (1 + PERMUTATIONS))
