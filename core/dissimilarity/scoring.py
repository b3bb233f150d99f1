"""Scores of predicted dissimilarities, with intervals and p over images, never over pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.scores.intervals import t_quantile
from core.statistics import holm_levels
from core.validation import row_blocks

MEASURES = {"r2": "R²", "pearson": "Pearson r", "spearman": "Spearman ρ"}
RESAMPLES, PERMUTATIONS = 1000, 999
FEWEST_PAIRS = 3  # of a bootstrap sample: two always correlate, one never
CERTAIN = 0.05
LEVEL = 0.95
ROUNDING = 1e-9


def _z(r: Any) -> np.ndarray:
    """Fisher's z, finite at 1."""
    return np.asarray(np.arctanh(np.clip(r, -1 + ROUNDING, 1 - ROUNDING)))


def _log_error(r2: Any) -> np.ndarray:
    """Logarithm of the share of the variance that is not explained."""
    return np.asarray(np.log(np.maximum(1 - np.asarray(r2), ROUNDING)))


# On which scale a measure is nearly normal, and back: in simulations its intervals hold the
# truth in .93 to .96 of samples, where percentiles do in .90 to .94.
SCALES: dict[str, tuple[Callable[[Any], np.ndarray], Callable[[Any], np.ndarray]]] = {
    "r2": (_log_error, lambda scaled: 1 - np.exp(scaled)),
    "pearson": (_z, np.tanh),
    "spearman": (_z, np.tanh),
}


class PairScore(NamedTuple):
    """A score, its 95 % interval, and the one-sided p that no image is told from another."""

    value: float
    low: float
    high: float
    p: float


class PairDifference(NamedTuple):
    """A score less a baseline's: its interval and p, corrected for the number of models."""

    value: float
    low: float
    high: float
    p: float


