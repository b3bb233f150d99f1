"""Missing responses: which units leave a recording, and which trials leave an ROI.

The one rule, which every page and command follows:

- A unit that has no value in any trial leaves the recording, and so does one that has none in
  a whole session, or in more than half of the trials: the means of its ROI would otherwise
  rest on the trials that happen to have it. Trials in which more than half of the units have
  no value do not count against a unit, and where the second half of the rule would take more
  than half of an ROI, that ROI keeps its units.
- Of the units that stay, a trial without a value is left out for the ROIs that hold the unit,
  and for no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.validation import row_blocks

RULE = 1
MOST = 0.5


class Scan(NamedTuple):
    """Values that are missing: trials of each unit (units,), units of each trial (trials,)."""

    trials: np.ndarray
    units: np.ndarray


def scan(betas: np.ndarray) -> Scan:
    """Count what is not finite, in blocks of rows. (trials, units) -> two counts, int.

    A block whose sum is finite is not looked at further: a complete recording costs one sum.
    """
    trials = np.zeros(betas.shape[1], dtype=np.intp)
    units = np.zeros(len(betas), dtype=np.intp)
    for block in row_blocks(*betas.shape):
        with np.errstate(all="ignore"):
            if np.isfinite(betas[block].sum()):
                continue
        missing = ~np.isfinite(betas[block])
        trials += missing.sum(axis=0)
        units[block] = missing.sum(axis=1)
    return Scan(trials, units)


def complete_trials_of(betas: np.ndarray, suspects: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Mark the trials with a value in each of some units. (trials,) bool

    Only those that ``suspects`` (trials,) marks are read.
    """
    complete = np.ones(len(betas), dtype=bool)
    for rows in _blocks_of(np.flatnonzero(suspects), len(units)):
        complete[rows] = np.isfinite(betas[np.ix_(rows, units)]).all(axis=1)
    return complete


def lacking_of(betas: np.ndarray, suspects: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Of each trial, the number of some units without a value. (trials,) int"""
    count = np.zeros(len(betas), dtype=np.intp)
    for rows in _blocks_of(np.flatnonzero(suspects), len(units)):
        count[rows] = (~np.isfinite(betas[np.ix_(rows, units)])).sum(axis=1)
    return count


def units_to_leave(
    betas: np.ndarray, scanned: Scan, sessions: pd.Series, rois: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Units that leave the recording by the rule above. (k,) int, sorted

    Where no unit would be left, those stay that have a value in any trial; where none has,
    all stay, and every trial is missing.
    """
    never = scanned.trials == len(betas)
    if never.all():
        return np.empty(0, dtype=np.intp)
    present = np.flatnonzero(~never)
    lacking = scanned.units - never.sum()
    counted = lacking <= MOST * len(present)
    partial = present[scanned.trials[present] > (~counted & (lacking == len(present))).sum()]
    leaving = np.zeros(len(never), dtype=bool)
    if len(partial):
        leaving[partial] = _mostly_missing(betas, partial, counted, scanned.units > 0, sessions)
    for units in rois.values():
        units = units[~never[units]]
        if len(units) and leaving[units].mean() > MOST:
            leaving[units] = False
    if leaving[present].all():
        leaving[:] = False
    return np.flatnonzero(leaving | never)


def _mostly_missing(
    betas: np.ndarray,
    units: np.ndarray,
    counted: np.ndarray,
    suspects: np.ndarray,
    sessions: pd.Series,
) -> np.ndarray:
    """Mark the units that have no value in a whole session, or in most of what counts. (k,)"""
    session, names = pd.factorize(sessions, use_na_sentinel=False)
    missing = np.zeros((len(names), len(units)), dtype=np.int32)
    for rows in _blocks_of(np.flatnonzero(counted & suspects), len(units)):
        absent = ~np.isfinite(betas[np.ix_(rows, units)])
        for number in np.unique(session[rows]):
            missing[number] += absent[session[rows] == number].sum(axis=0, dtype=np.int32)
    length = np.bincount(session[counted], minlength=len(names))
    throughout = (missing == length[:, None])[length > 1].any(axis=0)  # one trial is no session
    return np.asarray(throughout | (missing.sum(axis=0) > MOST * counted.sum()))


def _blocks_of(rows: np.ndarray, row_elements: int) -> Iterator[np.ndarray]:
    return (rows[block] for block in row_blocks(len(rows), row_elements))
