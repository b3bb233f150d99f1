"""How faithful a map is, what lies near in the space, and how well categories separate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.errors import InputError
from core.maps.space import METRICS, Space, open_space
from core.validation import check_same_length, row_blocks
from core.vectors import unit_rows

MOST_QUERIES = 2_000
NEIGHBOURS = 10
FEWEST_OF_A_LABEL = 20
# Equal points of a map that count for one query; of more, so many.
MOST_TIED = 200
# Distances that differ by less, relative to the largest, are the same but for rounding.
SAME, SAME_FLOAT32 = 1e-9, 1e-6


class Quality(NamedTuple):
    """How faithful a map is.

    ``trustworthiness`` falls with the points that are near on the map but not in the
    space; ``neighbourhood_preservation`` is the share of the nearest neighbours in the
    space that are nearest on the map. Both look at ``neighbours`` neighbours of ``queries`` points.
    """

    trustworthiness: float
    neighbourhood_preservation: float
    queries: int
    neighbours: int

    @classmethod
    def unknown(cls) -> Quality:
        return cls(float("nan"), float("nan"), 0, 0)


def quality(
    features: Any,
    coordinates: Any,
    k: int = NEIGHBOURS,
    metric: str = "euclidean",
    distances: bool = False,
    most: int = MOST_QUERIES,
) -> Quality:
    """Measure how faithful a map is.

    Parameters
    ----------
    features : array_like of shape (n, d), or (n, n) with ``distances``
    coordinates : array_like of shape (n, 2)
        Rows that are NaN in either are left out.
    k : int
        Neighbours; at most (m - 1) // 2 of m points are looked at.
    metric : {'euclidean', 'correlation', 'cosine'}
    distances : bool
        Whether ``features`` is a matrix of distances.
    most : int
        With more points than this, only the neighbours of so many, spread evenly, are
        looked at, but these are sought among all.

    Neighbours at one distance, on the map or in the space, count as in the mean over every
    order of the rows: the value of scikit-learn, which takes them in one order, in the mean.

    Raises
    ------
    InputError
        If an array does not fit, or fewer than three rows are usable.

    Source: Venna & Kaski (2001), ICANN; Lee & Verleysen (2009), Neurocomputing 72.
    """
    shown, points = _both(features, coordinates, distances)
    space = open_space(shown, distances, _checked_metric(metric), [])
    return quality_of(space, points[space.usable], k, most)


def quality_of(
    space: Space, coordinates: np.ndarray, k: int = NEIGHBOURS, most: int = MOST_QUERIES
) -> Quality:
    """As ``quality``, for the usable rows of a space. (m, 2)."""
    m = space.size
    k = min(_checked_k(k), (m - 1) // 2)
    queries = spread(np.arange(m), most)
    near, weights = _nearest_on_map(coordinates, queries, k)
    beyond = kept = 0.0
    for block, panel in space.panels(queries):
        nearer, equal = _ranks(panel, queries[block], near[block])
        weight, last = weights[block], nearer + equal
        # Ranks from the first to the last of equals are equally likely: their expected excess.
        over = np.maximum(last - k, 0), np.maximum(nearer - k, 0)
        excess = (over[0] * (over[0] + 1) - over[1] * (over[1] + 1)) / (2.0 * equal)
        beyond += float((weight * excess).sum())
        kept += float((weight * np.clip(k - nearer, 0, equal) / equal).sum())
    worst = len(queries) * k * (2.0 * m - 3.0 * k - 1.0) / 2.0
    return Quality(1.0 - beyond / worst, kept / (k * len(queries)), len(queries), k)


def neighbours(
    features: Any, row: int, k: int, metric: str = "euclidean", distances: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The rows nearest to one row in the high-dimensional space.

    Parameters
    ----------
    features : np.ndarray of shape (n, d), or (n, n) with ``distances``
        NaN rows, and rows without a direction, are never neighbours.
    row, k : int
        Fewer than k where there are fewer.
    metric : {'euclidean', 'correlation', 'cosine'}

    Returns
    -------
    rows : np.ndarray of shape (k,), int
        Nearest first, without the row itself; of equals the one that stands first.
    distances : np.ndarray of shape (k,), float64

    Raises
    ------
    InputError
        If the row does not exist or is missing.
    """
    array = np.asarray(features)
    if array.ndim != 2 or (distances and array.shape[0] != array.shape[1]):
        expected = "a square matrix (n, n)" if distances else "(n rows, d columns)"
        raise InputError(f"The array has the shape {array.shape}", expected)
    if not 0 <= row < len(array):
        raise InputError(f"The row is {row}", f"one from 0 to {len(array) - 1}")
    if distances:
        apart = array[row].astype(np.float64)
        apart[row] = np.nan
    else:
        apart = _apart(array, row, _checked_metric(metric))
    valid = np.flatnonzero(np.isfinite(apart))
    if len(valid) == 0:
        raise InputError(f"Row {row} has no distance to any other", "a row that is not missing")
    order = valid[np.argsort(apart[valid], kind="stable")][: _checked_k(k)]
    return order, apart[order]


