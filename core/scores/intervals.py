"""95 % intervals of scores whose test images are queries and candidates at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

# Variances below this come from rounding.
NOTHING = 1e-15
# A count that is whole but for rounding.
ROUNDING = 1e-9
# Of the jackknife's variance: what belongs to a pair of images counts twice in it, and three
# times what needs a third (a candidate that wins only when another is left out).
LEAST = 1 / 3
# Of its distance to 0 or 1 a score keeps this when a unit is left out: a logit stays finite.
KEPT = 0.25
# Of a unit that scores at chance: rare ones, which decide a score near 1, may be lacking.
UNSEEN = 0.1


class Precision(NamedTuple):
    """Squared standard error of a score on some scale, its bias there, and degrees of freedom."""

    variance: float
    bias: float
    df: float
    units: int


@dataclass(frozen=True)
class UnitScores:
    """A score as the sum of what its units contribute; units are categories or images.

    Attributes
    ----------
    names : np.ndarray of shape (u,), str
        Of the units, the same for every decoder that was tested on them.
    sums, weights : np.ndarray of shape (u, s)
        Of each unit and subject: what it adds to the score, and its share of the images; the
        weights add to 1.
    gains : np.ndarray of shape (u,)
        What the queries of all other units gain on the score when the images of a unit are
        taken out of the candidates, less what as many other candidates give.
    overlap : float
        What the squares of ``gains`` hold of the noise that ``sums`` hold too: of single queries
        with single candidates.
    chance : float
        Of the score.
    binary : float
        How far the queries score 0 or 1: their variance by what it then would be.
    """

    names: np.ndarray
    sums: np.ndarray
    weights: np.ndarray
    gains: np.ndarray
    overlap: float = 0.0
    chance: float = 0.5
    binary: float = 1.0

    @property
    def value(self) -> float:
        return float(self.sums.sum())

    def precision(
        self, scale: Callable[[np.ndarray], np.ndarray] = np.asarray, careful: bool = False
    ) -> Precision:
        """How well the score is known over the units and, where there are several, subjects.

        Parameters
        ----------
        scale : callable
            What the score is transformed by, element by element.
        careful : bool
            For a score: take the jackknife's excess out only as far as queries score 0 or 1,
            where it may be half of it (of two-way identification, whose queries are compared
            with every candidate, it is small), and subjects to differ as they seem to. Of
            the difference of two decoders, which may be equal in every subject, only what
            their noise leaves.

        Source: the delete-one jackknife of a U-statistic (Arvesen 1969, Annals of Mathematical
        Statistics 40:2076-2100) in its linear form, with units of unequal size left out as
        wholes. Its excess, the interaction of query and candidate counted for both (Efron &
        Stein 1981, Annals of Statistics 9:586-596), is taken out. Subjects: two-way clusters,
        Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29:238-249;
        their degrees of freedom by Satterthwaite (1946), Biometrics Bulletin 2:110-114.
        """
        cells = self.sums - self.value * self.weights
        parts = cells.sum(axis=1) - self.gains
        units, subjects = cells.shape
        square = float(np.sum(parts**2))
        if units < 2:
            return Precision(np.nan, np.nan, np.nan, units)
        if square <= NOTHING:
            return Precision(0.0, 0.0, units - 1.0, units)
        excess = self.overlap * (self.binary if careful else 1.0)
        # What candidates do to two decoders cancels: the queries alone say how they differ.
        least = LEAST if careful else float(np.sum(cells.sum(axis=1) ** 2)) / square
        kept = max(least, 1 - excess / square)
        bias, variance = _jackknife(self.value, parts, self.weights.sum(axis=1), scale)
        bias, variance, df = kept * bias, kept * variance, units - 1.0
        if subjects > 1:
            people = cells.sum(axis=0)
            more, among = _jackknife(self.value, people, self.weights.sum(axis=0), scale)
            both = variance * float(np.sum(cells**2)) / square
            beyond = max(0.0, among - both)
            total = max(variance + beyond, among if careful else 0.0)
            part = among if careful else beyond
            df = total**2 / (variance**2 / df + part**2 / (subjects - 1))
            variance, bias = total, bias + more
        return Precision(variance, bias, df, units)


def interval(scores: UnitScores, level: float = 0.95) -> tuple[float, float]:
    """Interval of a score between 0 and 1; NaN with fewer than two units.

    Student's t of the logit, with the jackknife's variance and its correction of the bias. The
    bound towards chance reckons with a tenth of a unit that scores at chance besides: the few
    that decide a score near 1 may be lacking by chance. At a value of 0 or 1, where nothing
    varies, Wilson's score interval with as many trials as units.

    Source: Arvesen (1969), see :meth:`UnitScores.precision`, who transforms bounded scores;
    Wilson (1927), Journal of the American Statistical Association 22:209-212.
    """
    value = min(1.0, max(0.0, scores.value))
    units = len(scores.sums)
    if units < 2:
        return np.nan, np.nan
    margin = KEPT * min(value, 1 - value)
    if margin <= NOTHING:
        return _wilson(value, units, t_quantile((1 + level) / 2, units - 1))
    known = scores.precision(lambda score: _logit(np.clip(score, margin, 1 - margin)), careful=True)
    if known.variance <= NOTHING:
        return _wilson(value, units, t_quantile((1 + level) / 2, units - 1))
    middle = _logit(value) - known.bias
    half = t_quantile((1 + level) / 2, known.df) * np.sqrt(known.variance)
    with_unseen = (units * value + UNSEEN * scores.chance) / (units + UNSEEN)
    shift = _logit(with_unseen) - _logit(value)
    return (
        float(_expit(middle - half + min(0.0, shift))),
        float(_expit(middle + half + max(0.0, shift))),
    )


def median_interval(
    values: np.ndarray, within: UnitScores, level: float = 0.95
) -> tuple[float, float]:
    """Interval of a median: the values where the shares below are those that .5 may be.

    Parameters
    ----------
    values : np.ndarray of shape (q,)
    within : UnitScores
        Of the share of values that are at most the median.

    Source: Woodruff (1952), Journal of the American Statistical Association 47:635-646, on the
    scale of the logit.
    """
    known, share = within.precision(careful=True), within.value
    if known.units < 2:
        return np.nan, np.nan
    binary = share * (1 - share)
    # Where no value is above the median, as many independent ones as units are reckoned with.
    varies = binary > NOTHING and known.variance > NOTHING
    error = np.sqrt(known.variance) / binary if varies else 2 / np.sqrt(known.units)
    half = t_quantile((1 + level) / 2, known.df) * error
    ordered, count = np.sort(values), len(values)
    low = int(np.ceil(count * _expit(-half) - ROUNDING)) - 1
    high = int(np.floor(count * _expit(half) + ROUNDING))
    return float(ordered[max(0, low)]), float(ordered[min(count - 1, high)])


def t_quantile(probability: float, df: float) -> float:
    """Of Student's t; scipy.stats, which has it too, takes half a second to import."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def _jackknife(
    value: float, parts: np.ndarray, weights: np.ndarray, scale: Callable[[np.ndarray], np.ndarray]
) -> tuple[float, float]:
    """Bias and variance of a score from what it is without each part of some weight."""
    count = len(parts)
    without = scale(value - parts / np.maximum(1 - weights, NOTHING))
    bias = (count - 1) * (without.mean() - scale(np.array(value)))
    return float(bias), float((count - 1) / count * np.sum((without - without.mean()) ** 2))


def _logit(score: np.ndarray | float) -> np.ndarray:
    return np.log(score) - np.log1p(-np.asarray(score))


def _expit(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def _wilson(value: float, count: float, t: float) -> tuple[float, float]:
    middle = value + t**2 / (2 * count)
    half = t * np.sqrt(value * (1 - value) / count + t**2 / (4 * count**2))
    total = 1 + t**2 / count
    return max(0.0, float((middle - half) / total)), min(1.0, float((middle + half) / total))
