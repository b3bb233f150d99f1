"""Consistency of clusters: centroids matched across subjects and numbers of clusters.

Correlated and skewed regions give high matches by chance, so clusters come back where two
things hold. Centroids match more closely than those of surrogates with the same distribution
of each region, the same covariance and the same signal shared by subjects (shuffling regions
would destroy what must be controlled). And clusters are set apart (``core.clusters.separation``):
surrogates cannot keep every shape that is no cluster, say that of skewed sources that regions mix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.clusters.kmeans import Clustering, fit
from core.clusters.separation import combined, emptiness, halved, measure_separation, place
from core.errors import InputError
from core.progress import Progress
from core.validation import check_responses, check_same_length, complete_rows
from core.vectors import unit_rows
from core.words import counted

SURROGATES = 99
# The same for subjects and surrogates; ten, as elsewhere, give the same centroids in the main.
STARTS = 3
# The correction of the covariance, and the columns up to which it is worth its time.
CORRECTIONS, MOST_CORRECTED = 3, 100
NOTHING_LEFT = 1e-6


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
    p_match : float
        (1 + surrogates with at least this mean) / (1 + surrogates); NaN without them.
    p_apart : float
        Of the hypothesis that clusters are not set apart, see ``measure_separation``; NaN where
        only centroids are known.
    """

    names: tuple[str, ...]
    pairs: pd.DataFrame
    matrix: np.ndarray
    mean: float
    above: float
    null: np.ndarray
    p_match: float
    p_apart: float = float("nan")

    @property
    def p(self) -> float:
        """Of the hypothesis that there are no clusters that come back: the larger p.

        NaN without surrogates.
        """
        return self.p_match if np.isnan(self.p_apart) else max(self.p_match, self.p_apart)


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


class Surrogates:
    """Draws responses without clusters that keep what makes centroids agree by chance.

    Kept are the values of each column (exactly), the covariance of each subject, the
    distribution along each principal component of the subjects' mean covariance, and the
    signal that subjects share: components are shuffled over stimuli, each by itself but
    alike in all subjects. Then the values of each column are put back in the order of
    the shuffled ones, and the covariance is corrected, in turns (up to 100 columns).

    Parameters
    ----------
    responses : sequence of array_like of shape (n, v)
        One a subject, on shared columns. Rows that are missing stay missing.
    stimuli : sequence of array_like of shape (n,), optional
        What each row is of; those of all subjects are shuffled alike. Without it rows of
        as many stimuli are those of the same stimuli.

    Source: Prichard & Theiler (1994), Phys. Rev. Lett. 73 (shared signal); Schreiber &
    Schmitz (1996), Phys. Rev. Lett. 77 (values and covariance in turns).
    """

    def __init__(
        self, responses: Sequence[Any], stimuli: Sequence[np.ndarray] | None = None
    ) -> None:
        checked = [check_responses(complete_rows(rows)) for rows in responses]
        self._usable = [np.flatnonzero(~np.isnan(rows[:, 0])) for rows in checked]
        self._shape = [rows.shape for rows in checked]
        self._values = []
        for rows, usable in zip(checked, self._usable, strict=True):
            if len(usable) < 2:
                raise InputError(
                    f"{counted(len(usable), 'row is', 'rows are')} usable",
                    "at least two for a covariance",
                )
            self._values.append(rows[usable].astype(np.float64))
        self._shared = _shared_rows(self._usable, aligned(checked, stimuli))
        self._means = [values.mean(axis=0) for values in self._values]
        centred = [values - mean for values, mean in zip(self._values, self._means, strict=True)]
        pooled = np.concatenate([part / np.sqrt(len(part)) for part in centred])
        components = np.linalg.svd(pooled, full_matrices=False)[2]
        self._sorted = [np.sort(part, axis=0) for part in centred]
        self._roots, self._scores = [], []
        for part in centred:
            root, scores = _whitened(part)
            # Along the components of all subjects, of covariance 1 in each of them.
            turned = components @ root[1].T
            self._scores.append(scores @ turned.T)
            self._roots.append((root, turned))

    def draw(self, seed: int | Sequence[int]) -> list[np.ndarray]:
        """Draw one set of surrogates, float32, in the shapes of the responses."""
        rng = np.random.default_rng(seed)
        count = self._scores[0].shape[1]
        together = len(self._shared[0])
        alike = _permutations(rng, together, count)
        drawn = []
        for subject, scores in enumerate(self._scores):
            shared = self._shared[subject]
            own = np.setdiff1d(np.arange(len(scores)), shared)
            shuffled = np.empty_like(scores)
            shuffled[shared] = np.take_along_axis(scores[shared], alike, axis=0)
            alone = _permutations(rng, len(own), count)
            shuffled[own] = np.take_along_axis(scores[own], alone, axis=0)
            (sizes, axes), turned = self._roots[subject]
            rows = (shuffled @ turned * sizes) @ axes
            rows = self._corrected(rows, subject) + self._means[subject]
            result = np.full(self._shape[subject], np.nan, dtype=np.float32)
            result[self._usable[subject]] = rows
            drawn.append(result)
        return drawn

    def _corrected(self, rows: np.ndarray, subject: int) -> np.ndarray:
        """Put the values of each column in the place of drawn ones, in turns with covariance."""
        (sizes, axes), _ = self._roots[subject]
        turns = CORRECTIONS if rows.shape[1] <= MOST_CORRECTED else 0
        for turn in range(turns + 1):
            values = np.empty_like(rows)
            order = rows.argsort(axis=0, kind="stable")
            np.put_along_axis(values, order, self._sorted[subject], axis=0)
            if turn < turns:
                (_, own), scores = _whitened(values)
                rows = (scores @ own @ axes.T * sizes) @ axes
        return values


