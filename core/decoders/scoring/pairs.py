"""Which image beats which: two-way identification of decoders, and differences of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core import scores
from core.vectors import unit_rows


class Difference(NamedTuple):
    """A difference of two-way identification with its 95 % interval."""

    value: float
    low: float
    high: float


def pairs(queries: scores.Queries) -> np.ndarray:
    """How often each image is less similar to the predictions of an image than the right one.

    Parameters
    ----------
    queries : core.scores.Queries
        Queries of an image, of several subjects or trials, are averaged.

    Returns
    -------
    np.ndarray of shape (m, m), float64
        Row i is about predictions of image i: 1 where its own embedding is more similar to
        them than that of image j, ties half; 0 in the diagonal. NaN rows where there are none.
    """
    right = np.asarray(queries.image)
    unit = unit_rows(np.asarray(queries.predicted)) @ unit_rows(np.asarray(queries.images)).T
    unit = unit.astype(np.float32)
    own = np.take_along_axis(unit, right[:, None], axis=1)
    beaten = (own > unit) + (own == unit) / 2.0
    beaten[np.arange(len(right)), right] = 0.0
    beaten[np.isnan(own[:, 0])] = np.nan
    sums = np.zeros((unit.shape[1], unit.shape[1]))
    np.add.at(sums, right, beaten)
    counts = np.bincount(right, minlength=len(sums))
    with np.errstate(invalid="ignore"):
        return sums / counts[:, None]


def two_way(beaten: np.ndarray) -> float:
    """Mean of ``pairs`` over images and the others."""
    return float(np.nanmean(beaten.sum(axis=1))) / (len(beaten) - 1)


def difference(
    own: np.ndarray, other: np.ndarray, codes: np.ndarray, under_null: Sequence[float]
) -> Difference:
    """Two-way identification of one decoder less that of another, on the same images.

    Images resampled with the trained decoders held fixed tell only half of it: predictions of
    a fold share a decoder, and err together. Without a signal such an interval excludes 0 in
    a quarter of all recordings. How much a whole pipeline varies is seen where responses are
    permuted; the wider of the two intervals is given.

    Parameters
    ----------
    own, other : np.ndarray of shape (m, m)
        From ``pairs``, or a mean of them.
    codes : np.ndarray of shape (m,), int
        Group of each image; groups are left out whole, as queries and as candidates.
    under_null : sequence of float
        Differences of two-way identification of the same two without a signal; their
        standard deviation counts.

    Returns
    -------
    Difference
        NaN as bounds with fewer than two groups or differences under the null.

    Source: jackknife pseudo-values, Tukey (1958), Ann. Math. Stat. 29:614, of a statistic
    of pairs, Arvesen (1969), Ann. Math. Stat. 40:2076-2100.
    """
    from scipy import stats

    value, without = _leaving_out(own - other, np.unique(codes, return_inverse=True)[1])
    groups, repeats = len(without), len(under_null)
    if groups < 2 or repeats < 2:
        return Difference(value, np.nan, np.nan)
    spread = np.sqrt((groups - 1) / groups * np.sum((without - without.mean()) ** 2))
    over_images = stats.t.ppf(0.975, groups - 1) * spread
    over_null = stats.t.ppf(0.975, repeats - 1) * np.std(under_null, ddof=1)
    half = max(over_images, over_null)
    return Difference(value, value - half, value + half)


def _leaving_out(beaten: np.ndarray, codes: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean over pairs, and the same without each group (groups,)."""
    known = np.isfinite(beaten).all(axis=1)
    member = np.eye(codes.max() + 1)[codes]
    between = member[known].T @ beaten[known] @ member
    queries, images = member[known].sum(axis=0), member.sum(axis=0)
    total, rows, columns = between.sum(), between.sum(axis=1), between.sum(axis=0)
    left = total - rows - columns + np.diag(between)
    pairs_left = (queries.sum() - queries) * (images.sum() - images - 1)
    usable = pairs_left > 0
    value = float(total / (queries.sum() * (images.sum() - 1)))
    return value, left[usable] / pairs_left[usable]
