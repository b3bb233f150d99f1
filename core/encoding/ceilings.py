"""What a perfect model of the signal would reach, unit by unit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.datasets import Dataset
from core.errors import InputError
from core.statistics import noise_ceilings, split_half_reliability

# A lower ceiling, as a share of the variance, divides the score by next to nothing.
LEAST = 0.05
FEW = 2
RELEASED = "as released"
FROM_REPEATS = "signal-to-noise ratio (ncsnr) over repeats"
FROM_HALVES = "split-half reliability, of few repeats"


class UnitCeilings(NamedTuple):
    """Share of the variance of averaged responses that is signal, 0 to 1, of each unit.

    ``share`` (v,) is NaN where it is unknown; ``source`` says what it was estimated from, or
    why it is unknown; ``stimuli`` is the number of stimuli with two repeats.
    """

    share: np.ndarray
    source: str
    stimuli: int

    @property
    def is_known(self) -> bool:
        return bool(np.isfinite(self.share).any())

    @property
    def correlation(self) -> np.ndarray:
        """Correlation that a perfect model of the signal has with the responses. (v,)"""
        return np.sqrt(np.clip(self.share, 0.0, 1.0))

    @property
    def usable(self) -> np.ndarray:
        """Mark the units whose score may be divided by the ceiling. (v,) bool"""
        return np.nan_to_num(self.share) >= LEAST


def unit_ceilings(ds: Dataset, units: np.ndarray, rows: np.ndarray) -> UnitCeilings:
    """Noise ceilings of the averaged responses of some units to some stimuli.

    Parameters
    ----------
    ds : Dataset
        Ceilings that came with it are taken as they are.
    units : np.ndarray of shape (v,), intp
    rows : np.ndarray of shape (m,), intp
        The stimuli that are scored: their number of repeats counts. The ratio of signal to
        noise is estimated from every repeated stimulus.

    Returns
    -------
    UnitCeilings
        Where a stimulus was shown three times or more ncsnr^2 / (ncsnr^2 + mean of 1 / repeats);
        where none was shown more than twice, the split-half reliability over all ways to halve.
        Trials of a stimulus within one run share noise and count as one repeat.

    Source: Allen et al. (2022), Nature Neuroscience 25:116-126, Methods.
    """
    if ds.noise_ceiling is not None:
        share = np.asarray(ds.noise_ceiling, dtype=np.float64)[units] / 100.0
        return UnitCeilings(share, RELEASED, 0)
    nothing = np.full(len(units), np.nan)
    if ds.betas is None:
        return UnitCeilings(nothing, "there are no responses", 0)
    trials, runs = ds.betas[:, units], ds.trial_runs
    try:
        repeats = repeats_of(ds)
        if repeats.max(initial=0) <= FEW:
            halves = split_half_reliability(trials, ds.trial_rows, runs)
            return UnitCeilings(np.maximum(halves.units, 0.0), FROM_HALVES, halves.stimuli)
        known = noise_ceilings(trials, ds.trial_rows, runs)
    except InputError as error:
        return UnitCeilings(nothing, error.problem, 0)
    ratio = known.ncsnr**2
    left = np.mean(1.0 / np.maximum(repeats[rows], 1))
    return UnitCeilings(ratio / (ratio + left), FROM_REPEATS, known.stimuli)


def repeats_of(ds: Dataset) -> np.ndarray:
    """Repeats of each stimulus; those within one run count as one. (n,) int"""
    if ds.trial_runs is None:
        return ds.repeats
    pairs = np.unique(np.stack([ds.trial_rows, np.asarray(ds.trial_runs)]), axis=1)
    return np.bincount(pairs[0], minlength=ds.n_stimuli)
