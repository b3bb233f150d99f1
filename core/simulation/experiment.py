"""One run of the experiment: some of the stimuli, shown some times to one subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.simulation.files import Files, open_files
from core.simulation.model import SUBJECTS, Model, subject_model, trial_list


@dataclass(frozen=True)
class Experiment:
    """What was shown, what was measured, and what is true.

    Attributes
    ----------
    files : Files
    stimuli : pd.DataFrame
        Row i is row i of ``model.signal``.
    model : Model
        The subject, its signal restricted to these stimuli.
    trials : pd.DataFrame
        Columns ``id, repeat, run, session``.
    betas : np.ndarray of shape (trials, v), float32, z
    """

    files: Files
    stimuli: pd.DataFrame
    model: Model
    trials: pd.DataFrame
    betas: np.ndarray


def run(subject: str, options: Mapping[str, Any]) -> Experiment:
    """Simulate one subject with the options of the recording ``simulated``.

    The noise-free signal of a unit does not depend on how many stimuli or repeats are
    shown; the betas are then z-scored within the sessions of what is shown.
    """
    files = open_files()
    stimuli, model = truth(subject, options)
    rng = np.random.default_rng([options["seed"], SUBJECTS.index(subject), 1])
    ids = stimuli["id"].to_numpy(dtype=object)
    trials = trial_list(ids, options["repeats"], rng)
    shown = trials["id"].map({name: row for row, name in enumerate(ids)}).to_numpy()
    betas = model.record(shown, trials["session"].to_numpy(), rng)
    return Experiment(files, stimuli, model, trials, betas)


def truth(subject: str, options: Mapping[str, Any]) -> tuple[pd.DataFrame, Model]:
    """The stimuli shown and the noise-free responses to them, row for row."""
    files = open_files()
    rows = rows_shown(files.stimuli, options["stimuli"])
    model = subject_model(
        files,
        subject,
        snr=options["snr"],
        parts=options["parts"],
        permuted=options["semantics"] == "permuted",
        seed=options["seed"],
    )
    return files.stimuli.iloc[rows].reset_index(drop=True), model.of_stimuli(rows)


def rows_shown(stimuli: pd.DataFrame, count: int) -> np.ndarray:
    """Rows of the first images of every category, then the second, up to ``count``; in order."""
    if not 1 <= count <= len(stimuli):
        raise InputError(
            f"{count} stimuli were asked for", f"1 to {len(stimuli)}, as many as there are"
        )
    nth = stimuli.groupby("kind", sort=False).cumcount().to_numpy()
    return np.sort(np.argsort(nth, kind="stable")[:count])
