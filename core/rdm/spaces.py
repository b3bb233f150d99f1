"""RDM correlation: second-order comparison of spaces, of encoders or of a brain region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from core.errors import InputError
from core.rdm.compare import compare
from core.rdm.compute import compute
from core.validation import enumerate_names
from core.words import counted

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
            f"{counted(len(usable), 'stimulus is', 'stimuli are')} known to all of "
            f"{enumerate_names(list(spaces))}",
            f"at least {FEWEST_STIMULI}",
        )
    taken = np.linspace(0, len(usable) - 1, min(MOST_STIMULI, len(usable))).astype(np.intp)
    rdms = [compute(rows[usable[taken]], metric) for rows in spaces.values()]
    values = np.eye(len(rdms))
    for i in range(len(rdms)):
        for j in range(i):
            values[i, j] = values[j, i] = _spearman(rdms[i], rdms[j])
    return RdmCorrelations(tuple(spaces), values, len(taken))


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman correlation, NaN where the RDMs share too few defined pairs."""
    try:
        return compare(a, b)
    except InputError:
        return float("nan")
