"""UMAP by umap-learn: its graph and its descent, epoch by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.maps.method import METRIC, PCA_FIRST, Method, Placement, register
from core.maps.monitor import Monitor
from core.maps.space import Space
from core.registry import Parameter

MANY_POINTS, EPOCHS_OF_FEW, EPOCHS_OF_MANY = 10_000, 500, 200
NEGATIVE_SAMPLES = 5.0
SIDE, NOISE = 10.0, 1e-4
REPORTS = 50


def place(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Placement:
    """Stochastic descent from a linear map, on one thread so that a seed gives one map."""
    monitor.stage(0.02, "Finding neighbours")
    neighbours = _neighbours(space, values, monitor, seed)
    values["epochs"] = values["epochs"] or (
        EPOCHS_OF_FEW if space.size <= MANY_POINTS else EPOCHS_OF_MANY
    )
    monitor.stage(0.06, "Opening UMAP (its first use on a machine compiles for 20 seconds)")
    random = np.random.RandomState(seed)
    graph = _graph(neighbours, random, values["epochs"])
    monitor.stage(0.1, "First positions")
    return descend(graph, _start(space, random), values, monitor, random)


def descend(
    graph: Any,
    start: np.ndarray,
    values: dict[str, Any],
    monitor: Monitor,
    random: np.random.RandomState,
) -> Placement:
    """``umap.layouts.optimize_layout_euclidean``, which reports nothing, with reports."""
    from umap.umap_ import INT32_MAX, INT32_MIN, find_ab_params, make_epochs_per_sample

    epoch = _compiled().layouts._nb_optimize_layout_euclidean_single_epoch
    a, b = find_ab_params(1.0, values["min_dist"])
    between = make_epochs_per_sample(graph.data, values["epochs"])
    between_negative = between / NEGATIVE_SAMPLES
    next_positive, next_negative = between.copy(), between_negative.copy()
    points = start.astype(np.float32, order="C")
    state = random.randint(INT32_MIN, INT32_MAX, 3).astype(np.int64)
    states = np.full((len(points), 3), state) + points[:, :1].astype(np.float64).view(np.int64)
    # What densMAP would need; without it these stay as they are.
    unused, none = np.zeros(1, dtype=np.float32), 0
    every = max(1, values["epochs"] // REPORTS)
    rate = 1.0
    for done in range(values["epochs"]):
        epoch(
            points, points, graph.row, graph.col, len(points), between, a, b, states, 1.0, 2,
            True, rate, between_negative, next_negative, next_positive, done, False,
            unused, unused, none, none, none, none, unused, unused, none,
        )  # fmt: skip
        rate = 1.0 - done / values["epochs"]
        due = (done + 1) % every == 0
        if due and monitor.step(done + 1, values["epochs"], points, "epoch"):
            return Placement(points, done + 1)
    return Placement(points, values["epochs"])


def _neighbours(
    space: Space, values: dict[str, Any], monitor: Monitor, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Each point itself and its nearest, as UMAP counts them."""
    if values["n_neighbours"] > space.size:
        monitor.notes.append(
            f"{values['n_neighbours']} neighbours are too many for {space.size} points; "
            f"{space.size} were taken."
        )
        values["n_neighbours"] = space.size
    if not space.is_exact:
        monitor.notes.append("The neighbours were found approximately (Annoy).")
    numbers, distances = space.nearest(values["n_neighbours"] - 1, seed)
    own = np.arange(space.size)[:, None]
    return (
        np.hstack([own, numbers]).astype(np.int32),
        np.hstack([np.zeros(own.shape), distances]).astype(np.float32),
    )


def _graph(
    neighbours: tuple[np.ndarray, np.ndarray], random: np.random.RandomState, epochs: int
) -> Any:
    """The fuzzy graph, without the edges too weak to be drawn once in all epochs."""
    numbers, distances = neighbours
    graph, _, _ = _compiled().umap_.fuzzy_simplicial_set(
        np.empty((len(numbers), 1), dtype=np.float32),  # only its length is read
        numbers.shape[1],
        random,
        "euclidean",
        knn_indices=numbers,
        knn_dists=distances,
    )
    graph = graph.tocoo()
    graph.sum_duplicates()
    graph.data[graph.data < graph.data.max() / epochs] = 0.0
    graph.eliminate_zeros()
    return graph


def _start(space: Space, random: np.random.RandomState) -> np.ndarray:
    """A linear map in a square, with a little noise so that equal points can part."""
    start = space.start()
    start *= SIDE / max(np.abs(start).max(), np.finfo(np.float64).tiny)
    start += random.normal(scale=NOISE, size=start.shape)
    return np.asarray(SIDE * (start - start.min(axis=0)) / np.ptp(start, axis=0))


def _compiled() -> Any:
    """The package, told to keep on disk what numba compiles: umap-learn itself does not."""
    import umap
    import umap.layouts
    import umap.umap_

    for function in (
        umap.umap_.smooth_knn_dist,
        umap.umap_.compute_membership_strengths,
        umap.layouts._nb_optimize_layout_euclidean_single_epoch,
    ):
        if not function.signatures:
            function.enable_caching()
    return umap


register(
    Method(
        "umap",
        "UMAP",
        "Neighbours stay together, in tighter groups than t-SNE draws; distances between "
        "groups mean little.",
        "McInnes, Healy & Melville (2018), arXiv:1802.03426; the start from PCA: Kobak & "
        "Linderman (2021), Nat. Biotechnol. 39",
        place,
        parameters=(
            Parameter(
                "n_neighbours",
                "Neighbours",
                15,
                "Size of the neighbourhood that counts, the point itself included",
                minimum=2,
                maximum=200,
            ),
            Parameter(
                "min_dist",
                "Minimum distance",
                0.1,
                "How near points may lie on the map",
                minimum=0.0,
                maximum=0.99,
            ),
            METRIC,
            PCA_FIRST,
            Parameter(
                "epochs",
                "Epochs",
                0,
                f"0 takes {EPOCHS_OF_FEW} up to {MANY_POINTS:,} points, {EPOCHS_OF_MANY} above",
                minimum=0,
                maximum=5000,
            ),
        ),
        slow_above=100,
    )
)
