"""Multidimensional scaling: classical, and metric by majorisation (SMACOF)."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.maps.linear import classical
from core.maps.method import METRIC, Method, Placement, register
from core.maps.monitor import Monitor
from core.maps.space import FeatureSpace, Space, check_pairs
from core.registry import Parameter
from core.validation import row_blocks

TOLERANCE = 1e-6
TELL_EVERY = 5


def place_classical(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Placement:
    """Euclidean distances of features need no matrix: their scaling is the PCA."""
    if isinstance(space, FeatureSpace) and space.metric == "euclidean":
        return Placement(space.start())
    monitor.stage(0.1, "Comparing every pair")
    coordinates = classical(space.matrix())
    if not coordinates[:, 1].any():
        monitor.notes.append("The distances leave a single axis; the other is 0.")
    return Placement(coordinates)


def place_metric(space: Space, values: dict[str, Any], monitor: Monitor, seed: int) -> Placement:
    """Majorisation of the stress, from the classical solution."""
    check_pairs(space.size)
    monitor.stage(0.02, "Comparing every pair")
    distances = space.matrix()
    total = float(np.square(distances, dtype=np.float64).sum())
    points = _start(space, distances, seed)
    before, done = np.inf, 0
    while done < values["iterations"]:
        moved, stress = _majorised(points, distances)
        # The stress belongs to the points before the move.
        if (before - stress) / total < TOLERANCE:
            break
        points, before, done = moved, stress, done + 1
        if done % TELL_EVERY == 0 and monitor.step(done, values["iterations"], points):
            break
    if done == values["iterations"] and not monitor.stopped:
        monitor.notes.append(f"The stress still fell after {done} iterations.")
    stress = _majorised(points, distances)[1]
    monitor.notes.append(f"Stress-1 {np.sqrt(stress / total):.3f} (0 is a perfect fit).")
    return Placement(points, done)


def _start(space: Space, distances: np.ndarray, seed: int) -> np.ndarray:
    """The classical solution, jittered so that a flat axis can open."""
    start = classical(distances)
    jitter = 1e-3 * np.sqrt(np.mean(np.square(start)))
    return np.asarray(start + np.random.default_rng(seed).normal(0.0, jitter, start.shape))


def _majorised(points: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, float]:
    """One Guttman transform, and the sum of squared errors before it."""
    from scipy.spatial.distance import cdist

    m = len(points)
    moved = np.empty_like(points)
    stress = 0.0
    for block in row_blocks(m, m):
        lengths = cdist(points[block], points)
        stress += float(np.square(lengths - distances[block]).sum())
        ratios = np.divide(distances[block], lengths, out=np.zeros_like(lengths), where=lengths > 0)
        moved[block] = (ratios.sum(axis=1, keepdims=True) * points[block] - ratios @ points) / m
    return moved, stress


register(
    Method(
        "mds",
        "Classical MDS",
        "Linear, as PCA, but from distances: large distances are drawn best.",
        "Torgerson (1952), Psychometrika 17; Gower (1966), Biometrika 53",
        place_classical,
        parameters=(METRIC,),
        slow_above=2_000,
        compares_pairs=lambda values, distances: distances or values["metric"] != "euclidean",
    )
)
register(
    Method(
        "mds_metric",
        "Metric MDS",
        "Distances on the map are as near as possible to those in the space, large ones first.",
        "Kruskal (1964), Psychometrika 29; de Leeuw (1977), SMACOF; Borg & Groenen (2005)",
        place_metric,
        parameters=(
            METRIC,
            Parameter(
                "iterations",
                "Iterations",
                300,
                "At most; it ends earlier where the stress no longer falls",
                minimum=10,
                maximum=5000,
            ),
        ),
        slow_above=300,
        compares_pairs=lambda values, distances: True,
    )
)
