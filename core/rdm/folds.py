"""What serves as folds of a cross-validated distance: runs, else sessions, else repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.datasets import Dataset
from core.datasets.tables import names_column, runs_of
from core.errors import NotFoundError
from core.words import counted


@dataclass(frozen=True)
class Folds:
    """Folds of trials whose noise is taken as independent.

    Attributes
    ----------
    trials : np.ndarray of shape (k,), int
        Usable trials, places in ``Dataset.trials``.
    numbers : np.ndarray of shape (k,), int
        Fold of each.
    text : str
        What served as folds: '6 runs in 2 sessions'.
    """

    trials: np.ndarray
    numbers: np.ndarray
    text: str


def folds_of(ds: Dataset, rois: Sequence[str] | None = None) -> Folds:
    """Folds of the trials that have a response in a ROI (None: in every unit).

    Trials of one run share its noise, so repeats within a run do not count as independent: folds
    are what ``Dataset.trial_runs`` tells apart. Where it tells nothing, repeats are numbered in
    the order of presentation.

    Raises
    ------
    InputError
        If the trial list names a run or session for some trials only.
    NotFoundError
        If no stimulus was repeated, or none in two runs (sessions).
    """
    usable = np.isfinite(ds.responses(list(rois) if rois else None, repeats="all")).all(axis=1)
    trials = ds.trials[usable]
    kind, runs = runs_of(ds.trials, ds.subject)
    repeats = trials.groupby("id").cumcount().to_numpy(dtype=np.intp)
    numbers = repeats if runs is None else runs[usable]
    _check_repeated(ds, trials, kind, numbers)
    return Folds(np.flatnonzero(usable), numbers, _describe(ds, trials, kind, numbers))


def _check_repeated(ds: Dataset, trials: pd.DataFrame, kind: str, numbers: np.ndarray) -> None:
    stimuli = trials["id"].to_numpy()
    if not pd.Series(stimuli).duplicated().any():
        once = f"{ds.info.title} shows each stimulus once to {ds.subject}"
        if ds.repeats.max() > 1:
            once = f"No stimulus has two usable trials of {ds.subject} in these units"
        raise NotFoundError(
            once,
            "repeats, for the folds of a cross-validated distance",
            "Choose another metric.",
        )
    if pd.Series(numbers).groupby(stimuli).nunique().max() < 2:
        count = len(np.unique(numbers))
        raise NotFoundError(
            f"All repeats of a stimulus lie within one {kind} ({counted(count, kind)}), "
            "whose trials share their noise",
            f"stimuli that are repeated in another {kind}",
            "Choose another metric.",
        )


def _describe(ds: Dataset, trials: pd.DataFrame, kind: str, numbers: np.ndarray) -> str:
    count = counted(len(np.unique(numbers)), kind)
    if kind == "repeat":
        lacking = "run or session" if not names_column(ds.trials, "session") else "run"
        return f"{count}, for the trial list names no {lacking}"
    sessions = trials["session"].nunique()
    return f"{count} in {sessions} sessions" if kind == "run" and sessions > 1 else count