def surrogate(responses: Any, seed: int | Sequence[int] = 0) -> np.ndarray:
    """Responses with the values of each column and the covariance of some, and no clusters.

    Rows that are missing stay missing. (n, v) -> (n, v) float32. See ``Surrogates``.
    """
    return Surrogates([responses]).draw(seed)[0]


def consistency_across_subjects(
    responses: Sequence[Any],
    k: int,
    metric: str = "correlation",
    seed: int = 0,
    surrogates: int = SURROGATES,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    stimuli: Sequence[np.ndarray] | None = None,
) -> Consistency:
    """Cluster each subject, match the centroids, and do the same with surrogates of each.

    p is on the safe side: of 24 simulations without clusters each (Gaussian, skewed,
    heavy-tailed, signal shared or not) it was .05 or less in none; of four true clusters in 96 %.
    An open curve that three clusters divide can look set apart, in 2 of 6 simulations.
    Neither p would do alone: that of matching is .05 or less in 34 % of open curves, 10 % of
    heavy-tailed and 8 % of skewed rows without clusters (50 to 100 simulations of 200 rows).

    Parameters
    ----------
    responses : sequence of array_like (n, v)
        One a subject, on shared columns (see ``pooled``), z within subject.
    k : int
    surrogates : int
        Sets of surrogates; 0 for none. The smallest p is 1 / (1 + surrogates).
    stimuli : sequence of array_like (n,), optional
        What each row is of, see ``Surrogates``.
    """
    if len(responses) < 2:
        raise InputError(
            f"{counted(len(responses), 'subject is', 'subjects are')} given",
            "at least two to compare",
        )

    def cluster(rows: Sequence[Any]) -> list[Clustering]:
        return [fit(part, k, metric, seed, STARTS) for part in rows]

    drawing = Surrogates(responses, stimuli)
    matched = _with_surrogates(responses, drawing, cluster, names, seed, surrogates, progress)
    return replace(matched, p_apart=_apart_across_subjects(responses, stimuli, k, metric, seed))


def consistency_across_k(
    responses: Any,
    ks: Sequence[int],
    metric: str = "correlation",
    seed: int = 0,
    surrogates: int = SURROGATES,
    progress: Progress | None = None,
    groups: np.ndarray | None = None,
) -> Consistency:
    """Cluster with several k, match the centroids, and do the same with surrogates.

    ``groups`` (n,) as in ``measure_separation``: what each row is of.
    """
    if len(ks) < 2:
        raise InputError(f"{len(ks)} numbers of clusters are given", "at least two to compare")

    def cluster(rows: Sequence[Any]) -> list[Clustering]:
        return [fit(rows[0], k, metric, seed, STARTS) for k in ks]

    names = [f"k = {k}" for k in ks]
    drawing = Surrogates([responses])
    matched = _with_surrogates([responses], drawing, cluster, names, seed, surrogates, progress)
    rows = check_responses(complete_rows(responses))
    usable = ~np.isnan(rows[:, 0])
    own = None if groups is None else np.asarray(groups)[usable]
    several = [k for k in ks if k > 1]
    ps = [measure_separation(rows[usable], k, metric, seed, own) for k in several]
    return replace(matched, p_apart=min(1.0, len(ps) * min(ps, default=1.0)))


