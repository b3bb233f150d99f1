"""One rule for what tells the noise of trials apart, which every measure follows."""

import numpy as np
import pandas as pd
import pytest

from core import datasets, rdm
from core.datasets.tables import complete_trials, runs_of
from core.errors import InputError, NotFoundError

# Of trials in the order of presentation: what the list names, and which share a number.
LISTS = {
    "runs that begin again": ({"run": [2, 1, 2, 1], "session": [1, 1, 2, 2]}, "run", [0, 1, 2, 3]),
    "runs alone, as text": ({"run": ["b", "a", "b", "a"]}, "run", [0, 1, 0, 1]),
    "one run in each session": ({"run": [1] * 4, "session": [1, 1, 2, 2]}, "run", [0, 0, 1, 1]),
    "all of one run": ({"run": [1] * 4}, "run", [0, 0, 0, 0]),
    "sessions": ({"session": ["late", "late", "early", "late"]}, "session", [0, 0, 1, 0]),
    "run left empty": ({"run": [""] * 4, "session": [1, 2, 1, 2]}, "session", [0, 1, 0, 1]),
    "one session": ({"session": [3] * 4}, "repeat", None),
    "neither": ({}, "repeat", None),
}


@pytest.mark.parametrize("case", LISTS)
def test_runs_else_sessions_else_repeats(case):
    columns, kind, numbers = LISTS[case]
    runs = runs_of(complete_trials(pd.DataFrame({"id": list("abab"), **columns})), "S1")
    assert runs.kind == kind
    assert (runs.numbers is None) == (numbers is None)
    assert numbers is None or runs.numbers.tolist() == numbers


@pytest.mark.parametrize("column", ["run", "session"])
@pytest.mark.parametrize("gap", [None, "", np.nan])
def test_a_run_for_some_trials_only_is_refused(column, gap):
    trials = complete_trials(pd.DataFrame({"id": list("abab"), column: [1, 1, gap, 2]}))
    with pytest.raises(InputError, match=f"of S1 names no {column} for 1 of 4 trials"):
        runs_of(trials, "S1")


@pytest.mark.parametrize("runs", [None, 1, 3])
def test_reliability_and_distances_follow_the_same_runs(runs):
    """Three repeats within one run are no repeats, for either."""
    rng = np.random.default_rng(0)
    trials = pd.DataFrame({"id": [f"p{i}" for i in range(8)] * 3})
    if runs:
        trials["run"] = np.arange(24) // 8 % runs
    ds = datasets.Dataset(
        info=datasets.DatasetInfo("mine", "Mine"),
        subject="S1",
        subjects=("S1",),
        stimuli=pd.DataFrame({"id": [f"p{i}" for i in range(8)]}),
        fingerprint="mine",
        betas=rng.standard_normal((24, 5)).astype(np.float32),
        trials=complete_trials(trials),
    )
    units = datasets.unit_table(ds)
    if runs == 1:
        assert "0 stimuli have two usable repeats in different runs" in units.attrs["problem"]
        with pytest.raises(NotFoundError, match="within one run"):
            rdm.folds_of(ds)
    else:
        assert units.attrs == {"stimuli": 8, "problem": ""}
        kind = "runs" if runs else "repeats"
        assert rdm.folds_of(ds).text.startswith(f"3 {kind}")