def separation(
    coordinates: Any,
    labels: Sequence[Any],
    features: Any = None,
    metric: str = "euclidean",
    distances: bool = False,
) -> pd.DataFrame:
    """How well each category keeps apart from the others: its mean silhouette.

    Parameters
    ----------
    coordinates : array_like of shape (n, 2)
        NaN rows are left out.
    labels : sequence of length n
        Points with a blank label ('' or None) are left out.
    features : array_like of shape (n, d), or (n, n) with ``distances``, optional
        The space of the map; without it ``in_space`` is NaN.

    Returns
    -------
    pd.DataFrame
        ``label, n, on_map, in_space``, the best separated on the map first. A silhouette
        is 1 far from all others, 0 between two categories, negative inside another;
        NaN for a category of one point. Of large categories some points, spread evenly,
        are compared with all.

    Raises
    ------
    InputError
        With fewer than two categories.

    Source: Rousseeuw (1987), J. Comput. Appl. Math. 20.
    """
    points = _points(coordinates)
    check_same_length(len(labels), len(points), "The list of labels", "the coordinates")
    names = np.array(["" if label is None else str(label) for label in labels])
    on_map = _silhouettes(open_space(_blanked(points, names), False, "euclidean", [], 2), names)
    table = pd.DataFrame({"label": list(on_map), "n": [len(v) for v in on_map.values()]})
    labelled = np.isin(names, table["label"]) & np.isfinite(points[:, 0])
    table["n"] = [int((labelled & (names == name)).sum()) for name in table["label"]]
    table["on_map"] = [_mean(v) for v in on_map.values()]
    table["in_space"] = np.nan
    if features is not None:
        shown, _ = _both(features, _blanked(points, names), distances)
        in_space = _silhouettes(open_space(shown, distances, _checked_metric(metric), [], 2), names)
        table["in_space"] = [_mean(in_space.get(name, np.empty(0))) for name in table["label"]]
    return table.sort_values("on_map", ascending=False, kind="stable", ignore_index=True)


