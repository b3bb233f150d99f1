"""CPU of comparing and computing RDMs beside rsatoolbox and numpy, on the same values."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from core import rdm

METHODS = {
    "pearson": "corr",
    "cosine": "cosine",
    "kendall": "tau-a",
    "spearman": "spearman",
    "rho-a": "rho-a",
    "whitened-cosine": "cosine_cov",
    "whitened-pearson": "corr_cov",
}
FOLDS = 4


def compared(n: int = 1500, rounds: int = 5) -> dict[str, float]:
    """CPU of ``rdm.compare`` of two matrices over rsatoolbox's of their vectors, by method."""
    from rsatoolbox.rdm import RDMs, compare

    rng = np.random.default_rng(0)
    a, b = (rdm.compute(rng.standard_normal((n, 100))) for _ in range(2))
    b = (a + b) / 2
    theirs = [RDMs(rdm.condense(matrix)[None]) for matrix in (a, b)]
    quotients = {}
    for own, name in METHODS.items():
        quotients[own] = _quotient(
            lambda own=own: rdm.compare(a, b, own),
            lambda name=name: compare(*theirs, name),
            rounds,
        )
        assert abs(rdm.compare(a, b, own) - compare(*theirs, name)[0, 0]) < 1e-6
    return quotients


def computed(n: int, v: int = 1000, rounds: int = 5) -> tuple[float, float]:
    """CPU of ``rdm.compute`` over that of ``np.corrcoef``, and the largest error."""
    responses = np.random.default_rng(0).standard_normal((n, v), dtype=np.float32)
    quotient = _quotient(lambda: rdm.compute(responses), lambda: np.corrcoef(responses), rounds)
    error = np.abs(rdm.compute(responses) - (1 - np.corrcoef(responses))).max()
    return quotient, float(error)


def crossnobis(n: int = 1500, v: int = 100, rounds: int = 3) -> tuple[float, float]:
    """CPU of crossnobis over 4 folds over rsatoolbox's, and the largest difference."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    fold, stimulus = np.repeat(range(FOLDS), n), np.tile(range(n), FOLDS)
    responses = np.random.default_rng(0).standard_normal((FOLDS * n, v))
    data = Dataset(responses, obs_descriptors={"stimulus": stimulus, "fold": fold})

    def own() -> np.ndarray:
        return rdm.compute(responses, "crossnobis", fold, stimuli=stimulus)

    def peer() -> np.ndarray:
        result = calc_rdm(data, "crossnobis", "stimulus", cv_descriptor="fold")
        return np.asarray(result.dissimilarities[0])

    return _quotient(own, peer, rounds), float(np.abs(rdm.condense(own()) - peer()).max())


def permuted(n: int = 1000, permutations: int = 100, models: int = 1) -> float:
    """CPU of a Mantel test over that of indexing and correlating for each permutation."""
    rng = np.random.default_rng(0)
    others = [rdm.compute(rng.standard_normal((n, 20))) for _ in range(models)]
    data = rdm.compute(rng.standard_normal((n, 20)))
    upper = np.triu_indices(n, 1)

    def naive() -> None:
        for _ in range(permutations):
            order = rng.permutation(n)
            taken = data[np.ix_(order, order)][upper]
            for other in others:
                np.corrcoef(taken, other[upper])

    own: Callable[[], object] = lambda: rdm.mantel_many(others, data, permutations)  # noqa: E731
    return _quotient(own, naive, 2)


def _quotient(own: Callable[[], object], peer: Callable[[], object], rounds: int) -> float:
    """The least CPU of one over the least of the other; they take turns, on one thread."""
    least = [float("inf"), float("inf")]
    with threadpool_limits(1):
        for _ in range(rounds):
            for place, step in enumerate((own, peer)):
                began = time.process_time()
                step()
                least[place] = min(least[place], time.process_time() - began)
    return least[0] / least[1]
