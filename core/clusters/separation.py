"""Whether clusters are set apart: fewer rows between centroids than at them.

A cut through what varies gradually gives centroids too, which are stable and come back. But
there the rows lie no sparser midway between two centroids than at the sparser of the two; between
clusters they do. Centroids are placed by some rows and others are counted, so that a descent that
adapts to chance gains nothing.

The rows that have the same two centroids nearest form a convex set (a cell of the Voronoi
diagram of order 2; a convex cone where distances are angles). Where the density of all rows is
log-concave (a Gaussian, an even slope, an exponential, and any linear mixture of them) or that of
a multivariate t, its density along the line between the two centroids has one peak (Prékopa;
Borell), so that the test holds for skewed and for heavy-tailed rows without any surrogate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from core.clusters.descent import Partition, partition
from core.clusters.metrics import METRICS, CentroidDistance, PreparedRows

SPLITS = 3
STARTS = 3
# A curved gradient cut in two bends around the gap between its ends: each of few clusters is
# looked at in parts, of which some touch.
FEWEST_CENTROIDS = 4
# Clusters that touch anywhere are joined: there lie more rows midway than half of those at them.
JOINED = 0.5


# A bend of what varies gradually is a little denser at its ends, seen along its chord.
SPARSER = 0.9


class Emptiness(NamedTuple):
    """Rows midway between neighbouring centroids, and rows at the sparser of the two.

    Both are counted on a third of the way, the same width, and summed over pairs of clusters.
    """

    between: int
    at: int

    @property
    def p(self) -> float:
        """Probability of so few between, were they ``SPARSER`` as frequent as at the end."""
        from scipy.stats import binom

        return float(binom.cdf(self.between, self.between + self.at, SPARSER / (1 + SPARSER)))


class PlacedClusters(NamedTuple):
    """Clusters as some rows place them.

    ``centroids`` (k, v) and those of f parts of each cluster, ``parts`` (k, f, v), float64;
    one part is the cluster itself. ``sparser`` (k, k): whether fewer of the placing rows lie at
    the second cluster of a pair than at the first.
    """

    centroids: np.ndarray
    parts: np.ndarray
    distance: CentroidDistance
    sparser: np.ndarray


def place(rows: np.ndarray, k: int, metric: str, seed: Sequence[int]) -> PlacedClusters | None:
    """Place the centroids of k clusters by some rows, several for each where k is small.

    None where there are fewer rows than clusters.
    """
    distance = METRICS[metric]
    if len(rows) < max(k, 1):
        return None
    prepared = distance.prepare(rows)
    if len(prepared.rows) < k:
        return None
    rng = np.random.default_rng(seed)
    part = partition(prepared, k, distance, rng, STARTS)
    each = -(-FEWEST_CENTROIDS // k)
    parts = part.centroids[:, None]
    if each > 1:
        parts = np.stack([_parts(prepared, part, cluster, each, distance) for cluster in range(k)])
    offset, scale = prepared.offset, prepared.scale
    centroids, parts = part.centroids * scale + offset, parts * scale + offset
    placed = PlacedClusters(centroids, parts, distance, np.zeros((k, k), dtype=bool))
    for first, second, _, at in _pairs(placed, rows):
        placed.sparser[first, second] = at[1] < at[0]
    return placed


def _parts(
    prepared: PreparedRows, part: Partition, cluster: int, each: int, distance: CentroidDistance
) -> np.ndarray:
    """Centroids (each, v) of so many parts of a cluster."""
    members = np.flatnonzero(part.labels == cluster)
    if len(members) < each:
        return np.repeat(part.centroids[cluster : cluster + 1], each, axis=0)
    rng = np.random.default_rng(cluster)
    return partition(prepared.part(members), each, distance, rng, STARTS).centroids


def emptiness(placed: PlacedClusters, rows: np.ndarray) -> Emptiness:
    """Count rows between centroids that other rows have placed, and rows at them."""
    pairs = list(_emptiness_of_pairs(placed, rows))
    return Emptiness(sum(pair.between for pair in pairs), sum(pair.at for pair in pairs))


def _emptiness_of_pairs(placed: PlacedClusters, rows: np.ndarray) -> Iterator[Emptiness]:
    """Those of each pair of clusters."""
    of_parts, nearer, cells = _nearest(placed.parts, placed.distance, rows)
    k = len(placed.centroids)
    pairs = of_parts @ (k, 1)
    for first, second, midway, at in _pairs(placed, rows):
        sparser = at[int(placed.sparser[first, second])]
        if placed.parts.shape[1] > 1:
            axis = placed.centroids[second] - placed.centroids[first]
            pair = np.flatnonzero(pairs == first * k + second)
            if _joined(rows[pair] @ axis, nearer[pair], cells[pair]):
                midway = max(midway, sparser)
        yield Emptiness(midway, sparser)


def _pairs(
    placed: PlacedClusters, rows: np.ndarray
) -> Iterator[tuple[int, int, int, tuple[int, int]]]:
    """Each pair of clusters, rows midway between its centroids, and rows at either."""
    two, nearer, _ = _nearest(placed.centroids[:, None], placed.distance, rows)
    k = len(placed.centroids)
    pairs = two @ (k, 1)
    for first, second in combinations(range(k), 2):
        axis = placed.centroids[second] - placed.centroids[first]
        pair = np.flatnonzero(pairs == first * k + second)
        yield first, second, *_counted(rows[pair] @ axis, nearer[pair])


def _joined(along: np.ndarray, nearer: np.ndarray, cells: np.ndarray) -> bool:
    """Whether two clusters touch anywhere: between two of their parts lie many rows midway."""
    counted = [_counted(along[cells == cell], nearer[cells == cell]) for cell in np.unique(cells)]
    midway = max((between for between, _ in counted), default=0)
    sparser = [min(at) for _, at in counted if min(at) > 0]
    return bool(sparser) and midway > JOINED * float(np.mean(sparser))


def _counted(along: np.ndarray, nearer: np.ndarray) -> tuple[int, tuple[int, int]]:
    """Rows midway between the means of the two sides of a cell, and rows at either mean.

    The mean of its own side is taken without a row: a few rows always lie near their mean.
    """
    sides = along[~nearer], along[nearer]
    if min(map(len, sides)) < 2:
        return 0, (0, 0)
    midway, at = 0, []
    for own, other in (sides, sides[::-1]):
        mean = (own.sum() - own) / (len(own) - 1)
        apart = other.mean() - mean
        way = np.divide(own - mean, apart, out=np.full(len(own), np.nan), where=apart != 0)
        at.append(int(np.sum(np.abs(way) < 1 / 6)))
        midway += int(np.sum(np.abs(way - 0.5) < 1 / 6))
    return midway, (at[0], at[1])


def _nearest(
    parts: np.ndarray, distance: CentroidDistance, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two nearest clusters of each row (m, 2), whether the second is the nearer (m,), and
    a number (m,) for the pair of their parts."""
    k, each, v = parts.shape
    flat = parts.reshape(k * each, v)
    nearness = (rows @ flat.T - distance.bias(flat)).reshape(len(rows), k, each)
    best, of_cluster = nearness.argmax(axis=2), nearness.max(axis=2)
    two = np.sort(np.argpartition(-of_cluster, 1, axis=1)[:, :2], axis=1)
    part = np.take_along_axis(best, two, axis=1)
    values = np.take_along_axis(of_cluster, two, axis=1)
    return two, values[:, 1] > values[:, 0], part[:, 0] * each + part[:, 1]


