"""How RDMs lie among each other: a map and a dendrogram of their similarities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.words import counted

FEWEST_RDMS = 3
STARTS = 8


class Dendrogram(NamedTuple):
    """Average linkage of 1 - similarity, as lines to draw.

    ``order`` (k,): the RDMs from left to right, by their places in the similarities. ``x`` and
    ``y`` (k - 1, 4): corners of the line that joins two groups; leaf i lies at x = 5 + 10 i,
    and y is the distance at which they join.
    """

    order: np.ndarray
    x: np.ndarray
    y: np.ndarray


class RdmMap(NamedTuple):
    """RDMs as points, those that are similar near to each other.

    ``coordinates`` (k, 2), centred, the first axis the longer; NaN where an RDM has no similarity
    with the others. ``stress``: Kruskal's stress-1, 0 where distances in the map are 1 -
    similarity exactly; above .2 they say little. ``placed``: which RDMs have a place.
    """

    coordinates: np.ndarray
    stress: float
    placed: np.ndarray
    dendrogram: Dendrogram


def arrange_rdms(similarities: Any, seed: int = 0) -> RdmMap:
    """Place RDMs by the similarities between them.

    Parameters
    ----------
    similarities : array_like of shape (k, k)
        Symmetric, up to 1, such as Spearman correlations of RDMs. NaN rows are not placed.
    seed : int
        Of the random starts; the best of those and of the classical solution is taken.

    Returns
    -------
    RdmMap

    Raises
    ------
    InputError
        Where the similarities are no symmetric matrix, or fewer than 3 RDMs have any.

    Source: Kriegeskorte et al. (2008), Front. Syst. Neurosci. 2:4 (second-order MDS); Kruskal
    (1964), Psychometrika 29:1-27; Borg & Groenen (2005), Modern Multidimensional Scaling, SMACOF.
    """
    from scipy.spatial.distance import squareform

    values = np.asarray(similarities, dtype=np.float64)
    if values.ndim != 2 or not np.allclose(values, values.T, equal_nan=True):
        raise InputError(f"The similarities have the shape {values.shape}", "a symmetric matrix")
    off = values + np.diag(np.full(len(values), np.nan))
    placed = _complete(off)
    if len(placed) < FEWEST_RDMS:
        raise InputError(
            f"{counted(len(placed), 'RDM has', 'RDMs have')} similarities with the others",
            f"at least {FEWEST_RDMS}",
        )
    distances = np.maximum(1.0 - values[np.ix_(placed, placed)], 0.0)
    np.fill_diagonal(distances, 0.0)
    distances = (distances + distances.T) / 2
    points, stress = _scaled_to_two(distances, seed)
    coordinates = np.full((len(values), 2), np.nan)
    coordinates[placed] = points
    return RdmMap(coordinates, stress, placed, _dendrogram(squareform(distances), placed))


def _complete(values: np.ndarray) -> np.ndarray:
    """Rows that are left when those with most missing values go, until none is missing."""
    kept = np.arange(len(values))
    while True:
        missing = np.isnan(values[np.ix_(kept, kept)]).sum(axis=1) - 1
        if len(kept) == 0 or missing.max() <= 0:
            return kept
        kept = np.delete(kept, int(np.argmax(missing)))


def _scaled_to_two(distances: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Best of some solutions of metric MDS in two dimensions, with its stress-1."""
    rng = np.random.default_rng(seed)
    spread = float(distances.max())
    if spread == 0:
        return np.zeros((len(distances), 2)), 0.0
    starts = [_classical(distances)]
    starts += [spread * rng.standard_normal((len(distances), 2)) for _ in range(STARTS)]
    solutions = [_smacof(distances, start) for start in starts]
    points, stress = min(solutions, key=lambda solution: solution[1])
    points = points - points.mean(axis=0)
    axes = np.linalg.svd(points, full_matrices=False)[2]
    points = points @ axes.T
    # A mirrored map is the same map: the RDM farthest out on an axis is on its positive end.
    farthest = points[np.argmax(np.abs(points), axis=0), np.arange(2)]
    return points * np.where(farthest < 0, -1.0, 1.0), stress


def _classical(distances: np.ndarray) -> np.ndarray:
    """Torgerson's solution; axes of negative eigenvalues are 0. (k, 2)"""
    squares = distances**2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    return np.asarray(vectors[:, :-3:-1] * np.sqrt(np.maximum(values[:-3:-1], 0.0)))


def _smacof(distances: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, float]:
    """Majorise the stress from a start. Returns points (k, 2) and their stress-1."""
    from sklearn.manifold import smacof

    points, _ = smacof(
        distances, n_components=2, init=points, n_init=1, max_iter=500, eps=1e-9,
        normalized_stress=False,
    )  # fmt: skip
    apart = np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))
    return points, float(np.sqrt(((apart - distances) ** 2).sum() / (apart**2).sum()))


def _dendrogram(condensed: np.ndarray, placed: np.ndarray) -> Dendrogram:
    from scipy.cluster.hierarchy import dendrogram, linkage

    drawn = dendrogram(linkage(condensed, "average", optimal_ordering=True), no_plot=True)
    x, y = (np.asarray(drawn[key], dtype=np.float64) for key in ("icoord", "dcoord"))
    return Dendrogram(placed[np.array(drawn["leaves"])], x, y)
