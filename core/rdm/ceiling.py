"""How well a model without noise would correlate with a subject's RDM, from its repeats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from core.errors import InputError
from core.validation import check_same_length
from core.vectors import unit_rows

CENTRED = {"correlation": True, "cosine": False}
METHODS = ("spearman", "pearson")
FEWEST_STIMULI = 8
MOST_STIMULI = 1000
SPLITS = 10
# Of the mean signal: what a stimulus has at least, as its inverse weighs what it takes part in.
WEAKEST = 0.3
BINS, STEPS = 200, 300
TINY = 1e-12


class RepeatCeiling(NamedTuple):
    """Correlation of a model without noise with the RDM of averaged responses.

    ``estimate`` with its 95 % interval ``low`` to ``high``; ``stimuli``, how many were
    repeated; ``repeats``, their mean number. Where ``low`` is 0 the data cannot tell whether
    the RDM holds any signal: ``high`` alone is then worth something.
    """

    estimate: float
    low: float
    high: float
    stimuli: int
    repeats: float


class RepeatPatterns(NamedTuple):
    """Patterns (r, v) of the repeats, ordered by stimulus (r,) 0 to n - 1, and their turns."""

    patterns: np.ndarray
    stimulus: np.ndarray
    turn: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        return np.bincount(self.stimulus)


def repeat_ceiling(
    responses: np.ndarray,
    trial_rows: np.ndarray,
    folds: np.ndarray | None = None,
    method: str = "spearman",
    metric: str = "correlation",
    seed: int = 0,
) -> RepeatCeiling | None:
    """Noise ceiling of the RDM of one subject's averaged responses.

    The covariance of the RDMs of two halves of the repeats, as many of each stimulus in both,
    is free of noise. Noise also shrinks correlations: each by the reliability of its two
    patterns, which the repeats tell as well. Divided by what is left of it in halves, and
    multiplied by what is left in all repeats, the covariance is that of the measured RDM with
    the noise-free one; the variance of the measured RDM is known. Ranks are brought in at
    the end: the distribution of the noise-free values is what, with the noise added, gives the
    measured ones.

    Parameters
    ----------
    responses : np.ndarray of shape (trials, v)
        Units without a value in some usable trial are left out.
    trial_rows : int array of shape (trials,)
        Stimulus of each trial.
    folds : array of shape (trials,), optional
        Such as the run of each trial: trials of a stimulus within one are averaged, and count
        as one repeat. Halves hold the first, second and further repeats of all stimuli alike, and
        what all stimuli share in one of these is taken out, so that slow drifts are no signal.
    method : {'spearman', 'pearson'}
    metric : {'correlation', 'cosine'}
        Of the RDM.
    seed : int
        Of the halves.

    Returns
    -------
    RepeatCeiling or None
        None where fewer than 8 stimuli were repeated, or the responses do not vary. The
        interval is a jackknife over stimuli; it covers the correlation of this very
        measurement with its truth.

    Raises
    ------
    InputError
        If there is no such method, or the metric is another.

    Source: reliability of distances from disjoint data after Walther et al. (2016), NeuroImage
    137:188-200; attenuation after Spearman (1904), Am. J. Psychol. 15:72-101; the distribution
    by maximum likelihood, Laird (1978), J. Am. Stat. Assoc. 73:805-811; jackknife, Efron
    & Stein (1981), Ann. Stat. 9:586-596. Checked by simulation in docs/reference.md.
    """
    if method not in METHODS:
        raise InputError(f"method is {method!r}", choices=METHODS)
    if metric not in CENTRED:
        raise InputError(f"There is no noise ceiling for {metric!r}", choices=CENTRED)
    repeats = _repeats_of(responses, trial_rows, folds)
    if repeats is None:
        return None
    patterns = repeats.patterns
    if CENTRED[metric]:
        patterns = patterns - patterns.mean(axis=1, keepdims=True)
    scale = np.sqrt(np.mean(patterns**2))
    repeats = repeats._replace(patterns=patterns / (scale if scale > 0 else 1.0))
    measured = _similarities(_sums(repeats.patterns, repeats.stimulus))
    middle, error = _squared_ceiling(repeats, measured, seed)
    if not np.isfinite(error):
        return None
    bounds = np.clip([middle, middle - 1.96 * error, middle + 1.96 * error], 0.0, 1.0)
    values = measured[np.triu_indices(len(measured), 1)]
    in_ranks = method == "spearman"
    estimate, low, high = (
        _rank_correlation(values, float(bound)) if in_ranks else float(np.sqrt(bound))
        for bound in bounds
    )
    counts = repeats.counts
    return RepeatCeiling(estimate, low, high, len(counts), float(counts.mean()))


def _repeats_of(
    responses: np.ndarray, rows: np.ndarray, folds: np.ndarray | None
) -> RepeatPatterns | None:
    """The repeats of the stimuli that have two, at most 1,000 of them; None for few stimuli."""
    check_same_length(len(rows), len(responses), "The list of trials", "the response array")
    responses, rows = np.asarray(responses, dtype=np.float64), np.asarray(rows)
    usable = np.isfinite(responses).mean(axis=1) > 0.5
    responses, rows = responses[usable], rows[usable]
    responses = responses[:, np.isfinite(responses).all(axis=0)]
    fold = _in_turn(rows) if folds is None else np.unique(folds, return_inverse=True)[1][usable]
    pairs, members = np.unique(np.stack([rows, fold]), axis=1, return_inverse=True)
    stimuli, counts = np.unique(pairs[0], return_counts=True)
    repeated = stimuli[counts > 1]
    if len(repeated) < FEWEST_STIMULI or responses.shape[1] == 0:
        return None
    taken = np.linspace(0, len(repeated) - 1, min(MOST_STIMULI, len(repeated))).astype(np.intp)
    kept = np.isin(pairs[0], repeated[taken])
    means = _sums(responses, members) / np.bincount(members)[:, None]
    stimulus = np.unique(pairs[0, kept], return_inverse=True)[1]
    return _without_shared_noise(RepeatPatterns(means[kept], stimulus, _in_turn(stimulus)))


def _without_shared_noise(repeats: RepeatPatterns) -> RepeatPatterns:
    """Take out what all stimuli differ by in one turn from their means: slow drifts.

    These would be shared by the stimuli of a half; the means over all turns stay.
    """
    means = _sums(repeats.patterns, repeats.stimulus) / repeats.counts[:, None]
    shared = _sums(repeats.patterns - means[repeats.stimulus], repeats.turn)
    shared /= np.bincount(repeats.turn)[:, None]
    return repeats._replace(patterns=repeats.patterns - shared[repeats.turn])


def _in_turn(rows: np.ndarray) -> np.ndarray:
    """How often the stimulus of each trial was shown before. (trials,) int"""
    order = np.argsort(rows, kind="stable")
    firsts = np.flatnonzero(np.r_[True, np.diff(rows[order]) != 0])
    turn = np.empty(len(rows), dtype=np.intp)
    turn[order] = np.arange(len(rows)) - np.repeat(firsts, np.diff(np.r_[firsts, len(rows)]))
    return turn


def _squared_ceiling(
    repeats: RepeatPatterns, measured: np.ndarray, seed: int
) -> tuple[float, float]:
    """Squared correlation with the noise-free RDM, negative where halves disagree, and its error.

    All moments are over pairs: first of all stimuli, then without each of them. NaN where
    responses do not vary.
    """
    counts, ratios = repeats.counts, _signal_to_noise(repeats)
    left, in_halves = _attenuation(ratios, counts), _attenuation(ratios, counts // 2)
    as_true, as_measured = (np.outer(x, x) for x in (1 / in_halves, left / in_halves))
    with_measured, of_true = np.zeros((2, len(counts) + 1))
    for a, b in _halves(repeats, seed):
        with_measured += _covariances(a * as_true, b * as_measured) / 2
        with_measured += _covariances(a * as_measured, b * as_true) / 2
        of_true += _covariances(a * as_true, b * as_true)
    total = _covariances(measured, measured) * _number_of_splits(repeats)
    # Of the noise-free values, what is left in the measured ones: between its least and most.
    with np.errstate(all="ignore"):
        rest = np.where(of_true > 0, with_measured / of_true, np.mean(left) ** 2)
        squared = with_measured * np.clip(rest, left.min() ** 2, left.max() ** 2) / total
    without, n = squared[1:], len(counts)
    error = np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2))
    return float(squared[0]), float(error)


def _signal_to_noise(repeats: RepeatPatterns) -> np.ndarray:
    """Energy of each stimulus' signal over that of the noise of one repeat. (n,)

    Single stimuli are drawn to the mean of all, the more the less their energies can be told
    apart: as far as these differ by no more than noise makes them.
    """
    counts = repeats.counts
    means = _sums(repeats.patterns, repeats.stimulus) / counts[:, None]
    squares = np.bincount(repeats.stimulus, np.sum(repeats.patterns**2, axis=1))
    energy = np.sum(means**2, axis=1)
    of_noise = np.maximum(squares - counts * energy, 0.0) / (counts - 1)
    noise = max(float(np.average(of_noise, weights=counts - 1)), TINY)
    signal = energy - noise / counts
    mean = max(float(signal.mean()), TINY * noise)
    # The squared eigenvalues of the noise's covariance, summed: var = 2 of them / (k - 1).
    spread = float(np.mean((of_noise - noise) ** 2 * (counts - 1)) / 2)
    by_chance = 2 * spread / counts**2 + 4 * mean * spread / (noise * counts)
    between = max(float(signal.var(ddof=1) - by_chance.mean()), 0.0)
    own = mean + between / (between + by_chance + TINY) * (signal - mean)
    return np.asarray(np.maximum(own, WEAKEST * mean) / noise)


def _attenuation(ratios: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Square root of the reliability of a pattern over some repeats. (n,)"""
    return np.asarray(np.sqrt(ratios * counts / (1 + ratios * counts)))


