"""95 % intervals of scores whose test images are queries and candidates at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

# Variances below this come from rounding.
NOTHING = 1e-15
# Credits of top-k are 0 or 1, those of two-way identification vary less.
MOSTLY_BINARY = 0.5
CLEARLY_SKEWED, MOST_SKEWED = 2.0, 3.0
# Few units that are very skewed would give bounds without end.
MOST_WIDENED = 2.0
# Of the variance that the queries alone have: what candidates take away is at most the rest.
FLOOR = 0.25


class Precision(NamedTuple):
    """Squared standard error of a score, its degrees of freedom and skewness, and the units."""

    variance: float
    df: float
    skewness: float
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
    is_binary : bool
        Whether the queries score mostly 0 or 1.
    images : int
    """

    names: np.ndarray
    sums: np.ndarray
    weights: np.ndarray
    gains: np.ndarray
    overlap: float = 0.0
    is_binary: bool = False
    images: int = 0

    @property
    def value(self) -> float:
        return float(self.sums.sum())

    def precision(self) -> Precision:
        """The variance over the units and, where there are several, over subjects.

        Source: the delete-one jackknife of a U-statistic (Arvesen 1969, Annals of Mathematical
        Statistics 40:2076-2100) in its linear form. Its excess, the interaction of query and
        candidate counted for both (Efron & Stein 1981, Annals of Statistics 9:586-596), is taken
        out. Of top-k the variance is never below that of the queries alone, which nearly
        is it. Where units are skewed, one more as extreme as the most extreme is reckoned
        with: the few that decide a score near 1 may be lacking by chance. Subjects:
        two-way clusters, Cameron, Gelbach & Miller (2011), Journal of Business & Economic
        Statistics 29:238-249; their degrees of freedom by Satterthwaite (1946), Biometrics
        Bulletin 2:110-114.
        """
        cells = self.sums - self.value * self.weights
        own = cells.sum(axis=1)
        units, subjects = cells.shape
        if units < 2:
            return Precision(np.nan, np.nan, 0.0, units)
        square, both = float(np.sum(own**2)), float(np.sum((own - self.gains) ** 2)) - self.overlap
        floor = 1.0 if self.is_binary else FLOOR
        variance, df = max(floor * square, both) * units / (units - 1), float(units - 1)
        if variance <= NOTHING:
            return Precision(0.0, df, 0.0, units)
        skewness = float(np.sqrt(units) * np.sum(own**3) / max(square, NOTHING) ** 1.5)
        variance += min(1.0, abs(skewness) / CLEARLY_SKEWED) * float(np.max(own**2))
        if subjects < 2:
            return Precision(variance, df, skewness, units)
        among = float(np.sum(cells.sum(axis=0) ** 2)) * subjects / (subjects - 1)
        total = max(variance, among, variance + among - float(np.sum(cells**2)))
        df = (variance + among) ** 2 / (variance**2 / df + among**2 / (subjects - 1))
        return Precision(total, df, skewness * (variance / total) ** 1.5, units)


def interval(scores: UnitScores, level: float = 0.95) -> tuple[float, float]:
    """Interval of a score between 0 and 1; NaN with fewer than two units.

    Wilson's score interval with the effective number of units, value (1 - value) / variance, and
    a quantile of t. At a value of 0 or 1, where nothing varies, the effective number is
    that of the units. Where single queries score more than 0 and 1, as in two-way
    identification, it is widened to where Hall's transformation, which corrects for the
    skewness of the units, puts the bounds, but to no more than twice the quantile of t.

    Source: Wilson (1927), Journal of the American Statistical Association 22:209-212; Korn &
    Graubard (1998), Survey Methodology 24:193-201 (effective number); Hall (1992), Journal of the
    Royal Statistical Society B 54:221-228.
    """
    value, of_units = min(1.0, max(0.0, scores.value)), scores.precision()
    if of_units.units < 2:
        return np.nan, np.nan
    t = t_quantile((1 + level) / 2, of_units.df)
    binary = value * (1 - value)
    if of_units.variance <= NOTHING or binary <= NOTHING:
        return _wilson(value, of_units.units, t_quantile((1 + level) / 2, of_units.units - 1))
    count = binary / of_units.variance
    if scores.is_binary:
        # Few categories may differ less than their images, by chance alone.
        return _wilson(value, min(count, max(scores.images, of_units.units)), t)
    low, high = _wilson(value, count, t)
    error = np.sqrt(of_units.variance)
    return (
        max(0.0, min(low, value - error * min(_hall(t, of_units), MOST_WIDENED * t))),
        min(1.0, max(high, value - error * max(_hall(-t, of_units), -MOST_WIDENED * t))),
    )


def t_quantile(probability: float, df: float) -> float:
    """Of Student's t; scipy.stats, which has it too, takes half a second to import."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def _wilson(value: float, count: float, t: float) -> tuple[float, float]:
    middle = value + t**2 / (2 * count)
    half = t * np.sqrt(value * (1 - value) / count + t**2 / (4 * count**2))
    total = 1 + t**2 / count
    return max(0.0, float((middle - half) / total)), min(1.0, float((middle + half) / total))


def _hall(t: float, of_units: Precision) -> float:
    """Hall's cubic transformation, inverted at a quantile of t."""
    skewness = float(np.clip(of_units.skewness, -MOST_SKEWED, MOST_SKEWED))
    if abs(skewness) < 1e-6:
        return t
    root = np.sqrt(of_units.units)
    inner = 1 + skewness / root * (t - skewness / (6 * root))
    return float(3 * root / skewness * (np.cbrt(inner) - 1))
