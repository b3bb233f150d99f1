"""Descriptive statistics, reliability and noise ceilings of responses."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.validation import row_blocks
from core.words import counted

FEWEST_STIMULI = 4


class Moments(NamedTuple):
    """Mean and standard deviation along one axis of the usable responses."""

    mean: np.ndarray
    deviation: np.ndarray


class Reliability(NamedTuple):
    """Split-half reliability of each unit.

    ``units`` (v,) is NaN for constant units; ``stimuli`` is the number of stimuli
    with two usable repeats.
    """

    units: np.ndarray
    stimuli: int


class NoiseCeilings(NamedTuple):
    """What repeats tell of each unit; NaN for constant units.

    ``ncsnr`` (v,) is the standard deviation of the signal over that of the noise of one
    trial; ``ceiling`` (v,) the share, 0 to 1, of the variance of the averaged responses that
    is signal; ``stimuli`` the number of stimuli with two usable repeats.
    """

    ncsnr: np.ndarray
    ceiling: np.ndarray
    stimuli: int


class Interval(NamedTuple):
    """A mean and the 95 % confidence interval around it."""

    mean: Any
    low: Any
    high: Any


def holm_levels(p: np.ndarray, certain: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Correct p-values for their number, and say at which level each is then tested.

    Parameters
    ----------
    p : np.ndarray of shape (k,)
        NaN does not count.
    certain : float
        Of all together.

    Returns
    -------
    corrected : np.ndarray of shape (k,)
        NaN stays.
    level : np.ndarray of shape (k,)
        An interval of 1 - level leaves 0 out exactly where the corrected p is at most ``certain``.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian
    Journal of Statistics 6:65-70.
    """
    corrected, level = np.full((2, len(p)), np.nan)
    level[:] = certain
    order = np.argsort(p)[: int(np.isfinite(p).sum())]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    # The first that is not certain ends the procedure: the rest are tested no less strictly.
    failed = corrected[order] > certain
    first = int(np.argmax(failed)) if failed.any() else len(order)
    level[order] = certain / np.where(np.arange(len(order)) < first, factors, len(order) - first)
    return corrected, level


