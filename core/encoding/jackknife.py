"""95 % intervals of medians over units, by leaving out groups of test images."""

from __future__ import annotations

import numpy as np

from core.scores.resampling import units_of
from core.statistics import Interval

FEWEST = 4
# A median over units moves in jumps: left out one by one, images make intervals too wide.
MOST_GROUPS = 20


def groups(category: np.ndarray) -> np.ndarray:
    """Deal test images to at most 20 groups; a category stays whole where three are known.

    Parameters
    ----------
    category : np.ndarray of shape (m,), str
        '' where unknown.

    Returns
    -------
    np.ndarray of shape (m,), intp
        The same whenever the categories are.
    """
    names, unit = units_of(category, list(map(str, range(len(category)))))
    dealt = np.random.default_rng(len(names)).permutation(len(names)) % MOST_GROUPS
    return np.asarray(dealt[unit], dtype=np.intp)


def interval(
    value: float,
    without: np.ndarray,
    weight: np.ndarray,
    bounded: bool = False,
) -> Interval:
    """A score with its 95 % interval.

    Parameters
    ----------
    value : float
        Over all test images. For a difference of two scores of the same images, the difference.
    without : np.ndarray of shape (u,)
        Without each group of test images.
    weight : np.ndarray of shape (u,)
        Images of each group.
    bounded : bool
        Whether it lies between -1 and 1, as a correlation does: the interval is then found on
        Fisher's scale.

    Returns
    -------
    Interval
        Bounds are NaN with fewer than four groups.

    Source: Busing, Meijer & van der Leeden (1999), Statistics and Computing 9:3-8 (groups of
    unequal size).
    """
    from scipy import stats

    if len(without) < FEWEST or not np.isfinite(value) or not np.isfinite(without).all():
        return Interval(value, np.nan, np.nan)
    inside = 1.0 - 1e-9
    scale = (lambda x: np.arctanh(np.clip(x, -inside, inside))) if bounded else np.asarray
    whole, each = scale(value), scale(without)
    times = weight.sum() / weight
    pseudo = times * whole - (times - 1) * each
    centre = whole * len(each) - ((1 - 1 / times) * each).sum()
    variance = np.mean((pseudo - centre) ** 2 / (times - 1))
    half = stats.t.ppf(0.975, len(each) - 1) * np.sqrt(variance)
    low, high = whole - half, whole + half
    return Interval(value, *(np.tanh((low, high)) if bounded else (low, high)))
