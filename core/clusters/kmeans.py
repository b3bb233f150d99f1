"""k-means with correlation, cosine or Euclidean distance, and the rows of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core.clusters.descent import STARTS, Partition, partition
from core.clusters.metrics import METRICS, NOTHING_LEFT, CentroidDistance, PreparedRows
from core.errors import InputError
from core.progress import Progress
from core.validation import check_same_length
from core.words import counted


@dataclass(frozen=True)
class Clustering:
    """Rows in k clusters, numbered from 0, the largest first.

    Attributes
    ----------
    labels : np.ndarray of shape (n,), int32
        Cluster of each row; -1 where a row is missing or has no direction.
    centroids : np.ndarray of shape (k, v), float32
        Correlation: of mean 0 and length 1; cosine: of length 1; Euclidean: the mean.
    objective : float
        Sum of the distances 1 - r, cosine distances or squared Euclidean distances of
        the rows to the centroids of their clusters.
    r2 : float
        1 - objective(k) / objective(1); 0 where all rows are the same.
    sizes : np.ndarray of shape (k,), int
    metric : str
    k, seed : int
    missing, undefined : int
        Rows left out: without a response; constant (correlation) or zero (cosine).
    refilled : int
        Clusters that had lost every row and were given the row farthest from its centroid.
    """

    labels: np.ndarray
    centroids: np.ndarray
    objective: float
    r2: float
    sizes: np.ndarray
    metric: str
    k: int
    seed: int
    missing: int = 0
    undefined: int = 0
    refilled: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the rows, a sentence each."""
        reason = "are constant" if self.metric == "correlation" else "are zero throughout"
        refilled = "had no rows left and took the row farthest from its centroid, where "
        sentences = (
            (self.missing, f"{counted(self.missing, 'row')} without a response left out."),
            (
                self.undefined,
                f"{counted(self.undefined, 'row')} that {reason} left out: no direction.",
            ),
            (
                self.refilled,
                f"{self.refilled} of {self.k} clusters {refilled}rows are as similar as these.",
            ),
        )
        return tuple(sentence for count, sentence in sentences if count)


class Members(NamedTuple):
    """Rows of a cluster, the nearest to its centroid first, and their distances, float64."""

    rows: np.ndarray
    distances: np.ndarray


def fit(
    responses: Any,
    k: int,
    metric: str = "correlation",
    seed: int = 0,
    starts: int = STARTS,
    progress: Progress | None = None,
) -> Clustering:
    """Partition responses into k clusters.

    Lloyd's algorithm on rows that correlation centres and scales to length 1 and cosine
    scales to length 1, with centroids of length 1 (spherical k-means). Every start is
    chosen by k-means++ and goes a few steps; the best of them go on. A cluster that loses
    its last row takes the row farthest from its own centroid.

    Parameters
    ----------
    responses : array_like of shape (n, v)
        Rows that lack a value are missing, as ``Dataset.region_means`` has where trials of
        some regions were lost.
    k : int
    metric : str
        An id of ``METRICS``: 'correlation', 'cosine' or 'euclidean'.
    seed, starts : int
        The same seed gives the same clusters.
    progress : callable, optional
        Called with (fraction, message); may raise ``Cancelled``.

    Raises
    ------
    InputError
        On a wrong shape, infinite values, or fewer usable rows than clusters.
    NotFoundError
        If there is no such metric.

    Source: Dhillon & Modha (2001), Machine Learning 42; Arthur & Vassilvitskii (2007).
    """
    k, starts = _whole(k, "k"), _whole(starts, "starts")
    prepared = METRICS[metric].prepare(responses)
    check_enough(prepared, k)
    return clustering_of(prepared, k, metric, seed, starts, progress)


def clustering_of(
    prepared: PreparedRows,
    k: int,
    metric: str,
    seed: int,
    starts: int = STARTS,
    progress: Progress | None = None,
) -> Clustering:
    """The work of ``fit`` on prepared rows."""
    distance = METRICS[metric]
    rng = np.random.default_rng([seed, k])
    part = numbered(partition(prepared, k, distance, rng, starts, progress))
    objective = exact_objective(prepared, part, distance)
    whole = objective
    if k > 1:
        whole = exact_objective(prepared, partition(prepared, 1, distance, rng), distance)
    labels = np.full(prepared.count, -1, dtype=np.int32)
    labels[prepared.kept] = part.labels
    return Clustering(
        labels=labels,
        centroids=distance.restore(part.centroids, prepared),
        objective=objective * prepared.scale**2,
        r2=1.0 - objective / whole if whole > NOTHING_LEFT * prepared.total else 0.0,
        sizes=part.counts,
        metric=metric,
        k=k,
        seed=seed,
        missing=prepared.missing,
        undefined=prepared.undefined,
        refilled=part.refilled,
    )


def describe(clustering: Clustering, responses: Any, cluster: int) -> Members:
    """Every row of a cluster, the nearest to its centroid first.

    Parameters
    ----------
    responses : array_like of shape (n, v)
        Those that were clustered.
    cluster : int
        From 0.

    Returns
    -------
    Members
        Rows of the responses, and their correlation distance 1 - r, cosine distance or
        Euclidean distance to the centroid; rows at one distance in their own order.
    """
    if not 0 <= cluster < clustering.k:
        raise InputError(f"The cluster is {cluster}", f"a number from 0 to {clustering.k - 1}")
    responses = np.asarray(responses)
    check_same_length(len(responses), len(clustering.labels), "responses", "the clustering")
    distance = METRICS[clustering.metric]
    rows = np.flatnonzero(clustering.labels == cluster)
    prepared = distance.prepare(responses[rows])
    alone = partition(prepared, 1, distance, np.random.default_rng(0))
    apart = distance.apart(prepared.rows, alone.centroids, alone.labels)
    order = np.argsort(apart, kind="stable")
    return Members(rows[order], distance.shown(apart[order], prepared.scale))


def nearest(clustering: Clustering, responses: Any, cluster: int, count: int) -> Members:
    """The rows of a cluster nearest to its centroid, at most ``count``; see ``describe``."""
    rows, distances = describe(clustering, responses, cluster)
    return Members(rows[: _whole(count, "count")], distances[:count])


def check_enough(prepared: PreparedRows, k: int) -> None:
    """Raise InputError where there are fewer usable rows than clusters."""
    usable = len(prepared.kept)
    if usable >= max(k, 1):
        return
    without = ""
    if usable < prepared.count:
        without = f" ({prepared.missing} are missing, {prepared.undefined} have no direction)"
    raise InputError(
        f"{usable} of {counted(prepared.count, 'row')} can be clustered{without}, fewer than "
        f"{counted(k, 'cluster')}",
        "at least as many rows as clusters",
        "Choose fewer clusters or more stimuli.",
    )


def exact_objective(prepared: PreparedRows, part: Partition, distance: CentroidDistance) -> float:
    """Sum of the distances, each computed by itself: nothing cancels."""
    return float(distance.apart(prepared.rows, part.centroids, part.labels).sum())


def numbered(part: Partition) -> Partition:
    """Number the clusters by size, the largest first; of one size, by their first row."""
    first = np.full(len(part.counts), len(part.labels))
    np.minimum.at(first, part.labels, np.arange(len(part.labels)))
    order = np.lexsort((first, -part.counts))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return part._replace(
        centroids=part.centroids[order], labels=place[part.labels], counts=part.counts[order]
    )


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InputError(f"{name} is {value!r}", "a whole number of at least 1")
    return int(value)