def t_interval(values: Any, axis: int = 0, minimum: int = 2, level: float = 0.05) -> Interval:
    """Mean along an axis with its 95 % confidence interval by Student's t.

    Parameters
    ----------
    values : array_like
        Independent values, such as one a subject; a NaN makes mean and bounds NaN.
    axis : int
        Along which they lie.
    minimum : int
        Fewer values than this, or fewer than two, give NaN as bounds.
    level : float
        That the mean lies outside; 0.05 for 95 %.

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
    half = stats.t.ppf(1 - level / 2, count - 1) * values.std(axis=axis, ddof=1) / np.sqrt(count)
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
    trials: np.ndarray, stimulus_rows: np.ndarray, folds: np.ndarray | None = None
) -> Reliability:
    """Reliability of each unit's mean over all repeats, of the stimuli that were repeated.

    This is the correlation over stimuli of two halves of the repeats, corrected to all
    repeats, but over every way to halve them at once: the covariance of halves is, on
    average, the variance of the stimuli's means less the part of it that is noise. So it
    does not matter whether repeats are odd or differ between stimuli.

    Parameters
    ----------
    trials : np.ndarray of shape (trials, v)
        A trial without a value in one unit counts in the others.
    stimulus_rows : int array of shape (trials,)
        Stimulus of each trial.
    folds : array of shape (trials,), optional
        Such as the run of each trial. Trials of one stimulus within a fold share noise: they
        are averaged, and count as one repeat.

    Returns
    -------
    Reliability
        Unbiased for Gaussian responses with equal repeats: 0 on average without signal,
        so that single units may be negative, down to -1.

    Raises
    ------
    InputError
        With fewer than four stimuli that have two usable repeats.

    Source: Spearman (1910); Brown (1910), Br. J. Psychol. 3; by analysis of variance McGraw
    & Wong (1996), Psychol. Methods 1:30-46, ICC(1,k), with the mean of the inverse of F.
    """
    repeated = np.flatnonzero(_count_repeats(trials, stimulus_rows, folds) >= 2)
    kept = np.isin(stimulus_rows, repeated)
    parts = _components(trials[kept], stimulus_rows[kept], None if folds is None else folds[kept])
    n = parts.stimuli
    # The mean of 1 / F of m and any degrees of freedom is m / (m - 2), with m = n - 1.
    with np.errstate(all="ignore"):
        units = 1.0 - parts.noise * parts.inverse_repeats / parts.total * (n - 3) / (n - 1)
    return Reliability(np.maximum(units, -1.0), len(repeated))


def noise_ceilings(
    trials: np.ndarray, stimulus_rows: np.ndarray, folds: np.ndarray | None = None
) -> NoiseCeilings:
    """Signal-to-noise ratio and noise ceiling of each unit from its repeats.

    The variance of the noise is the mean over stimuli of the variance over their repeats;
    the variance of the signal is that of the stimuli's means less the noise that is left
    in them, and at least 0. ceiling = ncsnr^2 / (ncsnr^2 + mean of 1 / repeats), over all
    stimuli, those that were shown once included.

    Parameters
    ----------
    trials, stimulus_rows, folds
        As in ``split_half_reliability``.

    Raises
    ------
    InputError
        With fewer than four stimuli that have two usable repeats.

    Source: Allen et al. (2022), Nature Neuroscience 25:116-126, Methods. There the signal is
    the total variance of single trials less the noise, which is a little too small with
    few stimuli.
    """
    repeats = _count_repeats(trials, stimulus_rows, folds)
    parts = _components(trials, stimulus_rows, folds)
    left = parts.inverse_repeats
    with np.errstate(all="ignore"):
        ratio = np.maximum(parts.total / parts.noise - left, 0.0)
        ceiling = np.where(np.isinf(ratio), 1.0, ratio / (ratio + left))
    return NoiseCeilings(np.sqrt(ratio), ceiling, int((repeats >= 2).sum()))


class _Components(NamedTuple):
    """Of each unit: variance of the noise of a repeat, and of the means of stimuli."""

    noise: np.ndarray
    total: np.ndarray
    inverse_repeats: np.ndarray
    stimuli: np.ndarray


def _count_repeats(trials: np.ndarray, rows: np.ndarray, folds: np.ndarray | None) -> np.ndarray:
    """Repeats of each stimulus with a value in any unit; InputError where too few have two."""
    usable = np.concatenate(
        [np.isfinite(trials[block]).any(axis=1) for block in row_blocks(*trials.shape)]
    )
    place = np.arange(len(rows)) if folds is None else folds
    distinct = {*zip(rows[usable].tolist(), np.asarray(place)[usable].tolist(), strict=True)}
    repeats = np.bincount(np.array([row for row, _ in distinct], dtype=np.intp))
    repeated = int((repeats >= 2).sum())
    if repeated < FEWEST_STIMULI:
        raise InputError(
            f"{counted(repeated, 'stimulus has', 'stimuli have')} two usable repeats"
            + ("" if folds is None else " in different runs"),
            f"at least {FEWEST_STIMULI}, to tell signal from noise",
        )
    return repeats


def _components(trials: np.ndarray, rows: np.ndarray, folds: np.ndarray | None) -> _Components:
    """Variance components of each unit, a block of units at a time."""
    fold = np.arange(len(rows)) if folds is None else np.unique(folds, return_inverse=True)[1]
    order = np.lexsort((fold, rows))
    pairs = np.stack([rows[order], fold[order]])
    starts = np.flatnonzero(np.r_[True, (np.diff(pairs) != 0).any(axis=0)])
    stimulus = pairs[0, starts]
    firsts = np.flatnonzero(np.r_[True, np.diff(stimulus) != 0])
    is_alike = len(starts) == len(rows) and len(set(np.diff(firsts, append=len(rows)))) == 1
    of_units = _components_alike if is_alike else _components_of
    blocks = [
        of_units(trials[:, block][order].astype(np.float64), starts, firsts)
        for block in row_blocks(trials.shape[1], len(rows))
    ]
    return _Components(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _components_alike(values: np.ndarray, starts: np.ndarray, firsts: np.ndarray) -> _Components:
    """Those of ``_components_of`` where all stimuli have as many trials: nothing to look for."""
    n, repeats = len(firsts), len(values) // len(firsts)
    if repeats < 2 or n < FEWEST_STIMULI or not np.isfinite(values.sum()):
        return _components_of(values, starts, firsts)
    constant = values.max(axis=0) == values.min(axis=0)
    means = np.add.reduceat(values, firsts, axis=0) / repeats
    squares = values.reshape(n, repeats, -1) - means[:, None]
    squares *= squares
    spread = np.add.reduceat(squares.reshape(values.shape), firsts, axis=0) / (repeats - 1)
    noise = spread.sum(axis=0) / n
    total = np.sum((means - means.sum(axis=0) / n) ** 2, axis=0) / (n - 1)
    left = np.full(n, 1 / repeats).cumsum()[-1] / n
    noise[constant] = total[constant] = np.nan
    return _Components(noise, total, np.full(len(noise), left), np.full(len(noise), n))


def _components_of(values: np.ndarray, starts: np.ndarray, firsts: np.ndarray) -> _Components:
    """Variance components of units (trials, v), of trials in the order of folds and stimuli."""
    has_value = np.isfinite(values)
    highest = np.where(has_value, values, -np.inf).max(axis=0)
    constant = highest <= np.where(has_value, values, np.inf).min(axis=0)
    values = np.where(has_value, values, 0.0)
    within = np.add.reduceat(has_value, starts, axis=0, dtype=np.intp)
    repeats = np.add.reduceat(values, starts, axis=0) / np.maximum(within, 1)
    count = np.add.reduceat(within > 0, firsts, axis=0, dtype=np.intp)
    means = np.add.reduceat(repeats, firsts, axis=0) / np.maximum(count, 1)
    sizes = np.diff(np.r_[firsts, len(repeats)])
    squares = np.where(within > 0, (repeats - np.repeat(means, sizes, axis=0)) ** 2, 0.0)
    spread = np.add.reduceat(squares, firsts, axis=0) / np.maximum(count - 1, 1)
    known, repeated = count > 0, count > 1
    n = known.sum(axis=0)
    with np.errstate(all="ignore"):
        noise = spread.sum(axis=0) / repeated.sum(axis=0)
        centred = np.where(known, means - (means * known).sum(axis=0) / n, 0.0)
        total = np.sum(centred**2, axis=0) / (n - 1)
        left = np.sum(known / np.maximum(count, 1), axis=0) / n
    unknown = constant | (repeated.sum(axis=0) < FEWEST_STIMULI)
    noise[unknown] = total[unknown] = np.nan
    return _Components(noise, total, left, n)
