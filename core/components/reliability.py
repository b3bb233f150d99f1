"""Which components come back: in other stimuli, in the other half of the repeats.

Components are fitted to one half of the stimuli, and looked for in the other half: there, the
responses are averaged over one half of the repeats and over the other, and the scores of both
are correlated. Nothing that was fitted has seen these responses, so that without a signal r is
0 on average, and permuting the stimuli of one half gives the null hypothesis exactly, the
largest of all components under each permutation. (Cross-validated in the sense of Stringer et
al. 2019, Nature 571:361-365.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.components.decompose import matched, standardised
from core.components.method import METHODS
from core.datasets.averages import averages
from core.errors import InputError
from core.progress import Progress, silent
from core.words import counted

PERMUTATIONS = 500
CERTAIN = 0.05
FEWEST = 10
MOST_TRIED = 20
# Below this share of the largest variance a direction holds rounding errors alone.
RANK = 1e-10
# So many stimuli that permutations need not be drawn.
MANY = 2000


class HalvedTrials(NamedTuple):
    """Responses averaged over each half of the repeats, two (n, v), and which stimuli have both."""

    first: np.ndarray
    second: np.ndarray
    usable: np.ndarray


class ComponentReliability(NamedTuple):
    """How far components come back.

    Attributes
    ----------
    r : np.ndarray of shape (k,)
        Correlation of the scores of both halves, corrected to all repeats.
    p : np.ndarray of shape (k,)
        Of the hypothesis that there is no signal, corrected for the number of components.
    threshold : float
        Which r by chance 95 of 100 times no component exceeds.
    twin : np.ndarray of shape (k,)
        |r| over stimuli of a component with the one of half of the stimuli that stands for it.
    """

    r: np.ndarray
    p: np.ndarray
    threshold: float
    twin: np.ndarray

    @property
    def reliable(self) -> np.ndarray:
        """Mark the components that come back. (k,) bool"""
        return np.asarray(self.p <= CERTAIN)


class HowMany(NamedTuple):
    """How many components responses hold.

    Attributes
    ----------
    r : np.ndarray of shape (most,)
        Canonical correlations of both halves, the largest first.
    threshold : np.ndarray of shape (most,)
        Which the largest of those that are left exceeds in 5 of 100 permutations.
    k : int
        Those before the first that does not exceed it.
    """

    r: np.ndarray
    threshold: np.ndarray
    k: int


def halves(
    trials: np.ndarray, rows: np.ndarray, runs: np.ndarray | None, stimuli: int, seed: int = 0
) -> HalvedTrials:
    """Deal the repeats of each stimulus to two halves, at random.

    Parameters
    ----------
    trials : np.ndarray of shape (trials, v)
    rows : np.ndarray of shape (trials,)
        Stimulus of each.
    runs : np.ndarray of shape (trials,), optional
        Trials of a stimulus in one run share noise: they stay together.
    stimuli : int
    seed : int

    Raises
    ------
    InputError
        If fewer than 20 stimuli have repeats, in different runs where these are known.
    """
    rng = np.random.default_rng([seed, 8])
    usable = np.flatnonzero(np.isfinite(trials[:, 0]))
    apart = np.arange(len(rows)) if runs is None else np.asarray(runs)
    order = usable[np.lexsort((rng.random(len(usable)), rows[usable]))]
    names = np.stack([rows[order], apart[order]])
    pairs, earliest, which = np.unique(names, axis=1, return_index=True, return_inverse=True)
    # Runs of a stimulus in the random order in which their first trials stand.
    ranked = np.lexsort((earliest, pairs[0]))
    stimulus = pairs[0, ranked]
    starts = np.searchsorted(stimulus, stimulus)
    half = np.empty(len(ranked), dtype=np.intp)
    half[ranked] = (np.arange(len(ranked)) - starts) % 2
    own = np.empty(len(rows), dtype=np.intp)
    own[order] = half[which]
    own = own[usable]
    units = np.arange(trials.shape[1])
    first, other = (
        averages(trials, units, usable[own == h], rows[usable[own == h]], stimuli) for h in (0, 1)
    )
    known = np.isfinite(first[:, 0]) & np.isfinite(other[:, 0])
    if known.sum() < 2 * FEWEST:
        raise InputError(
            f"{counted(int(known.sum()), 'stimulus has', 'stimuli have')} two usable repeats"
            + ("" if runs is None else " in different runs"),
            f"at least {2 * FEWEST}, to tell which components come back",
        )
    return HalvedTrials(first, other, known)


def measure(
    halved: HalvedTrials,
    method: str,
    k: int,
    scores: np.ndarray | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> ComponentReliability:
    """Reliability of components.

    Parameters
    ----------
    halved : HalvedTrials
    method : str
        Id of ``METHODS``.
    k : int
    scores : np.ndarray of shape (n, k), optional
        Of the components of all stimuli, NaN where missing: the reliability of each is that of
        its nearest twin among those of half of the stimuli. In their own order where none.
    seed : int
        Of the halves of the stimuli and the permutations.
    """
    rng = np.random.default_rng([seed, 9])
    known = rng.permutation(np.flatnonzero(halved.usable))
    fitted_on, held = np.array_split(known, 2)
    mean = (halved.first + halved.second) / 2
    varies = np.ptp(mean[fitted_on], axis=0) > 0
    progress(0.0, "Components of half of the stimuli")
    fitted = METHODS[method].fit(mean[fitted_on][:, varies].astype(np.float64), k, seed)
    first, other = (
        standardised(fitted.scores(part[held][:, varies].astype(np.float64)))
        for part in (halved.first, halved.second)
    )
    r = np.einsum("ij,ij->j", first, other)
    p, threshold = _by_permutation(first, other, r, rng, progress)
    place, twin = np.arange(k), np.ones(k)
    if scores is not None:
        place, near = matched(scores[held], first + other)
        twin = np.abs(near)
    return ComponentReliability(
        _all_repeats(r)[place], p[place], float(_all_repeats(threshold)), twin
    )


def _by_permutation(
    first: np.ndarray,
    other: np.ndarray,
    r: np.ndarray,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[np.ndarray, float]:
    """p of each r (k,) for the largest of all, and which r it exceeds in 5 of 100 permutations.

    Over thousands of stimuli the permutation distribution of a correlation is the normal one of
    variance 1 / (n - 1), whatever is permuted (Hoeffding 1951): it is not drawn then.
    """
    n, k = first.shape
    if n >= MANY:
        from scipy import stats

        p = 1.0 - stats.norm.cdf(r * np.sqrt(n - 1)) ** k
        return p, float(stats.norm.ppf((1 - CERTAIN) ** (1 / k)) / np.sqrt(n - 1))
    null = np.empty(PERMUTATIONS)
    for number in range(PERMUTATIONS):
        if number % 50 == 0:
            progress(0.5 + 0.5 * number / PERMUTATIONS, "Permuting stimuli")
        null[number] = np.einsum("ij,ij->j", first[rng.permutation(n)], other).max()
    p = (1 + (null[:, None] >= r - 1e-12).sum(axis=0)) / (1 + PERMUTATIONS)
    return p, float(np.quantile(null, 1 - CERTAIN))


def _all_repeats(r: np.ndarray | float) -> np.ndarray:
    """Correlation of halves as one of twice the repeats (Spearman 1910; Brown 1910)."""
    return np.asarray(np.where(r > 0, 2 * r / (1 + r), r))


def how_many(
    halved: HalvedTrials, most: int = MOST_TRIED, seed: int = 0, progress: Progress = silent
) -> HowMany:
    """How many dimensions of the responses come back in the other half of the repeats.

    The canonical correlations of both halves, in the space of their first principal components
    (which the rows of both give, whatever their order), are tested one after the other; those
    found before are left out of the permutations. Components found one by one would not do: noise
    tilts each, so that a little signal is in one more than there are.

    Source: Winkler, Renaud, Smith & Nichols (2020), NeuroImage 220:117065.
    """
    rng = np.random.default_rng([seed, 10])
    parts = [part[halved.usable].astype(np.float64) for part in (halved.first, halved.second)]
    parts = [part - part.mean(axis=0) for part in parts]
    width = min(most, parts[0].shape[1], len(parts[0]) // 4)
    power, axes = np.linalg.eigh(sum(part.T @ part for part in parts))
    axes = axes[:, power > power[-1] * RANK][:, -width:]
    first, other = (np.linalg.qr(part @ axes)[0] for part in parts)
    left, r, right = np.linalg.svd(first.T @ other)
    first, other = first @ left, other @ right.T
    null = np.empty((PERMUTATIONS, len(r)))
    for number in range(PERMUTATIONS):
        if number % 50 == 0:
            progress(number / PERMUTATIONS, "Permuting stimuli")
        across = first.T @ other[rng.permutation(len(other))]
        for step in range(len(r)):
            null[number, step] = np.linalg.norm(across[step:, step:], 2)
    threshold = np.quantile(null, 1 - CERTAIN, axis=0)
    exceeds = r > threshold
    return HowMany(r, threshold, int(len(r) if exceeds.all() else exceeds.argmin()))