def measure_separation(
    rows: np.ndarray,
    k: int,
    metric: str,
    seed: int,
    groups: np.ndarray | None = None,
) -> float:
    """Test whether k clusters of some rows are set apart.

    Parameters
    ----------
    rows : np.ndarray of shape (m, v)
        Usable rows, as they are: neither centred nor of length 1.
    k : int
        At least 2.
    groups : np.ndarray of shape (m,), optional
        Rows of one group (one stimulus) stay together, in the half of the rows that places
        centroids or in the half that is counted.

    Returns
    -------
    float
        p of the hypothesis that between neighbouring centroids lie about as many rows as at the
        sparser of the two; 1 where half of the rows do not suffice for k clusters.
    """
    groups = np.arange(len(rows)) if groups is None else groups
    ps = []
    for split in range(SPLITS):
        halves = [rows[mask] for mask in halved(groups, [seed, split, 3])]
        pairs: list[Emptiness] = []
        for placing, counted in (halves, halves[::-1]):
            placed = place(placing, k, metric, [seed, k, split])
            if placed is not None:
                pairs += _emptiness_of_pairs(placed, counted)
        ps.append(_p_of_pairs(pairs))
    # Splits of the same rows do not add evidence. Where clusters are not apart the median is near
    # 1, far from where the factor of ``combined`` would matter.
    return float(np.median(ps))


def _p_of_pairs(pairs: Sequence[Emptiness]) -> float:
    """The smaller, twice, of the p of all counts together and of the p of the pairs together.

    A pair of clusters that touch outweighs others in the first, and counts as one in the second.

    Source: Fisher (1932), Statistical methods for research workers, 4th ed., section 21.1.
    """
    from scipy.stats import combine_pvalues

    counted = [pair for pair in pairs if pair.between + pair.at > 0]
    if not counted:
        return 1.0
    total = Emptiness(sum(pair.between for pair in counted), sum(pair.at for pair in counted))
    of_pairs = combine_pvalues([pair.p for pair in counted], method="fisher").pvalue
    return float(min(1.0, 2.0 * min(total.p, of_pairs)))


def halved(groups: np.ndarray, seed: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Halve the groups at random; masks of the rows in either half. (m,) -> two (m,) bool."""
    names = np.unique(groups)
    drawn = np.random.default_rng(seed).permutation(len(names))[: len(names) // 2]
    first = np.isin(groups, names[drawn])
    return first, ~first


def combined(ps: Iterable[float]) -> float:
    """Twice the median of p-values that may depend on each other in any way.

    Source: Rüger (1978), Metrika 25; Meinshausen, Meier & Bühlmann (2009), JASA 104.
    """
    return float(min(1.0, 2.0 * np.median(list(ps))))