def aligned(
    responses: Sequence[np.ndarray], stimuli: Sequence[np.ndarray] | None
) -> list[np.ndarray]:
    """What each row of each subject is of: as named, or by place where lengths are the same."""
    if stimuli is not None:
        for rows, own in zip(responses, stimuli, strict=True):
            check_same_length(len(own), len(rows), "The list of stimuli", "the responses")
        return [np.asarray(own) for own in stimuli]
    lengths = [len(rows) for rows in responses]
    same = len(set(lengths)) == 1
    starts = [0 if same else sum(lengths[:subject]) for subject in range(len(lengths))]
    return [start + np.arange(length) for start, length in zip(starts, lengths, strict=True)]


def _apart_across_subjects(
    responses: Sequence[Any],
    stimuli: Sequence[np.ndarray] | None,
    k: int,
    metric: str,
    seed: int,
) -> float:
    """Whether clusters that a subject places set apart the rows of others, of other stimuli."""
    if k < 2:
        return 1.0
    rows = [check_responses(complete_rows(part)) for part in responses]
    names = aligned(rows, stimuli)
    first, _ = halved(np.concatenate(names), [seed, 4])
    ends = np.cumsum([len(part) for part in names])[:-1]
    halves = []
    for part, is_first in zip(rows, np.split(first, ends), strict=True):
        usable = ~np.isnan(part[:, 0])
        halves.append((part[usable & is_first], part[usable & ~is_first]))
    ps = []
    for subject, own in enumerate(halves):
        for half in (0, 1):
            placed = place(own[half], k, metric, [seed, subject, half])
            others = [two[1 - half] for other, two in enumerate(halves) if other != subject]
            ps += [1.0 if placed is None else emptiness(placed, counted).p for counted in others]
    return combined(ps)


def _with_surrogates(
    responses: Sequence[Any],
    drawing: Surrogates,
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
        null.append(cluster(drawing.draw([seed, number])))
    return consistency(clusterings, null, names)


def _shared_rows(usable: Sequence[np.ndarray], stimuli: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Places, among the usable rows of each subject, of the stimuli that all have, in one order."""
    own = [names[rows] for names, rows in zip(stimuli, usable, strict=True)]
    common = own[0]
    for names in own[1:]:
        common = np.intersect1d(common, names)
    if any(len(np.unique(names)) < len(names) for names in own):
        common = common[:0]  # a stimulus that has several rows has no counterpart row
    order = [np.argsort(names, kind="stable") for names in own]
    return [
        sorting[np.searchsorted(names, common, sorter=sorting)]
        for names, sorting in zip(own, order, strict=True)
    ]


def _whitened(centred: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Standard deviations (r,) and axes (r, v) of the covariance, and scores (n, r) of size 1."""
    n, v = centred.shape
    if v > n:
        scores, sizes, axes = np.linalg.svd(centred, full_matrices=False)
        kept = sizes > NOTHING_LEFT * max(sizes.max(), np.finfo(float).tiny)
        return (sizes[kept] / np.sqrt(n), axes[kept]), scores[:, kept] * np.sqrt(n)
    variances, vectors = np.linalg.eigh(centred.T @ centred / n)
    kept = variances > NOTHING_LEFT**2 * max(variances.max(), np.finfo(float).tiny)
    sizes, axes = np.sqrt(variances[kept]), vectors.T[kept]
    return (sizes, axes), (centred @ axes.T) / sizes


def _permutations(rng: np.random.Generator, rows: int, count: int) -> np.ndarray:
    """A permutation of the rows for each component. (rows, count) int"""
    return rng.permuted(np.tile(np.arange(rows)[:, None], count), axis=0)


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
