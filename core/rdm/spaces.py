"""RDM correlation: second-order comparison of spaces, of encoders or of a brain region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.errors import InputError
from core.rdm.compare import compare
from core.rdm.compute import compute
from core.validation import enumerate_names

MOST_STIMULI = 1000
FEWEST_STIMULI = 4


class RdmCorrelations(NamedTuple):
    """Spearman correlations of RDMs, (k, k) in the order of ``names``, and how many stimuli."""

    names: tuple[str, ...]
    values: np.ndarray
    stimuli: int


def correlate(spaces: Mapping[str, np.ndarray], metric: str = "correlation") -> RdmCorrelations:
    """Correlate the RDMs that spaces give of the same stimuli.

    Parameters
    ----------
    spaces : dict of str to np.ndarray of shape (n, any)
        Embeddings or responses, row i the same stimulus in each. Stimuli that one of them
        lacks (NaN) are left out, then at most 1,000 are taken, spread evenly.
    metric : str
        An id of ``METRICS`` that needs no folds.

    Raises
    ------
    InputError
        If fewer than 4 stimuli remain, or the spaces have different lengths.

    Source: Kriegeskorte et al. (2008), Front. Syst. Neurosci. 2:4.
    """
    if len({len(rows) for rows in spaces.values()}) != 1:
        raise InputError("The spaces have different lengths", "a row for each stimulus in each")
    finite = [np.isfinite(rows).all(axis=1) for rows in spaces.values()]
    usable = np.flatnonzero(np.logical_and.reduce(finite))
    if len(usable) < FEWEST_STIMULI:
        raise InputError(
            f"{len(usable)} stimuli are known to all of {enumerate_names(list(spaces))}",
            f"at least {FEWEST_STIMULI}",
        )
    taken = np.linspace(0, len(usable) - 1, min(MOST_STIMULI, len(usable))).astype(np.intp)
    rdms = [compute(rows[usable[taken]], metric) for rows in spaces.values()]
    values = np.eye(len(rdms))
    for i in range(len(rdms)):
        for j in range(i):
            values[i, j] = values[j, i] = _spearman(rdms[i], rdms[j])
    return RdmCorrelations(tuple(spaces), values, len(taken))


def split_half_ceiling(
    responses: np.ndarray, trial_rows: np.ndarray, metric: str = "correlation"
) -> float | None:
    """The highest Spearman correlation that a noise-free model could have with an RDM.

    The RDMs of odd and of even repeats are correlated, corrected to all repeats
    (Spearman-Brown), and the square root taken.

    Parameters
    ----------
    responses : np.ndarray of shape (trials, v)
    trial_rows : np.ndarray of shape (trials,), int
        Stimulus of each trial.
    metric : str
        As in ``correlate``.

    Returns
    -------
    float or None
        None where fewer than 4 stimuli were repeated, or the halves do not agree at all.
    """
    usable = np.isfinite(responses).all(axis=1)
    trials = pd.DataFrame({"stimulus": trial_rows[usable], "row": np.flatnonzero(usable)})
    repeat = trials.groupby("stimulus").cumcount()
    halves = [trials[repeat % 2 == half].groupby("stimulus")["row"].apply(list) for half in (0, 1)]
    both = halves[0].index.intersection(halves[1].index)
    if len(both) < FEWEST_STIMULI:
        return None
    taken = both[np.linspace(0, len(both) - 1, min(MOST_STIMULI, len(both))).astype(np.intp)]
    means = [np.stack([responses[rows].mean(axis=0) for rows in half[taken]]) for half in halves]
    agreement = _spearman(*(compute(rows, metric) for rows in means))
    if not agreement > 0:
        return None
    return float(np.sqrt(2 * agreement / (1 + agreement)))


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman correlation, NaN where the RDMs share too few defined pairs."""
    try:
        return compare(a, b)
    except InputError:
        return float("nan")
