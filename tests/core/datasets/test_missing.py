"""One rule for missing responses: units that leave, trials that leave an ROI, and who is named."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core import clusters, datasets, maps, rdm, splits
from core.__main__ import main
from core.datasets import completeness
from core.datasets.checks import check
from core.errors import InputError, NotFoundError
from core.validation import complete_rows

STIMULI, UNITS, SESSIONS = 8, 10, 3
TRIALS = STIMULI * SESSIONS
ROIS = {"A": [0, 1, 2], "B": [3, 4, 5], "C": [2, 6, 7]}
SHOWN = np.tile(np.arange(STIMULI), SESSIONS)


def betas_with(*places, seed=0):
    """Random responses (24 trials, 10 units), NaN at some (trials, units)."""
    betas = np.random.default_rng(seed).normal(size=(TRIALS, UNITS)).astype(np.float32)
    for trials, units in places:
        betas[trials, units] = np.nan
    return betas


@pytest.fixture
def opened(tmp_path):
    """Write responses as a folder of one's own, and open it."""

    def opened(betas, sessions=True, rois=ROIS):
        for below in ("responses", "rois"):
            (tmp_path / below).mkdir(exist_ok=True)
        ids = [f"p{number}" for number in range(STIMULI)]
        pd.DataFrame({"id": ids}).to_csv(tmp_path / "stimuli.csv", index=False)
        np.save(tmp_path / "responses" / "s1.npy", betas)
        trials = pd.DataFrame({"id": [ids[shown] for shown in SHOWN]})
        if sessions:
            trials["session"] = np.arange(TRIALS) // STIMULI + 1
        trials.to_csv(tmp_path / "responses" / "s1.csv", index=False)
        (tmp_path / "rois" / "s1.json").write_text(json.dumps(rois))
        return datasets.load("folder", root=tmp_path)

    return opened


def means_of(betas, units):
    """Mean of each stimulus over its complete trials, by a loop: the oracle. (n, v)"""
    means = np.full((STIMULI, len(units)), np.nan)
    for stimulus in range(STIMULI):
        rows = [betas[t, units] for t in range(TRIALS) if SHOWN[t] == stimulus]
        rows = [row.astype(np.float64) for row in rows if not np.isnan(row).any()]
        if rows:
            means[stimulus] = np.mean(rows, axis=0)
    return means


def texts(ds):
    return " ".join(f"{result.title}. {result.detail}" for result in check(ds))


FIRST, LAST = slice(0, STIMULI), slice(2 * STIMULI, TRIALS)
EVERY, TWO = slice(None), slice(0, 2 * STIMULI)
CASES = {
    "outside every ROI": ([(EVERY, 9)], {9}, {}),
    "inside two ROIs": ([(EVERY, 2)], {2}, {}),
    "lost in two sessions": ([(TWO, 1)], {1}, {}),
    "lost in one session": ([(LAST, 1)], {1}, {}),
    "lost in a trial": ([(3, 1)], set(), {"A": 1}),
    "lost in a trial, outside every ROI": ([(3, 9)], set(), {}),
    "another unit in each trial": ([([0, 9, 18], [3, 4, 5])], set(), {"B": 3}),
    "a whole trial": ([(5, EVERY)], set(), {"A": 1, "B": 1, "C": 1}),
    "a whole session": ([(FIRST, EVERY)], set(), {"A": 8, "B": 8, "C": 8}),
    "an ROI in one session": ([(FIRST, [3, 4, 5])], set(), {"B": 8}),
    "a stimulus in every trial": ([([1, 9, 17], EVERY)], set(), {"A": 3, "B": 3, "C": 3}),
    "one unit always, another once": ([(EVERY, 9), (4, 6)], {9}, {"C": 1}),
}


