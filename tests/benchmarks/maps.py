"""Seconds to a PCA image, and t-SNE beside scikit-learn's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core import maps

ROUNDS = 5
CLUSTERS = 40


@dataclass(frozen=True)
class TSNERates:
    """CPU seconds, their ratio, and the neighbourhood preservation (k = 10) of both maps."""

    ours_cpu_s: float
    peer_cpu_s: float
    cpu_ratio: float
    ours_preserved: float
    peer_preserved: float

    @property
    def difference(self) -> float:
        """How many fewer of the neighbours ours keeps than scikit-learn's."""
        return self.peer_preserved - self.ours_preserved


def pca_image_s(n: int = 5_000, d: int = 131) -> float:
    """Seconds from responses to the coordinates and colours of their PCA, the fastest turn."""
    from core.figures.maps import colouring

    rows = clustered(n, d)
    names = [f"kind {row % 8}" for row in range(n)]
    return _fastest(lambda: (maps.embed(rows, "pca", quality=False), colouring(names)))


def coloured_s(n: int = 30_000) -> float:
    """Seconds to colour so many points anew."""
    from core.figures.maps import colouring

    names = [f"kind {row % 40}" for row in range(n)]
    return _fastest(lambda: colouring(names))


def tsne_rates(n: int = 20_000, d: int = 50) -> TSNERates:
    """t-SNE with the defaults of each, from the same rows; the imports are left out."""
    from sklearn.manifold import TSNE

    rows = clustered(n, d)
    maps.embed(rows[:100], "tsne", quality=False)
    TSNE(max_iter=250).fit_transform(rows[:100])
    drawn, ours = _cpu(lambda: maps.embed(rows, "tsne", quality=False).coordinates)
    peer, peers = _cpu(lambda: TSNE(random_state=0).fit_transform(rows))
    preserved = [maps.quality(rows, points).neighbourhood_preservation for points in (drawn, peer)]
    return TSNERates(ours, peers, peers / ours, *preserved)


def clustered(n: int, d: int) -> np.ndarray:
    """Rows around forty centres, with a spectrum that falls as that of responses."""
    rng = np.random.default_rng(0)
    scales = (1.0 + np.arange(d)) ** -0.5
    centres = 2.0 * rng.standard_normal((CLUSTERS, d))
    rows = centres[rng.integers(0, CLUSTERS, n)] + rng.standard_normal((n, d))
    return (rows * scales).astype(np.float32)


def _fastest(action: Callable[[], object]) -> float:
    action()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _cpu(action: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """CPU seconds of this process and its children, on every thread."""
    before = os.times()
    found = action()
    after = os.times()
    return found, sum(after[:4]) - sum(before[:4])
