"""Descriptive statistics and reliability of responses."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError


class Moments(NamedTuple):
    """Mean and standard deviation along one axis of the usable responses."""

    mean: np.ndarray
    deviation: np.ndarray


class Reliability(NamedTuple):
    """Split-half reliability of each unit.

    ``units`` (v,) is NaN for constant units; ``stimuli`` is the number of stimuli
    with two usable repeats; ``splits`` the number of random halvings averaged.
    """

    units: np.ndarray
    stimuli: int
    splits: int


class Interval(NamedTuple):
    """A mean and the 95 % confidence interval around it."""

    mean: Any
    low: Any
    high: Any


def t_interval(values: Any, axis: int = 0, minimum: int = 2) -> Interval:
    """Mean along an axis with its 95 % confidence interval by Student's t.

    Parameters
    ----------
    values : array_like
        Independent values, such as one a subject; a NaN makes mean and bounds NaN.
    axis : int
        Along which they lie.
    minimum : int
        Fewer values than this, or fewer than two, give NaN as bounds.

    Returns
    -------
    Interval
        ``mean``, ``low`` and ``high``, each of the shape of ``values`` without the axis.

    Source: Student (1908), The probable error of a mean, Biometrika 6:1-25; the bounds are
    those of ``scipy.stats.t.interval`` with the standard error of the mean.
    """
    from scipy import stats

    values = np.asarray(values, dtype=np.float64)
    count, mean = values.shape[axis], values.mean(axis=axis)
    if count < max(2, minimum):
        unknown = np.full_like(mean, np.nan)[()]
        return Interval(mean, unknown, unknown)
    half = stats.t.ppf(0.975, count - 1) * values.std(axis=axis, ddof=1) / np.sqrt(count)
    return Interval(mean, mean - half, mean + half)


def over_stimuli(responses: np.ndarray) -> Moments:
    """Mean and standard deviation of each unit. (n, v) -> two (v,)."""
    usable = responses[np.isfinite(responses).all(axis=1)].astype(np.float64)
    if len(usable) == 0:
        raise InputError("No stimulus has a usable response", "at least one")
    return Moments(usable.mean(axis=0), usable.std(axis=0))


def over_units(responses: np.ndarray) -> Moments:
    """Mean and standard deviation of each stimulus; NaN where missing. (n, v) -> two (n,)."""
    values = responses.astype(np.float64)
    return Moments(values.mean(axis=1), values.std(axis=1))


def histogram(responses: np.ndarray, bins: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Counts (bins,) and edges (bins + 1,) of the finite values."""
    return np.histogram(responses[np.isfinite(responses)], bins=bins)


def split_half_reliability(
    trials: np.ndarray, stimulus_rows: np.ndarray, splits: int = 20, seed: int = 0
) -> Reliability:
    """Reliability of each unit: correlate two halves of the repeats over the stimuli.

    The repeats of every stimulus are halved at random, the halves averaged and
    correlated over stimuli; the mean correlation over the splits is corrected to
    the full number of repeats with the Spearman-Brown formula 2r / (1 + r); negative
    means are left as they are, for there the formula has no meaning.

    Parameters
    ----------
    trials : np.ndarray of shape (trials, v)
    stimulus_rows : int array of shape (trials,)
        Stimulus of each trial.
    splits, seed : int

    Raises
    ------
    InputError
        With fewer than three stimuli that have two usable repeats.

    Source: Spearman (1910); Brown (1910), Br. J. Psychol. 3.
    """
    usable = np.isfinite(trials).all(axis=1)
    trials, stimulus_rows = trials[usable].astype(np.float64), stimulus_rows[usable]
    repeats = np.bincount(stimulus_rows)
    repeated = np.flatnonzero(repeats >= 2)
    if len(repeated) < 3:
        raise InputError(
            f"{len(repeated)} stimuli have two usable repeats",
            "at least three for a split-half reliability",
        )
    kept = np.isin(stimulus_rows, repeated)
    trials, rows = trials[kept], np.searchsorted(repeated, stimulus_rows[kept])
    rng = np.random.default_rng(seed)
    r = np.zeros(trials.shape[1])
    for _ in range(splits):
        first, second = _random_halves(trials, rows, len(repeated), rng)
        r += _correlate_columns(first, second) / splits
    r[np.ptp(trials, axis=0) == 0] = np.nan
    return Reliability(np.where(r > 0, 2.0 * r / (1.0 + r), r), len(repeated), splits)


def _random_halves(
    trials: np.ndarray, rows: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of a random half of each stimulus' repeats, and of the other half. Two (n, v)."""
    order = np.lexsort((rng.random(len(rows)), rows))
    starts = np.searchsorted(rows[order], np.arange(n))
    counts = np.bincount(rows, minlength=n)
    place = np.arange(len(rows)) - starts[rows[order]]
    in_first = place < counts[rows[order]] // 2
    halves = []
    for half in (order[in_first], order[~in_first]):
        begins = np.searchsorted(rows[half], np.arange(n))
        sizes = np.bincount(rows[half], minlength=n)[:, None]
        halves.append(np.add.reduceat(trials[half], begins, axis=0) / sizes)
    return halves[0], halves[1]


def _correlate_columns(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    norms = np.sqrt(np.sum(a * a, axis=0) * np.sum(b * b, axis=0))
    return np.sum(a * b, axis=0) / np.where(norms > 0, norms, np.nan)
