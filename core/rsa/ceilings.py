"""Noise ceilings of several subjects: the best that any model could reach."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.rsa.samples import RANKED, CellSample


class SubjectCeiling(NamedTuple):
    """Between which similarities the best possible model lies.

    ``lower``: each subject's RDM with the mean of the others'; ``upper``: with the mean of all,
    its own included. Intervals of 95 % as (low, high), NaN where they cannot be told; the same
    of single subjects (subjects,).

    Source: Nili et al. (2014), PLoS Comput. Biol. 10:e1003553.
    """

    lower: float
    upper: float
    lower_interval: tuple[float, float]
    upper_interval: tuple[float, float]
    by_subject_lower: np.ndarray
    by_subject_upper: np.ndarray


def pooling(block: CellSample, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean RDM of all subjects and of the others, as weights of the RDMs.

    Each RDM enters on the scale of the method, of length 1 but where it is ranks: so the mean
    is the most similar RDM that there is.

    Parameters
    ----------
    block : CellSample
    counts : int array of shape (subjects,)
        How often each subject is in the sample; all copies of one are left out together.

    Returns
    -------
    everyone : np.ndarray of shape (r,)
    others : np.ndarray of shape (subjects, r)
        Zero where there is no other subject.
    """
    rdms = len(block.scaled)
    everyone = np.zeros(rdms)
    everyone[: len(counts)] = counts
    if block.method not in RANKED:
        lengths = np.sqrt(block.squares)
        everyone[: len(counts)] /= np.where(lengths > 0, lengths, 1.0)
    others = np.tile(everyone, (len(counts), 1))
    np.fill_diagonal(others, 0.0)
    return everyone, others
