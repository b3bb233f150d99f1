"""Features of a pair that do not depend on the order of its images, and their moments."""

from __future__ import annotations

import numpy as np

AT_ONCE = 8192


def order_free(features: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Squared differences and products of two rows. (n, d) -> (k, 2 d) float32"""
    left, right = features[i], features[j]
    return np.concatenate([(left - right) ** 2, left * right], axis=1)


class PairScaler:
    """Mean and deviation of order-free features of some pairs.

    Parameters
    ----------
    features : np.ndarray of shape (n, d), float32
    i, j : np.ndarray of shape (k,), intp
    """

    def __init__(self, features: np.ndarray, i: np.ndarray, j: np.ndarray) -> None:
        sample = order_free(features, i[:AT_ONCE], j[:AT_ONCE])
        self.mean = sample.mean(axis=0)
        deviation = sample.std(axis=0)
        self.scale = np.where(deviation > 0, 1.0 / np.where(deviation > 0, deviation, 1.0), 0.0)
        self.features = features

    def __call__(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Standardised features of pairs. (k, 2 d) float32"""
        rows = order_free(self.features, i, j)
        return np.asarray(((rows - self.mean) * self.scale).astype(np.float32))