def spread(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the rows, spread evenly."""
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.intp)]


def _nearest_on_map(
    coordinates: np.ndarray, queries: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest other points of each query, and how much each counts. Two (q, c).

    Where several lie at the distance of the last one, all of them count, in part.
    """
    from scipy.spatial import cKDTree

    tree, points = cKDTree(coordinates), coordinates[queries]
    apart, nearest = tree.query(points, min(k + 2, len(coordinates)))
    own = nearest == queries[:, None]
    # Among more equal points the query itself may be missing: drop the last then.
    own[~own.any(axis=1), -1] = True
    shape = (len(queries), nearest.shape[1] - 1)
    nearest, apart = nearest[~own].reshape(shape), apart[~own].reshape(shape)
    last = apart[:, k - 1]
    tied = np.flatnonzero(apart[:, k:].min(axis=1, initial=np.inf) <= last * (1 + SAME))
    near, weights = nearest[:, :k], np.ones((len(queries), k))
    if len(tied) == 0:
        return near, weights
    around = tree.query_ball_point(points[tied], last[tied] * (1 + SAME), return_sorted=True)
    width = max(k, min(MOST_TIED, max(len(others) - 1 for others in around)))
    filling = ((0, 0), (0, width - k))
    near, weights = np.pad(near, filling), np.pad(weights, filling)
    for query, others in zip(tied, around, strict=True):
        rows = np.setdiff1d(others, queries[query])
        rows = spread(rows, width)
        length = np.linalg.norm(coordinates[rows] - points[query], axis=1)
        at_last = length >= last[query] * (1 - SAME)
        share = (k - np.sum(~at_last)) / max(1, np.sum(at_last))
        weights[query] = 0.0
        near[query, : len(rows)] = rows
        weights[query, : len(rows)] = np.where(at_last, share, 1.0)
    return near, weights


def _ranks(
    panel: np.ndarray, queries: np.ndarray, others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How many lie nearer to each query than another, and how many as near, itself included."""
    panel = panel.copy()
    tolerance = (SAME if panel.dtype == np.float64 else SAME_FLOAT32) * panel.max(axis=1)
    panel[np.arange(len(panel)), queries] = np.inf
    nearer, equal = np.empty(others.shape, np.int64), np.empty(others.shape, np.int64)
    for column, other in enumerate(others.T):
        own = panel[np.arange(len(panel)), other]
        nearer[:, column] = np.count_nonzero(panel < (own - tolerance)[:, None], axis=1)
        equal[:, column] = np.count_nonzero(panel <= (own + tolerance)[:, None], axis=1)
    equal -= nearer
    return nearer, np.maximum(equal, 1)


def _silhouettes(space: Space, names: np.ndarray) -> dict[str, np.ndarray]:
    """Silhouettes of some points of each category, in the order of first appearance."""
    labels = names[space.usable]
    unique, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    if len(unique) < 2:
        raise InputError(f"The points have {len(unique)} category", "at least two to separate")
    sizes = np.bincount(codes)
    most = max(FEWEST_OF_A_LABEL, MOST_QUERIES // len(unique))
    queries = [spread(np.flatnonzero(codes == code), most) for code in range(len(unique))]
    members = np.eye(len(unique))[codes]
    silhouettes = {}
    for code in np.argsort(first):
        values = np.empty(len(queries[code]))
        for block, panel in space.panels(queries[code]):
            values[block] = _silhouette(panel @ members, sizes, int(code))
        silhouettes[str(unique[code])] = values
    return silhouettes


def _silhouette(sums: np.ndarray, sizes: np.ndarray, own: int) -> np.ndarray:
    """From the sums of the distances to each category. (q, c) -> (q,)."""
    if sizes[own] < 2:
        return np.full(len(sums), np.nan)
    within = sums[:, own] / (sizes[own] - 1)
    means = sums / sizes
    means[:, own] = np.inf
    nearest = means.min(axis=1)
    larger = np.maximum(within, nearest)
    return np.divide(nearest - within, larger, out=np.zeros(len(sums)), where=larger > 0)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _apart(array: np.ndarray, row: int, metric: str) -> np.ndarray:
    """Distance of every row to one row, NaN to itself and where there is none. (n,) float64."""
    apart = np.full(len(array), np.nan)
    own = _directed(array[row : row + 1].astype(np.float64), metric)
    for block in row_blocks(*array.shape):
        others = _directed(array[block].astype(np.float64), metric)
        squared = np.square(others - own).sum(axis=1)
        apart[block] = np.sqrt(squared) if metric == "euclidean" else squared / 2.0
    apart[row] = np.nan
    return apart


def _directed(rows: np.ndarray, metric: str) -> np.ndarray:
    if metric == "euclidean":
        return rows
    unit = unit_rows(rows, centred=metric == "correlation")
    unit[~unit.any(axis=1)] = np.nan  # a row without a direction is no neighbour of any
    return unit


def _both(features: Any, coordinates: Any, distances: bool) -> tuple[np.ndarray, np.ndarray]:
    """Features with NaN where the map has no point, and the checked coordinates."""
    points = _points(coordinates)
    array = np.asarray(features)
    check_same_length(len(array), len(points), "The array of features", "the coordinates")
    absent = np.isnan(points[:, 0])
    if absent.any():
        array = array.astype(np.float32 if array.dtype == np.float32 else np.float64)
        array[absent] = np.nan
        if distances:
            array[:, absent] = np.nan
            array[absent, absent] = 0.0
    return array, points


def _points(coordinates: Any) -> np.ndarray:
    points = np.asarray(coordinates, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"The coordinates have the shape {points.shape}", "(n, 2)")
    return points


def _blanked(points: np.ndarray, names: np.ndarray) -> np.ndarray:
    return np.where((names != "")[:, None], points, np.nan)


def _checked_metric(metric: str) -> str:
    if metric not in METRICS:
        raise InputError(f"metric is {metric!r}", choices=METRICS)
    return metric


def _checked_k(k: int) -> int:
    if k < 1:
        raise InputError(f"k is {k}", "at least 1")
    return int(k)
