"""Consistency of clusters: centroids matched across subjects and numbers of clusters.

Correlated regions give high matches by chance, so matches are compared with those of
clusterings of Gaussian surrogates that have the same means and covariances and no
clusters. Shuffling regions would destroy the very correlation that must be controlled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.clusters.kmeans import Clustering, fit
from core.errors import InputError
from core.progress import Progress
from core.validation import check_responses, check_same_length
from core.vectors import unit_rows

SURROGATES = 20


class Match(NamedTuple):
    """Pairs of centroids, in the order of the first, and their correlations. All (m,)."""

    first: np.ndarray
    second: np.ndarray
    r: np.ndarray


@dataclass(frozen=True)
class Consistency:
    """Agreement of the centroids of several clusterings.

    Attributes
    ----------
    names : tuple of str
        Of the clusterings.
    pairs : pd.DataFrame
        A row for each matched pair of centroids: ``first, second`` (names),
        ``cluster_first, cluster_second, r``.
    matrix : np.ndarray of shape (c, c)
        Mean matched correlation of each two clusterings; 1 on the diagonal.
    mean : float
        Mean of all matched correlations.
    above : float
        Share of the matched correlations above .8, as the study counts them.
    null : np.ndarray of shape (surrogates,)
        ``mean`` of each set of surrogates; empty where there are none.
    p : float
        (1 + surrogates with at least this mean) / (1 + surrogates); NaN without them.
    """

    names: tuple[str, ...]
    pairs: pd.DataFrame
    matrix: np.ndarray
    mean: float
    above: float
    null: np.ndarray
    p: float


def match(first: Any, second: Any) -> Match:
    """Match centroids one to one so that the sum of their correlations is largest.

    Parameters
    ----------
    first, second : Clustering or array_like of shape (k, v)
        With different k, the centroids of the smaller number are all matched. A constant
        centroid correlates 0 with every other.

    Raises
    ------
    InputError
        If the columns differ in number, or are fewer than three.

    Source: Kuhn (1955), the Hungarian method.
    """
    from scipy.optimize import linear_sum_assignment

    a, b = _centroids(first), _centroids(second)
    check_same_length(b.shape[1], a.shape[1], "The second list of centroids", "the first")
    r = unit_rows(a, centred=True) @ unit_rows(b, centred=True).T
    rows, columns = linear_sum_assignment(r, maximize=True)
    return Match(rows, columns, np.clip(r[rows, columns], -1.0, 1.0))


def consistency(
    clusterings: Sequence[Any],
    null: Sequence[Sequence[Any]] = (),
    names: Sequence[str] | None = None,
) -> Consistency:
    """Match the centroids of every two clusterings.

    Parameters
    ----------
    clusterings : sequence of Clustering or array_like (k, v)
        At least two, over the same columns.
    null : sequence of such sequences
        Clusterings of surrogates; one sequence is as long as ``clusterings``.
    names : sequence of str, optional

    Raises
    ------
    InputError
        With fewer than two clusterings, or columns that differ.
    """
    if len(clusterings) < 2:
        raise InputError(f"{len(clusterings)} clusterings are given", "at least two to compare")
    labels = [str(name) for name in (names or range(1, len(clusterings) + 1))]
    check_same_length(len(labels), len(clusterings), "names", "the list of clusterings")
    tables, matrix = [], np.eye(len(clusterings))
    for i, j in combinations(range(len(clusterings)), 2):
        first, second, r = match(clusterings[i], clusterings[j])
        matrix[i, j] = matrix[j, i] = r.mean()
        columns = {"cluster_first": first, "cluster_second": second, "r": r}
        tables.append(pd.DataFrame({"first": labels[i], "second": labels[j], **columns}))
    pairs = pd.concat(tables, ignore_index=True)
    mean = float(pairs["r"].mean())
    means = np.array([_mean_match(surrogates) for surrogates in null])
    as_large = int(np.sum(means >= mean - 1e-12))
    p = (1 + as_large) / (1 + len(means)) if len(means) else float("nan")
    above = float((pairs["r"] > 0.8).mean())
    return Consistency(tuple(labels), pairs, matrix, mean, above, means, p)


def surrogate(responses: Any, seed: int | Sequence[int] = 0) -> np.ndarray:
    """Gaussian responses with the means and covariances of some, and no clusters.

    Rows that are missing stay missing. (n, v) -> (n, v) float32
    """
    responses = check_responses(responses)
    usable = ~np.isnan(responses[:, 0])
    values = responses[usable].astype(np.float64)
    if len(values) < 2:
        raise InputError(f"{len(values)} rows are usable", "at least two for a covariance")
    mean = values.mean(axis=0)
    _, sizes, axes = np.linalg.svd(values - mean, full_matrices=False)
    sizes = sizes / np.sqrt(len(values) - 1)
    drawn = np.random.default_rng(seed).standard_normal((len(values), len(sizes)))
    result = np.full(responses.shape, np.nan, dtype=np.float32)
    result[usable] = (drawn * sizes) @ axes + mean
    return result


def consistency_across_subjects(
    responses: Sequence[Any],
    k: int,
    metric: str = "correlation",
    seed: int = 0,
    surrogates: int = SURROGATES,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Consistency:
    """Cluster each subject, match the centroids, and do the same with surrogates of each.

    Parameters
    ----------
    responses : sequence of array_like (n, v)
        One a subject, on shared columns (see ``pooled``), z within subject.
    k : int
    surrogates : int
        Sets of surrogates; 0 for none. The smallest p is 1 / (1 + surrogates).
    """
    if len(responses) < 2:
        raise InputError(f"{len(responses)} subjects are given", "at least two to compare")

    def cluster(rows: Sequence[Any]) -> list[Clustering]:
        return [fit(part, k, metric, seed) for part in rows]

    return _with_surrogates(responses, cluster, names, seed, surrogates, progress)


def consistency_across_k(
    responses: Any,
    ks: Sequence[int],
    metric: str = "correlation",
    seed: int = 0,
    surrogates: int = SURROGATES,
    progress: Progress | None = None,
) -> Consistency:
    """Cluster with several k, match the centroids, and do the same with surrogates."""
    if len(ks) < 2:
        raise InputError(f"{len(ks)} numbers of clusters are given", "at least two to compare")

    def cluster(rows: Sequence[Any]) -> list[Clustering]:
        return [fit(rows[0], k, metric, seed) for k in ks]

    names = [f"k = {k}" for k in ks]
    return _with_surrogates([responses], cluster, names, seed, surrogates, progress)


def _with_surrogates(
    responses: Sequence[Any],
    cluster: Callable[[Sequence[Any]], list[Clustering]],
    names: Sequence[str] | None,
    seed: int,
    surrogates: int,
    progress: Progress | None,
) -> Consistency:
    clusterings, null = cluster(responses), []
    for number in range(surrogates):
        if progress is not None:
            progress((1 + number) / (1 + surrogates), f"Surrogate {number + 1} of {surrogates}")
        drawn = [surrogate(rows, [seed, number, i]) for i, rows in enumerate(responses)]
        null.append(cluster(drawn))
    return consistency(clusterings, null, names)


def _mean_match(clusterings: Sequence[Any]) -> float:
    matched = [match(a, b).r for a, b in combinations(clusterings, 2)]
    return float(np.concatenate(matched).mean())


def _centroids(clustering: Any) -> np.ndarray:
    centroids = np.asarray(
        clustering.centroids if isinstance(clustering, Clustering) else clustering
    )
    if centroids.ndim != 2 or centroids.shape[1] < 3:
        raise InputError(
            f"Centroids have the shape {centroids.shape}",
            "(k, v) with v of at least 3: two values always correlate 1 or -1",
        )
    return np.asarray(centroids, dtype=np.float64)
