"""Folds are runs, else sessions, else repeats; what served is said, and kept."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from core import datasets, rdm, store
from core.datasets import Reference
from core.errors import InputError, NotFoundError
from core.rdm.job import run

UNITS = 150


@pytest.fixture
def write(tmp_path):
    """Write a recording folder from trials: dicts with id, run, session, ..."""

    def folder(trials, betas):
        root = tmp_path / "mine"
        (root / "responses").mkdir(parents=True, exist_ok=True)
        (root / "rois").mkdir(exist_ok=True)
        table = pd.DataFrame(trials)
        ids = sorted(set(table["id"]))
        (root / "stimuli.csv").write_text("id\n" + "\n".join(ids) + "\n")
        table.to_csv(root / "responses" / "S1.csv", index=False)
        np.save(root / "responses" / "S1.npy", np.array(betas, dtype=np.float32))
        (root / "rois" / "S1.json").write_text(json.dumps({"A": list(range(UNITS))}))
        return datasets.load("folder", root=root)

    return folder


def record(labels, n=12, repeats=2, seed=0, offset=1.0):
    """Noise that repeats of a stimulus share within each of the ``labels``, and no signal."""
    rng = np.random.default_rng(seed)
    trials, betas = [], []
    for label in labels:
        shared = rng.standard_normal((n, UNITS)) + offset * rng.standard_normal(UNITS)
        for _ in range(repeats):
            for stimulus in range(n):
                trials.append({"id": f"p{stimulus:02d}", **label})
                betas.append(shared[stimulus] + 0.5 * rng.standard_normal(UNITS))
    return trials, betas


def pairs_of(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


RUNS = {
    "runs": ([{"run": number} for number in range(4)], "4 runs"),
    "runs of one session": ([{"run": n, "session": 3} for n in range(3)], "3 runs"),
    "runs that begin again in each session": (
        [{"run": run, "session": session} for session in "ab" for run in (1, 2, 3)],
        "6 runs in 2 sessions",
    ),
    "sessions": ([{"session": number} for number in (1, 2)], "2 sessions"),
}


@pytest.mark.parametrize("case", RUNS)
def test_repeats_of_a_run_do_not_count_as_independent(write, case):
    labels, text = RUNS[case]
    ds = write(*record(labels))
    values = pairs_of(rdm.of_dataset(ds, ["A"], "crossnobis"))
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(12)
    assert abs(values.mean()) < 0.1
    assert rdm.folds_of(ds, ["A"]).text == text
    labelled = np.arange(len(ds.trials)) // 24
    again = rdm.compute(ds.betas, "crossnobis", labelled, stimuli=ds.trials["id"].to_numpy())
    assert np.allclose(rdm.of_dataset(ds, ["A"], "crossnobis"), again, atol=1e-6)


def test_run_numbers_that_begin_again_are_other_runs(write):
    """Run 1 of two sessions is two runs: four folds, so that noise can be estimated outside."""
    labels = [{"run": run, "session": session} for session in (1, 2) for run in (1, 2)]
    ds = write(*record(labels, repeats=1))
    assert rdm.folds_of(ds).text == "4 runs in 2 sessions"
    assert np.isfinite(rdm.of_dataset(ds, ["A"], "crossnobis", noise="full")).all()
    by_number = write(*record([{"run": label["run"]} for label in labels], repeats=1))
    assert rdm.folds_of(by_number).text == "2 runs"


def test_repeats_serve_where_no_run_is_named(write):
    trials, betas = record([{}] * 3, repeats=1)
    ds = write(trials, betas)
    assert rdm.folds_of(ds).text == "3 repeats, for the trial list names no run or session"
    same = write([{**trial, "run": "", "session": 1} for trial in trials], betas)
    assert rdm.folds_of(same).text == "3 repeats, for the trial list names no run"
    some = same.subset(same.stimuli["id"].tolist()[:5])
    assert rdm.folds_of(some).text == "3 repeats, for the trial list names no run"


def test_repeats_within_one_run_are_refused(write):
    trials, betas = record([{}], repeats=3)
    runs = {
        "one run": ([1] * 36, r"one run \(1 run\)"),
        "a run for each stimulus": ([1 + i % 12 // 6 for i in range(36)], r"one run \(2 runs\)"),
    }
    for numbers, message in runs.values():
        ds = write([{**t, "run": n} for t, n in zip(trials, numbers, strict=True)], betas)
        with pytest.raises(NotFoundError, match=f"repeats of a stimulus lie within {message}"):
            rdm.of_dataset(ds, ["A"], "crossnobis")
    ds = write([{**t, "session": n} for t, n in zip(trials, numbers, strict=True)], betas)
    with pytest.raises(NotFoundError, match="another session"):
        rdm.of_dataset(ds, ["A"], "crossnobis")


def test_folds_by_hand_that_split_a_run_are_why_the_trial_list_is_asked(write):
    """``compute`` cannot know runs: both repeats of a stimulus share what their run adds."""
    rng = np.random.default_rng(0)
    offsets = rng.standard_normal((4, UNITS))
    shown = np.repeat(np.arange(24), 2)
    betas = rng.standard_normal((48, UNITS)) + offsets[shown % 4]
    by_hand = rdm.compute(betas, "crossnobis", np.tile([0, 1], 24), stimuli=shown)
    assert pairs_of(by_hand).mean() > 1
    trials = [{"id": f"p{number:02d}", "run": number % 4} for number in shown]
    with pytest.raises(NotFoundError, match=r"within one run \(4 runs\)"):
        rdm.of_dataset(write(trials, betas), ["A"], "crossnobis")


def test_a_pair_of_repeats_within_one_run_is_missing(write):
    """The stimuli that come again in another run have values; the one that does not has none."""
    trials, betas = record([{"run": 1}, {"run": 2}])
    kept = [i for i, t in enumerate(trials) if not (t["id"] == "p03" and t["run"] == 2)]
    matrix = rdm.of_dataset(
        write([trials[i] for i in kept], np.array(betas)[kept]), ["A"], "crossnobis"
    )
    assert rdm.undefined(matrix).tolist() == [3]
    others = np.delete(np.arange(12), 3)
    assert np.isfinite(matrix[np.ix_(others, others)]).all()


def test_runs_of_some_trials_only_are_refused(write):
    trials, betas = record([{"run": 1}, {"run": 2}])
    trials[5]["run"] = None
    with pytest.raises(InputError, match="names no run for 1 of 48 trials"):
        rdm.of_dataset(write(trials, betas), ["A"], "crossnobis")


def test_stimuli_shown_once_are_refused(write):
    with pytest.raises(NotFoundError, match="each stimulus once"):
        rdm.folds_of(write(*record([{"run": 1}], repeats=1)))


def test_lost_trials_are_no_folds(write):
    ds = write(*record([{"run": 1}, {"run": 2}, {"run": 3}], repeats=1))
    betas = np.array(ds.betas)
    betas[:12] = np.nan
    assert rdm.folds_of(dataclasses.replace(ds, betas=betas)).text == "2 runs"
    betas = np.array(betas)
    betas[:24] = np.nan
    with pytest.raises(NotFoundError, match="No stimulus has two usable trials of S1"):
        rdm.folds_of(dataclasses.replace(ds, betas=betas))


def test_the_result_says_what_served_as_folds(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROGALLERY_RESULTS", str(tmp_path))
    ds = datasets.load("simulated", stimuli=80)
    for metric, text in (("crossnobis", "4 runs"), ("cosine", None)):
        request = rdm.RdmRequest(Reference.of(ds), ("V1",), metric)
        key = run(request, lambda *_: None, tmp_path)["key"]
        assert store.load(key).facts.get("folds") == text
