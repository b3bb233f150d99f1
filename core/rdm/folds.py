"""What serves as folds of a cross-validated distance: runs, else sessions, else repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.datasets import Dataset
from core.datasets.tables import names_column
from core.errors import InputError, NotFoundError


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

    Trials of one run share its noise, so repeats within a run do not count as independent.
    A run is a run of a session, as run numbers may begin again in each. Repeats are numbered
    in the order of presentation.

    Raises
    ------
    InputError
        If the trial list names a run or session for some trials only.
    NotFoundError
        If no stimulus was repeated, or none in two runs (sessions).
    """
    usable = np.isfinite(ds.responses(list(rois) if rois else None, repeats="all")).all(axis=1)
    trials = ds.trials[usable]
    kind, numbers = _number(ds, trials)
    _check_repeated(ds, trials, kind, numbers)
    return Folds(np.flatnonzero(usable), numbers, _describe(ds, trials, kind, numbers))


def _number(ds: Dataset, trials: pd.DataFrame) -> tuple[str, np.ndarray]:
    """What the folds are, 'run', 'session' or 'repeat', and the fold of each trial."""
    has_session = _is_named(ds, "session")
    if _is_named(ds, "run"):
        columns = ["session", "run"] if has_session else ["run"]
        return "run", trials.groupby(columns).ngroup().to_numpy()
    if has_session and ds.trials["session"].nunique() > 1:
        return "session", trials.groupby("session").ngroup().to_numpy()
    return "repeat", trials.groupby("id").cumcount().to_numpy()


def _is_named(ds: Dataset, column: str) -> bool:
    """Whether the trial list names a run or session; refused where it does so in part."""
    if not names_column(ds.trials, column):
        return False
    empty = int((ds.trials[column].isna() | (ds.trials[column] == "")).sum())
    if 0 < empty < len(ds.trials):
        raise InputError(
            f"The trial list of {ds.subject} names no {column} for {empty} of "
            f"{len(ds.trials)} trials",
            f"a {column} for every trial, or no column {column!r}",
        )
    return empty == 0


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
            f"All repeats of a stimulus lie within one {kind} ({_count(count, kind)}), "
            "whose trials share their noise",
            f"stimuli that are repeated in another {kind}",
            "Choose another metric.",
        )


def _describe(ds: Dataset, trials: pd.DataFrame, kind: str, numbers: np.ndarray) -> str:
    count = _count(len(np.unique(numbers)), kind)
    if kind == "repeat":
        lacking = "run or session" if not names_column(ds.trials, "session") else "run"
        return f"{count}, for the trial list names no {lacking}"
    sessions = trials["session"].nunique()
    return f"{count} in {sessions} sessions" if kind == "run" and sessions > 1 else count


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