@pytest.mark.parametrize("name", CASES)
def test_every_number_follows_the_rule(name, opened):
    places, gone, dropped = CASES[name]
    betas = betas_with(*places)
    ds = opened(betas)
    assert set(ds.left_out) == gone
    assert ds.units().tolist() == [unit for unit in range(UNITS) if unit not in gone]
    profiles = ds.region_means()
    for column, (roi, inside) in enumerate(ROIS.items()):
        units = [unit for unit in inside if unit not in gone]
        assert ds.units(roi).tolist() == units
        oracle = means_of(betas, units)
        np.testing.assert_allclose(ds.responses(roi), oracle, atol=1e-6)
        np.testing.assert_allclose(profiles[:, column], oracle.mean(axis=1), atol=1e-6)
        assert len(ds.trials) - ds.trial_counts(roi).sum() == dropped.get(roi, 0)
        single = ds.responses(roi, repeats="all")
        lost = np.isnan(single)
        by_trial = ds.region_means(repeats="all")[:, column]
        np.testing.assert_allclose(by_trial, single.mean(axis=1), atol=1e-6)
        assert (lost.all(axis=1) == lost.any(axis=1)).all()
        assert lost.any(axis=1).sum() == dropped.get(roi, 0)
        assert np.isnan(rdm.of_dataset(ds, [roi])).sum() == 0 or ds.missing(roi).any()
    np.testing.assert_allclose(ds.responses(), means_of(betas, ds.units()), atol=1e-6)
    both = means_of(betas, ds.units(["A", "B"]))
    np.testing.assert_allclose(ds.responses(["A", "B"]), both, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_no_check_is_green_and_the_unit_is_named(name, opened):
    places, gone, dropped = CASES[name]
    ds = opened(betas_with(*places))
    said = [result for result in check(ds) if result.state != "ok" and "left out" in result.title]
    assert said
    assert not any(result.title == "No response is missing" for result in check(ds))
    text = " ".join(result.detail for result in said)
    for unit in gone:
        assert f"Unit {unit} (" in text
    for roi in dropped:
        assert f"{roi} {dropped[roi]}" in text
    table = {row.roi: row for row in completeness.by_roi(ds)}
    assert {roi: row.trials_left_out for roi, row in table.items() if roi in ROIS} == {
        roi: dropped.get(roi, 0) for roi in ROIS
    }
    assert completeness.sentence(ds)


def test_a_unit_lost_in_two_thirds_of_the_trials_leaves_without_sessions_too(opened):
    ds = opened(betas_with((TWO, 1)), sessions=False)
    assert ds.left_out == {1: ("A",)}
    assert (ds.trial_counts("A") == SESSIONS).all()
    few = opened(betas_with((slice(0, 12), 1)), sessions=False)
    assert few.left_out == {}
    assert few.trial_counts("A").sum() == TRIALS - 12
    result = next(r for r in check(few) if r.state == "problem")
    assert "Unit 1 (A) has no value in 12 of 24 trials; without it 12 trials" in result.detail
    assert "A 12 (means of 1 to 2 trials)" in result.detail


def test_an_roi_without_values_is_named_and_the_others_go_on(opened):
    ds = opened(betas_with((EVERY, [3, 4, 5])))
    assert (list(ds.rois), ds.regions, ds.lost_rois) == (["A", "C"], ("A", "C"), ("B",))
    assert "No unit is left of B" in texts(ds)
    assert ds.region_means().shape == (STIMULI, 2)
    with pytest.raises(
        NotFoundError, match=r"No unit of the ROI 'B' has usable values of s1.*A, C"
    ):
        ds.responses("B")


def test_a_recording_without_any_value_is_missing_throughout(opened):
    ds = opened(np.full((TRIALS, UNITS), np.nan, np.float32))
    assert ds.left_out == {}
    assert ds.missing().all()
    assert np.isnan(ds.region_means()).all()
    assert not splits.pool.has_response(ds).any()


def test_pages_that_need_whole_profiles_leave_out_the_stimulus_alone(opened):
    betas = betas_with(([2, 10, 18], [3, 4, 5]))
    ds = opened(betas)
    assert np.isfinite(ds.region_means()[2]).tolist() == [True, False, True]
    rows = clusters.rows_of([ds]).responses
    drawn = maps.features_of(ds, "regions").array
    assert np.isnan(rows).all(axis=1).nonzero()[0].tolist() == [2]
    np.testing.assert_array_equal(rows, drawn)
    assert clusters.fit(rows, 2).missing == 1
    assert splits.pool.has_response(ds).all()


def test_a_subset_leaves_the_same_units_and_a_trial_that_it_lacks_costs_nothing(opened):
    betas = betas_with((TWO, 1), (4, 5))
    ds = opened(betas)
    part = ds.subset(["p6", "p1"])
    assert part.left_out == ds.left_out
    np.testing.assert_array_equal(part.responses("A"), ds.responses("A")[[6, 1]])
    assert part.trial_counts("B").tolist() == [SESSIONS, SESSIONS]
    assert ds.trial_counts("B").tolist() == [3, 3, 3, 3, 2, 3, 3, 3]


def test_only_a_recording_with_gaps_takes_another_fingerprint(opened, monkeypatch):
    whole, missing = betas_with(), betas_with((5, EVERY))
    prints = []
    for rule in (1, 2):
        monkeypatch.setattr("core.datasets.dataset.RULE", rule)
        prints.append([opened(b).fingerprint for b in (whole, missing, betas_with((4, 5)))])
    assert prints[0][:2] == prints[1][:2]
    assert prints[0][2] != prints[1][2]


def test_columns_keep_the_numbers_of_their_units(opened):
    ds = opened(betas_with((EVERY, [0, 4])))
    rows = clusters.rows_of([ds], "voxels", ["A", "B"])
    assert rows.names == ("unit 1", "unit 2", "unit 3", "unit 5")
    np.testing.assert_array_equal(rows.responses[:, 2], ds.responses_of(np.array([3]))[:, 0])


def test_a_complete_recording_is_said_to_be(opened):
    ds = opened(betas_with())
    assert completeness.is_complete(ds)
    assert completeness.sentence(ds) == completeness.sentence(ds, ["A"]) == ""
    assert all(result.state != "problem" for result in check(ds))
    assert completeness.by_unit(ds) == []


def test_zeros_in_the_place_of_a_session_are_suspected(opened):
    betas = betas_with()
    betas[FIRST, 7], betas[:, 8] = 0, 0
    titles = {result.title: result for result in check(opened(betas))}
    assert titles["1 unit constant in a session"].state == "problem"
    assert "Units 7 have" in titles["1 unit constant in a session"].detail
    assert "Units 8 have" in titles["1 constant unit"].detail
    assert "1 unit constant in a session" not in {
        result.title for result in check(opened(betas, sessions=False))
    }


def test_the_command_says_it_of_every_subject(opened, tmp_path, capsys):
    opened(betas_with((TWO, 1), (4, 5)))
    np.save(tmp_path / "responses" / "s2.npy", np.ones((STIMULI, 2)) + np.eye(STIMULI, 2))
    assert main(["check", "folder", "--root", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "Unit 1 (A) has no value in 16 of 24 trials, none in session 1, 2." in text
    assert "B: 3 units, 23 trials; left out 0 units, 1 trial; means of 2 to 3 trials" in text
    assert "subject s2\n  ok" in text
    assert main(["check", "folder", "--root", str(tmp_path), "--subject", "s1", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["subjects"]
    assert [unit["unit"] for unit in result["units"]] == [1, 5]
    out = str(tmp_path / "b.npy")
    main(["rdm", "folder", "--root", str(tmp_path), "--roi", "B", "--out", out])
    assert "B: 1 of 24 trials left out; means are of 2 to 3" in capsys.readouterr().out


def test_a_stimulus_that_was_never_shown_is_named(opened, tmp_path):
    opened(betas_with())
    listed = pd.DataFrame({"id": [f"p{number}" for number in range(STIMULI + 1)]})
    listed.to_csv(tmp_path / "stimuli.csv", index=False)
    ds = datasets.load("folder", root=tmp_path)
    unseen = next(result for result in check(ds) if result.title == "1 stimulus never shown")
    assert unseen.state == "note"
    assert unseen.detail.startswith("p8: ")
    assert ds.missing().tolist() == [False] * STIMULI + [True]
    whole = ds.subset([f"p{number}" for number in range(STIMULI)])
    assert "never shown" not in texts(whole)


def test_region_means_that_lack_a_region_are_missing_to_clusters(opened):
    ds = opened(betas_with(([1, 1 + STIMULI, 1 + 2 * STIMULI], 1)))
    assert np.isnan(ds.region_means()).sum() == 1
    found = clusters.fit(ds.region_means(), 2)
    assert found.missing == 1
    assert np.flatnonzero(found.labels == -1).tolist() == [1]


def test_distances_of_region_means_that_lack_a_region_say_what_to_do(opened):
    lost = [trial for trial in range(TRIALS) if SHOWN[trial] == 3]
    means = opened(betas_with((lost, ROIS["A"][0])), sessions=False).region_means()
    with pytest.raises(InputError, match=r"row: 3\..*core\.validation\.complete_rows makes them"):
        rdm.compute(means)
    matrix = rdm.compute(complete_rows(means))
    assert rdm.undefined(matrix).tolist() == [3]
    known = np.delete(np.arange(STIMULI), 3)
    expected = 1 - np.corrcoef(means[known])
    assert np.abs(matrix[np.ix_(known, known)] - expected).max() < 1e-6