class PairScores:
    """Scores of several models on the same pairs.

    Intervals are Student's t, with the standard error over bootstrap samples of the images: an
    image that is drawn twice counts twice in each of its pairs, and no image is paired with
    itself. A sample that holds fewer than three of the pairs is drawn again. Correlations are on
    the scale of Fisher's z, R^2 on that of log(1 - R^2). The models are taken as they are: nothing
    is said of other training sets.

    p is that of Mantel: the images of the true matrix are permuted, rows and columns together.

    Parameters
    ----------
    truth : np.ndarray of shape (k,), float64
    predicted : mapping of str to np.ndarray of shape (k,)
        By model. Constant ones have no correlation: NaN, and 0 where they are compared.
    i, j : np.ndarray of shape (k,), intp
        Images of the pairs, as rows of ``square``.
    square : np.ndarray of shape (u, u)
        Every true dissimilarity of the images, for the permutations.
    seed : int

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13; Nili et al.
    (2014), PLoS Comput. Biol. 10(4), for resampling stimuli; Mantel (1967), Cancer Res. 27.
    """

    def __init__(
        self,
        truth: np.ndarray,
        predicted: Mapping[str, np.ndarray],
        i: np.ndarray,
        j: np.ndarray,
        square: np.ndarray,
        seed: int = 0,
    ) -> None:
        self.truth, self.predicted = truth, dict(predicted)
        self.i, self.j, self.square = i, j, square
        self.images = len(np.unique(np.concatenate([i, j])))
        rng = np.random.default_rng([seed, 8])
        own = np.unique(np.concatenate([i, j]))
        counts = np.zeros((RESAMPLES, len(square)), dtype=np.float32)
        for row in counts:
            while np.count_nonzero(row[i] * row[j]) < min(FEWEST_PAIRS, len(i)):
                row[own] = np.bincount(rng.integers(0, len(own), len(own)), minlength=len(own))
        self._counts = counts
        self._orders = rng.permuted(np.tile(own, (PERMUTATIONS, 1)), axis=1)
        self._own = own
        self._resampled = self._bootstrap()
        self._p = self._mantel()

    def score(self, model: str, measure: str) -> PairScore:
        """The score of a model; NaN without three pairs."""
        value = measures(self.truth, self.predicted[model])[measure]
        samples = self._resampled[model][measure]
        if not np.isfinite(value) or len(self.truth) < FEWEST_PAIRS:
            return PairScore(np.nan, np.nan, np.nan, np.nan)
        scale, back = SCALES[measure]
        error = np.nanstd(scale(samples)) * np.sqrt(self.images / max(1, self.images - 1))
        half = t_quantile((1 + LEVEL) / 2, max(1, self.images - 1)) * error
        ends = sorted(float(back(scale(value) + step)) for step in (-half, half))
        return PairScore(value, ends[0], ends[1], self._p[model][measure])

    def differences(
        self, baseline: str, measure: str, models: Sequence[str]
    ) -> dict[str, PairDifference]:
        """Some models less a baseline, paired: both on the same images of each sample.

        The interval is Student's t around the difference with the deviation of the samples as
        standard error; p and interval are corrected over the models by Holm's method.
        """
        from scipy.special import stdtr

        names = list(models)
        value = np.array([self._plain(n, measure) - self._plain(baseline, measure) for n in names])
        reference = np.nan_to_num(self._resampled[baseline][measure])
        error = np.array(
            [np.std(np.nan_to_num(self._resampled[n][measure]) - reference) for n in names]
        )
        df = max(1, self.images - 1)
        sure = np.where(error > 0, np.abs(value) / np.where(error > 0, error, 1.0), np.inf)
        p = np.where(value == 0, 1.0, 2 * stdtr(df, -sure))
        corrected, levels = holm_levels(p, CERTAIN)
        half = [t_quantile(1 - level / 2, df) for level in levels] * error
        return {
            name: PairDifference(*map(float, row))
            for name, *row in zip(names, value, value - half, value + half, corrected, strict=True)
        }

    def _plain(self, model: str, measure: str) -> float:
        """0 for a correlation that a constant prediction does not have."""
        return float(np.nan_to_num(measures(self.truth, self.predicted[model])[measure]))

    def _bootstrap(self) -> dict[str, dict[str, np.ndarray]]:
        samples = {name: {m: np.empty(RESAMPLES) for m in MEASURES} for name in self.predicted}
        ranking = {name: _Ranking(values) for name, values in self.predicted.items()}
        of_truth = _Ranking(self.truth)
        for block in row_blocks(RESAMPLES, 40 * len(self.truth)):
            weights = self._counts[block][:, self.i] * self._counts[block][:, self.j]
            weights = weights / weights.sum(1, keepdims=True, dtype=np.float64)
            ranked = of_truth.ranks(weights)
            for name, values in self.predicted.items():
                r2, r = _weighted(weights, self.truth, values)
                samples[name]["r2"][block], samples[name]["pearson"][block] = r2, r
                rho = _rank_correlation(weights, ranked, ranking[name].ranks(weights))
                samples[name]["spearman"][block] = np.where(np.isnan(r), np.nan, rho)
        return samples

    def _mantel(self) -> dict[str, dict[str, float]]:
        """Share of permutations, with the true order as one, that score as high."""
        from scipy.stats import rankdata

        upper = np.triu_indices(len(self.square), 1)
        ranked = np.zeros(self.square.shape)
        ranked[upper] = rankdata(self.square[upper])
        ranked += ranked.T
        names = list(self.predicted)
        values = np.stack([self.predicted[name] for name in names], axis=1)
        ranks = np.stack([rankdata(self.predicted[name]) for name in names], axis=1)
        first = self._permuted_scores(self._own[None], ranked, values, ranks)
        exceed = np.zeros((len(MEASURES), len(names)), dtype=np.intp)
        for block in row_blocks(PERMUTATIONS, 20 * len(self.truth)):
            scores = self._permuted_scores(self._orders[block], ranked, values, ranks)
            exceed += (scores >= first - ROUNDING).sum(axis=1)
        share = (1 + exceed) / (1 + PERMUTATIONS)
        return {
            name: dict(zip(MEASURES, map(float, share[:, at]), strict=True))
            for at, name in enumerate(names)
        }

    def _permuted_scores(
        self, orders: np.ndarray, ranked: np.ndarray, values: np.ndarray, ranks: np.ndarray
    ) -> np.ndarray:
        """What rises with each measure against the truth of permuted images. (3, b, models)"""
        i = orders[:, np.searchsorted(self._own, self.i)]
        j = orders[:, np.searchsorted(self._own, self.j)]
        truth, of_truth = self.square[i, j].astype(np.float64), ranked[i, j]
        truth_mean = truth.mean(1, keepdims=True)
        spread = ((truth - truth_mean) ** 2).sum(1, keepdims=True)
        error = (truth**2).sum(1, keepdims=True) - 2 * truth @ values + (values**2).sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            pearson = (truth - truth_mean) @ (values - values.mean(0)) / np.sqrt(spread)
            of_truth = of_truth - of_truth.mean(1, keepdims=True)
            rho = of_truth @ (ranks - ranks.mean(0)) / np.sqrt((of_truth**2).sum(1, keepdims=True))
            return np.stack([1 - error / spread, pearson, rho])


