"""Two decoders on the same images: the difference of their scores, unit by unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core.scores.intervals import UnitScores, t_quantile
from core.statistics import holm_levels

COLUMNS = ("difference", "difference_low", "difference_high", "difference_p")
CERTAIN = 0.05


def compare(
    own: Mapping[str, UnitScores], others: Mapping[str, Sequence[Mapping[str, UnitScores]]]
) -> pd.DataFrame:
    """Differences of a decoder's scores to those of others on the same images.

    Parameters
    ----------
    own : mapping of str to UnitScores
        By measure, of ``core.scores.score``.
    others : mapping of str to sequence of such mappings
        By name; of several, such as one a subject, the mean counts.

    Returns
    -------
    pd.DataFrame
        A row for each measure and name: ``measure``, ``name``, ``difference`` (own less the
        other's), ``difference_low`` and ``difference_high``, ``difference_p``. p and
        interval are corrected over the names by Holm's method: the interval leaves out 0
        where p is at most .05.

    Source: paired t of the units (categories or images, and subjects), with the variance of
    :meth:`core.scores.intervals.UnitScores.precision`; Holm (1979), Scandinavian Journal of
    Statistics 6:65-70.
    """
    rows = []
    for measure, of_own in own.items():
        pairs = {
            name: _less(of_own, _mean([each[measure] for each in several]))
            for name, several in others.items()
            if all(measure in each for each in several)
        }
        p = np.array([_p(pair) for pair in pairs.values()])
        corrected, levels = holm_levels(p, CERTAIN)
        for (name, pair), own_p, level in zip(pairs.items(), corrected, levels, strict=True):
            numbers = (pair.value, *_interval(pair, level), own_p)
            rows.append(
                {"measure": measure, "name": name, **dict(zip(COLUMNS, numbers, strict=True))}
            )
    table = pd.DataFrame(rows, columns=["measure", "name", *COLUMNS])
    return table.astype(dict.fromkeys(COLUMNS, float))


def outcome(difference: float, p: float) -> str:
    """'better', 'worse' or 'no difference seen'."""
    if not p <= CERTAIN or difference == 0:
        return "no difference seen"
    return "better" if difference > 0 else "worse"


def _mean(several: Sequence[UnitScores]) -> UnitScores:
    """The mean of scores whose subjects differ: each one's subjects stand side by side."""
    if len(several) == 1:
        return several[0]
    names = np.unique(np.concatenate([scores.names for scores in several]))
    aligned = [_aligned(scores, names) for scores in several]
    count = len(several)
    return UnitScores(
        names,
        np.concatenate([scores.sums for scores in aligned], axis=1) / count,
        np.concatenate([scores.weights for scores in aligned], axis=1) / count,
        np.sum([scores.gains for scores in aligned], axis=0) / count,
        float(sum(scores.overlap for scores in several)) / count**2,
    )


def _less(own: UnitScores, other: UnitScores) -> UnitScores:
    """The difference as scores whose deviations are the differences of both."""
    names = np.unique(np.concatenate([own.names, other.names]))
    own, other = _aligned(own, names), _aligned(other, names)
    if own.sums.shape[1] != other.sums.shape[1]:
        own, other = _without_subjects(own), _without_subjects(other)
    # Around each its own score, for their images may be weighted otherwise.
    sums = (own.sums - own.value * own.weights) - (other.sums - other.value * other.weights)
    difference = own.value - other.value
    weights = (own.weights + other.weights) / 2
    return UnitScores(
        names,
        sums + difference * weights,
        weights,
        own.gains - other.gains,
        own.overlap + other.overlap,
    )


def _aligned(scores: UnitScores, names: np.ndarray) -> UnitScores:
    """Scores with units for all of some names, empty where they have none."""
    place = np.searchsorted(names, scores.names)
    sums, weights = np.zeros((2, len(names), scores.sums.shape[1]))
    gains = np.zeros(len(names))
    sums[place], weights[place], gains[place] = scores.sums, scores.weights, scores.gains
    return replace(scores, names=names, sums=sums, weights=weights, gains=gains)


def _without_subjects(scores: UnitScores) -> UnitScores:
    sums, weights = (part.sum(axis=1, keepdims=True) for part in (scores.sums, scores.weights))
    return replace(scores, sums=sums, weights=weights)


def _p(pair: UnitScores) -> float:
    """Two-sided p of a difference by Student's t; NaN with fewer than two units."""
    from scipy.special import stdtr

    precision = pair.precision()
    if precision.units < 2:
        return np.nan
    if precision.variance <= 0:
        return 1.0
    return float(2 * stdtr(precision.df, -abs(pair.value) / np.sqrt(precision.variance)))


def _interval(pair: UnitScores, level: float) -> tuple[float, float]:
    precision = pair.precision()
    if precision.units < 2:
        return np.nan, np.nan
    half = t_quantile(1 - level / 2, precision.df) * float(np.sqrt(precision.variance))
    return pair.value - half, pair.value + half
