"""Which image beats which: two-way identification of decoders, and differences of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core import scores
from core.scores.intervals import t_quantile
from core.vectors import unit_rows

# Two folds tell next to nothing of how much folds differ.
FEWEST_FOLDS = 3


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


def less_control(
    own: np.ndarray, control: np.ndarray, codes: np.ndarray, under_null: Sequence[float]
) -> Difference:
    """Two-way identification of a decoder less that of its permuted controls.

    Images resampled with the trained decoders held fixed tell only half of it: predictions of
    a fold share a decoder, and err together. Without a signal such an interval excludes 0 in
    a quarter of all recordings. How much a whole pipeline varies is seen where responses are
    permuted; the wider of the two intervals is given.

    Parameters
    ----------
    own, control : np.ndarray of shape (m, m)
        From ``pairs``; of the controls their mean.
    codes : np.ndarray of shape (m,), int
        Group of each image; groups are left out whole, as queries and as candidates.
    under_null : sequence of float
        Two-way identification of pipelines without a signal; their standard deviation counts.

    Returns
    -------
    Difference
        NaN as bounds with fewer than two groups or differences under the null.

    Source: jackknife pseudo-values, Tukey (1958), Ann. Math. Stat. 29:614, of a statistic
    of pairs, Arvesen (1969), Ann. Math. Stat. 40:2076-2100.
    """
    value, variance, groups = _over_groups(own - control, codes)
    repeats = len(under_null)
    if groups < 2 or repeats < 2:
        return Difference(value, np.nan, np.nan)
    over_images = t_quantile(0.975, groups - 1) * np.sqrt(variance)
    over_null = t_quantile(0.975, repeats - 1) * np.std(under_null, ddof=1)
    half = max(over_images, over_null)
    return Difference(value, value - half, value + half)


def less_decoder(
    own: np.ndarray, other: np.ndarray, codes: np.ndarray, folds: np.ndarray
) -> Difference:
    """Two-way identification of one decoder less that of another, on the same images and folds.

    To the variance over images, with the trained decoders held fixed, comes what the decoders
    of all folds share, since they are trained on nearly the same images. It does not average
    out over k folds, and is 1 / (k - 1) of the variance between folds. Near 1 another training
    would hardly move a score, so that it counts by 4 a (1 - a), a being the mean
    of both. That share is chosen by simulation; docs/reference.md has its figures.

    Parameters
    ----------
    own, other : np.ndarray of shape (m, m)
        From ``pairs``.
    codes : np.ndarray of shape (m,), int
        Group of each image; groups are left out whole, as queries and as candidates.
    folds : np.ndarray of shape (m,), int
        In which each image was tested.

    Returns
    -------
    Difference
        NaN as bounds with fewer than two groups or three folds.

    Source: Nadeau & Bengio (2003), Machine Learning 52:239-281, for the share of training;
    degrees of freedom by Satterthwaite (1946), Biometrics Bulletin 2:110-114.
    """
    value, of_images, groups = _over_groups(own - other, codes)
    credit = (own - other).sum(axis=1) / (len(own) - 1)
    known = np.isfinite(credit)
    means = [credit[known & (folds == fold)].mean() for fold in np.unique(folds[known])]
    if groups < 2 or len(means) < FEWEST_FOLDS:
        return Difference(value, np.nan, np.nan)
    score, rest = (two_way(own) + two_way(other)) / 2, len(means) - 1
    of_training = 4 * score * (1 - score) * np.var(means, ddof=1) / rest
    variance = of_images + of_training
    if variance <= 0:
        return Difference(value, value, value)
    df = variance**2 / (of_images**2 / (groups - 1) + of_training**2 / rest)
    half = t_quantile(0.975, df) * np.sqrt(variance)
    return Difference(value, value - half, value + half)


def _over_groups(beaten: np.ndarray, codes: np.ndarray) -> tuple[float, float, int]:
    """Mean over pairs, its jackknife variance over groups, and their number."""
    value, without = _leaving_out(beaten, np.unique(codes, return_inverse=True)[1])
    groups = len(without)
    variance = (groups - 1) / groups * np.sum((without - without.mean()) ** 2) if groups else 0.0
    return value, float(variance), groups


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