def measures(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """R^2 (of scikit-learn's ``r2_score``), Pearson and Spearman correlation; NaN if constant."""
    from scipy.stats import rankdata

    even = np.full((1, len(truth)), 1.0 / len(truth))
    r2, r = _weighted(even, truth, predicted)
    rho = _rank_correlation(even, rankdata(truth)[None], rankdata(predicted)[None])
    constant = np.isnan(r[0])
    return {
        "r2": float(r2[0]),
        "pearson": float(r[0]),
        "spearman": np.nan if constant else float(rho[0]),
    }


def _weighted(
    weights: np.ndarray, truth: np.ndarray, predicted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """R^2 and Pearson correlation under weights (b, k) that add to 1; NaN if constant."""
    x, y = truth - truth.mean(), predicted - predicted.mean()
    columns = np.stack([x, y, x**2, y**2, x * y, (truth - predicted) ** 2], axis=1)
    x_mean, y_mean, xx, yy, xy, error = (weights @ columns).T
    spread, power = xx - x_mean**2, yy - y_mean**2
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (xy - x_mean * y_mean) / np.sqrt(spread * power)
        r2 = 1 - error / spread
    flat = np.ptp(predicted) <= ROUNDING * np.abs(predicted).max(initial=0)
    return r2, np.full_like(r, np.nan) if flat else np.clip(r, -1.0, 1.0)


def _rank_correlation(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weighted correlation of ranks, row by row. (b,)"""
    x = x - np.einsum("bk,bk->b", weights, x)[:, None]
    y = y - np.einsum("bk,bk->b", weights, y)[:, None]
    product, xx, yy = (np.einsum("bk,bk,bk->b", weights, *two) for two in ((x, y), (x, x), (y, y)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(product / np.sqrt(xx * yy))


class _Ranking:
    """Weighted midranks of values, whose order is found once."""

    def __init__(self, values: np.ndarray) -> None:
        self.order = np.argsort(values, kind="stable")
        ordered = values[self.order]
        changes = np.flatnonzero(np.diff(ordered) != 0) + 1
        self.starts = np.concatenate([[0], changes])
        self.group = np.repeat(
            np.arange(len(self.starts)), np.diff(np.concatenate([self.starts, [len(ordered)]]))
        )

    def ranks(self, weights: np.ndarray) -> np.ndarray:
        """Midranks by weights (b, k): half of the own group's weight beyond those below."""
        sums = np.add.reduceat(weights[:, self.order], self.starts, axis=1, dtype=np.float64)
        middle = np.cumsum(sums, axis=1) - sums / 2
        ranks = np.empty(weights.shape)
        ranks[:, self.order] = middle[:, self.group]
        return ranks
