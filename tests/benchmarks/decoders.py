"""CPU time of core.ridge beside scikit-learn's RidgeCV, on the same responses and targets."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits

from core import ridge


@dataclass(frozen=True)
class Beside:
    """``cpu``: CPU of RidgeCV over that of ``ridge.fit``, medians over the rounds.

    ``alpha``: whether both chose one penalty; ``difference``: the largest difference of
    their weights, of the largest weight.
    """

    cpu: float
    alpha: bool
    difference: float


def beside_ridgecv(n: int, v: int, d: int = 512, rounds: int = 5) -> Beside:
    """Fit the same planted data by both, taking turns.

    Both with one thread: waiting threads burn CPU time, the more the busier the machine.
    """
    x, y = planted(n, v, d)
    spent = np.zeros((rounds, 2))
    with threadpool_limits(1):
        for turn in range(rounds):
            began = time.process_time()
            own = ridge.fit(x, y)
            between = time.process_time()
            peer = RidgeCV(ridge.ALPHAS).fit(x, y)
            spent[turn] = between - began, time.process_time() - between
    own_s, peer_s = np.median(spent, axis=0)
    difference = np.abs(own.weights - peer.coef_.T).max() / np.abs(peer.coef_).max()
    same = bool(np.isclose(own.alpha, peer.alpha_))
    return Beside(float(peer_s / own_s), same, float(difference))


def planted(n: int, v: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy linear targets (n, d) of standard normal responses (n, v), float32."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, v), dtype=np.float32)
    weights = rng.standard_normal((v, d), dtype=np.float32) / np.float32(np.sqrt(v))
    return x, x @ weights + 2 * rng.standard_normal((n, d), dtype=np.float32)
