"""t-SNE by openTSNE: Barnes-Hut, or interpolation on a grid (FFT) for many points."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.maps.method import METRIC, PCA_FIRST, Method, Placement, register
from core.maps.monitor import Monitor
from core.maps.space import Space
from core.registry import Parameter

FFT_ABOVE = 5_000
EARLY_ITERATIONS = 250
MOMENTUM = 0.8
START_DEVIATION, JITTER = 1e-4, 1e-6
# Each iteration is a few short parallel steps: where other work holds a core, two threads that
# wait for each other were measured 70 times slower than one.
THREADS = 1


def place(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Placement:
    """Gradient descent from a linear map, first with early exaggeration."""
    from openTSNE import TSNEEmbedding

    monitor.stage(0.02, "Finding neighbours")
    affinities = _affinities(space, values, monitor, seed)
    monitor.stage(0.1, "First positions")
    descent = _Descent(monitor, EARLY_ITERATIONS + values["iterations"])
    embedding = TSNEEmbedding(
        _start(space, seed),
        affinities,
        negative_gradient_method="fft" if space.size > FFT_ABOVE else "bh",
        random_state=seed,
        learning_rate=values["learning_rate"] or "auto",
        n_jobs=THREADS,
        callbacks=[descent],
        callbacks_every_iters=_cadence(space.size),
    )
    phases = ((EARLY_ITERATIONS, values["exaggeration"]), (values["iterations"], 1.0))
    for iterations, exaggeration in phases:
        embedding = embedding.optimize(
            iterations, inplace=True, exaggeration=exaggeration, momentum=MOMENTUM
        )
        if monitor.stopped:
            return Placement(np.asarray(embedding), descent.done)
        descent.before += iterations
    return Placement(np.asarray(embedding), descent.total)


class _Descent:
    """The callback of openTSNE; a true answer ends the descent with the map so far."""

    def __init__(self, monitor: Monitor, total: int) -> None:
        self.monitor, self.total = monitor, total
        self.before = self.done = 0

    def __call__(self, iteration: int, error: float, embedding: np.ndarray) -> bool:
        self.done = self.before + iteration
        return self.monitor.step(self.done, self.total, np.asarray(embedding))


def _affinities(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Any:
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    largest = max(1.0, (space.size - 1) / 3.0)
    if values["perplexity"] > largest:
        monitor.notes.append(
            f"Perplexity {values['perplexity']:g} is too large for {space.size} points; "
            f"{largest:.3g}, the largest that fits, was taken."
        )
        values["perplexity"] = largest
    count = min(space.size - 1, max(1, int(3 * values["perplexity"])))
    if not space.is_exact:
        monitor.notes.append("The neighbours were found approximately (Annoy).")
    neighbours = PrecomputedNeighbors(*space.nearest(count, seed))
    return PerplexityBasedNN(perplexity=values["perplexity"], knn_index=neighbours, n_jobs=THREADS)


def _start(space: Space, seed: int) -> np.ndarray:
    """A linear map, small, and jittered so that equal points and flat axes can part."""
    start = space.start()
    start *= START_DEVIATION / max(start[:, 0].std(), np.finfo(np.float64).tiny)
    return np.asarray(start + np.random.default_rng(seed).normal(0.0, JITTER, start.shape))


def _cadence(m: int) -> int:
    """Iterations between two reports: a cancel is to be heard within a second or so."""
    return 10 if m <= 10_000 else 5 if m <= 50_000 else 1


register(
    Method(
        "tsne",
        "t-SNE",
        "Neighbours stay together; the size of clusters and the distance between them mean little.",
        "van der Maaten & Hinton (2008), JMLR 9; Linderman et al. (2019), Nat. Methods 16; "
        "Policar, Strazar & Zupan (2024), J. Stat. Softw. 109(3)",
        place,
        parameters=(
            Parameter(
                "perplexity",
                "Perplexity",
                30.0,
                "About how many neighbours each point tries to keep near",
                minimum=2,
                maximum=500,
            ),
            METRIC,
            PCA_FIRST,
            Parameter(
                "exaggeration",
                "Early exaggeration",
                12.0,
                f"How much stronger neighbours attract in the first {EARLY_ITERATIONS} iterations",
                minimum=1,
                maximum=50,
            ),
            Parameter(
                "iterations",
                "Iterations",
                500,
                f"After the {EARLY_ITERATIONS} of early exaggeration",
                minimum=10,
                maximum=5000,
            ),
            Parameter(
                "learning_rate",
                "Learning rate",
                0.0,
                "0 takes the number of points divided by the exaggeration",
                minimum=0,
                maximum=100_000,
            ),
        ),
        slow_above=300,
    )
)