def _number_of_splits(repeats: RepeatPatterns) -> int:
    return 1 if repeats.counts.max() == 2 else SPLITS


def _halves(repeats: RepeatPatterns, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """RDMs, as similarities, of as many repeats of each stimulus, of the same turns if possible."""
    rng = np.random.default_rng(seed)
    counts = repeats.counts
    half = np.repeat(counts // 2, counts)
    place = np.arange(len(half)) - np.repeat(np.cumsum(counts) - counts, counts)
    for _ in range(_number_of_splits(repeats)):
        order = np.lexsort((rng.permutation(counts.max())[repeats.turn], repeats.stimulus))
        first, second = order[place < half], order[(place >= half) & (place < 2 * half)]
        yield tuple(  # type: ignore[misc]
            _similarities(_sums(repeats.patterns[rows], repeats.stimulus[rows]))
            for rows in (first, second)
        )


def _sums(rows: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Sum of the rows of each group, 0 to n - 1. (r, v) -> (n, v)"""
    order = np.argsort(group, kind="stable")
    firsts = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    return np.asarray(np.add.reduceat(rows[order], firsts, axis=0))


def _similarities(patterns: np.ndarray) -> np.ndarray:
    """Cosines of centred rows, 0 on the diagonal. (n, n)"""
    unit = unit_rows(patterns)
    similarities = unit @ unit.T
    np.fill_diagonal(similarities, 0.0)
    return np.asarray(similarities)


def _covariances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Covariance over pairs of all stimuli, then without each one. (n, n) twice -> (n + 1,)"""
    n = len(a)
    rows = np.stack([(a * b).sum(axis=1), a.sum(axis=1), b.sum(axis=1)])
    sums = rows.sum(axis=1, keepdims=True) / 2
    pairs = np.r_[n * (n - 1) / 2, np.full(n, (n - 1) * (n - 2) / 2)]
    product, first, second = np.concatenate([sums, sums - rows], axis=1) / pairs
    return np.asarray(product - first * second)


def _rank_correlation(values: np.ndarray, squared: float) -> float:
    """Spearman correlation of measured values with the noise-free ones of which they came.

    Parameters
    ----------
    values : np.ndarray of shape (pairs,)
    squared : float
        Share of their variance that is not noise.
    """
    if squared < TINY:
        return 0.0
    deviation = max(np.sqrt(1.0 - squared), 1e-2)
    z = (values - values.mean()) / values.std()
    counts, edges = np.histogram(z, BINS)
    seen = (edges[1:] + edges[:-1]) / 2
    spread = np.exp(-0.5 * ((seen[:, None] - seen) / deviation) ** 2)
    spread /= spread.sum(axis=0)
    true = np.exp(-0.5 * seen**2 / squared)
    true /= true.sum()
    for _ in range(STEPS):
        true *= spread.T @ (counts / np.maximum(spread @ true, TINY)) / len(z)
    joint = spread * true
    x, y = (np.cumsum(p) - p / 2 for p in (joint.sum(axis=1), joint.sum(axis=0)))
    x, y = x - 0.5, y - 0.5  # mean ranks are 1/2, as shares of all
    norm = np.sqrt((x**2 @ joint.sum(axis=1)) * (y**2 @ joint.sum(axis=0)))
    return float(x @ joint @ y / norm)
