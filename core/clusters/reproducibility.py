"""Silhouette, gap statistic and bootstrap stability over the number of clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from core.clusters.descent import assign, partition
from core.clusters.kmeans import exact_objective
from core.clusters.metrics import METRICS, NOTHING_LEFT, PreparedRows
from core.progress import Progress
from core.words import counted

STARTS = 3


def silhouettes(
    prepared: PreparedRows, labels: Mapping[int, np.ndarray], metric: str
) -> dict[int, float]:
    """Mean silhouette of the rows for each k; NaN where it is undefined (one cluster).

    Correlation and cosine distance, or Euclidean distance, between all pairs of rows.

    Source: Rousseeuw (1987), J. Comput. Appl. Math. 20.
    """
    from sklearn.metrics import pairwise_distances, silhouette_score

    name = "euclidean" if metric == "euclidean" else "cosine"
    apart = pairwise_distances(prepared.rows, metric=name).clip(min=0.0)
    np.fill_diagonal(apart, 0.0)
    return {
        k: float(silhouette_score(apart, own, metric="precomputed"))
        if 2 <= len(np.unique(own)) < len(own)
        else float("nan")
        for k, own in labels.items()
    }


def gap_statistic(
    prepared: PreparedRows,
    ks: Sequence[int],
    metric: str,
    seed: int,
    references: int,
    progress: Progress,
) -> pd.DataFrame:
    """Gap statistic against points spread evenly in a box along the principal components.

    The box lies in the space of the prepared rows, and its points are prepared as they
    are, so that those of correlation and cosine lie on the sphere too.

    Returns
    -------
    pd.DataFrame
        ``gap`` and ``gap_se`` (the s(k) of the rule) by k; NaN where no distance is left.

    Source: Tibshirani, Walther & Hastie (2001), J. R. Stat. Soc. B 63.
    """
    logs: list[list[float]] = []
    for number in range(references + 1):
        rng = np.random.default_rng([seed, number, 1])
        points = prepared if number == 0 else _box(prepared, metric, rng)
        logs.append([])
        for place, k in enumerate(ks):
            done = (number + place / len(ks)) / (references + 1)
            progress(
                done, f"Gap statistic, reference {number} of {references}, {counted(k, 'cluster')}"
            )
            logs[-1].append(_log_objective(points, k, metric, rng))
    observed, expected = np.array(logs[0]), np.array(logs[1:])
    spread = expected.std(axis=0) * np.sqrt(1.0 + 1.0 / references)
    gaps = {"gap": expected.mean(axis=0) - observed, "gap_se": spread}
    return pd.DataFrame(gaps, index=list(ks))


def stability(
    prepared: PreparedRows,
    ks: Sequence[int],
    metric: str,
    seed: int,
    resamples: int,
    progress: Progress,
) -> pd.DataFrame:
    """Agreement of the clusters of bootstrap resamples, which all rows are assigned to.

    Returns
    -------
    pd.DataFrame
        By k: ``stability``, the mean adjusted Rand index of pairs of resamples, and
        ``stability_low, stability_high``, the middle 95 % of the pairs.
    """
    distance = METRICS[metric]
    labels: dict[int, list[np.ndarray]] = {k: [] for k in ks}
    for number in range(resamples):
        rng = np.random.default_rng([seed, number, 2])
        drawn = prepared.part(rng.integers(0, len(prepared.rows), len(prepared.rows)))
        for place, k in enumerate(ks):
            done = (number + place / len(ks)) / resamples
            progress(
                done, f"Stability, resample {number + 1} of {resamples}, {counted(k, 'cluster')}"
            )
            part = partition(drawn, k, distance, rng, STARTS)
            labels[k].append(assign(prepared.rows, part.centroids, distance))
    rows = []
    for k in ks:
        agreement = [adjusted_rand(a, b, k) for a, b in combinations(labels[k], 2)]
        rows.append((np.mean(agreement), *np.quantile(agreement, (0.025, 0.975))))
    columns = ["stability", "stability_low", "stability_high"]
    return pd.DataFrame(np.array(rows, dtype=np.float64), index=list(ks), columns=columns)


def adjusted_rand(a: np.ndarray, b: np.ndarray, k: int) -> float:
    """Adjusted Rand index of two partitions into k clusters, numbered from 0. (m,), (m,) int

    Source: Hubert & Arabie (1985), J. Classif. 2; in pairs of rows, as scikit-learn has it.
    """
    table = np.bincount(a.astype(np.intp) * k + b, minlength=k * k).reshape(k, k)
    m, both = len(a), int(np.sum(table**2))
    within_a, within_b = (int(np.sum(table.sum(axis=axis) ** 2)) for axis in (1, 0))
    together, only_b, only_a = both - m, within_b - both, within_a - both
    apart = m * m - only_a - only_b - both
    if only_a == only_b == 0:
        return 1.0
    expected = (together + only_a) * (only_a + apart) + (together + only_b) * (only_b + apart)
    return 2.0 * (together * apart - only_a * only_b) / expected


def _box(prepared: PreparedRows, metric: str, rng: np.random.Generator) -> PreparedRows:
    rows = prepared.rows.astype(np.float64)
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    along = (rows - mean) @ axes.T
    points = rng.uniform(along.min(axis=0), along.max(axis=0), along.shape)
    return METRICS[metric].prepare(points @ axes + mean)


def _log_objective(prepared: PreparedRows, k: int, metric: str, rng: np.random.Generator) -> float:
    distance = METRICS[metric]
    if k > len(prepared.rows):
        return float("nan")
    part = partition(prepared, k, distance, rng, STARTS)
    objective = exact_objective(prepared, part, distance)
    if objective <= NOTHING_LEFT * prepared.total:
        return float("nan")
    return float(np.log(objective) + 2.0 * np.log(prepared.scale))
