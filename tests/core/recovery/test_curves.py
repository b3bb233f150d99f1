"""What a design recovers of the truth: curves, answers, profiles and the job."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from core import operations, recovery, simulation
from core.datasets.recordings import simulated
from core.errors import Cancelled, InputError, NotFoundError
from core.figures import curves as charts
from core.recovery import curves as module
from core.recovery.curves import _Recovery, _theme_recovery

DEFAULTS = {option.name: option.default for option in simulated.INFO.options}
SMALL = {**DEFAULTS, "stimuli": 120, "subjects": 2}


def request(**changes):
    return {"options": SMALL, "roi": "V1", "metric": "correlation", **changes}


@pytest.fixture(scope="module")
def curves():
    return recovery.measure(**request())


def test_a_row_for_every_point_and_subject(curves):
    assert set(curves["curve"]) == {"repeats", "stimuli", "units", "snr"}
    assert set(curves["subject"]) == {"S1", "S2"}
    assert curves.groupby(["curve", "value"]).size().eq(2).sum() >= 20
    base = curves[(curves["curve"] == "repeats") & (curves["value"] == 3)]
    same = curves[(curves["curve"] == "stimuli") & (curves["value"] == 120)]
    assert np.array_equal(base["rdm"].to_numpy(), same["rdm"].to_numpy())


@pytest.mark.parametrize("curve", ["repeats", "snr"])
def test_more_signal_recovers_more(curves, curve):
    means = curves[curves["curve"] == curve].groupby("value")[["rdm", "ceiling"]].mean()
    assert (means["rdm"].diff().dropna() > -0.02).all()
    assert means["rdm"].iloc[-1] > means["rdm"].iloc[0] + 0.15
    assert (means["ceiling"].diff().dropna() > 0).all()


def test_the_model_predicts_the_reliability(curves):
    known = curves[np.isfinite(curves["reliability"]) & curves["curve"].isin(["repeats", "snr"])]
    assert np.abs(known["reliability"] - known["ceiling"]).median() < 0.05
    once = curves[(curves["curve"] == "repeats") & (curves["value"] == 1)]
    assert once["reliability"].isna().all()


def test_a_point_agrees_with_scipy_and_scikit_learn():
    files = simulation.open_files()
    model = simulation.subject_model(files, "S1", snr=1.0)
    model = model.of_units(model.rois["LOC"])
    recovered = _Recovery(files, model, "S1", 0, "correlation")
    found = recovered({"repeats": 2, "stimuli": 160, "units": 40, "snr": 0.5})
    rows = simulation.rows_shown(files.stimuli, 160)
    signal = model.signal[rows].astype(float)
    scaled = 0.5 * model.ncsnr * (signal - signal.mean(axis=0))
    truth = 1 - np.corrcoef(scaled / np.sqrt(1 + scaled.var(axis=0)))
    units = recovered.order[:40]
    part = dataclasses.replace(model.of_units(units).of_stimuli(rows))
    part = dataclasses.replace(part, ncsnr=0.5 * part.ncsnr)
    rng = np.random.default_rng([0, 0, 160])
    trials = simulation.trial_list(np.arange(160), 2, rng)
    betas = part.record(trials["id"].to_numpy(int), trials["session"].to_numpy(), rng)
    averaged = pd.DataFrame(betas).groupby(trials["id"].to_numpy(int)).mean().to_numpy()
    upper = np.triu_indices(160, 1)
    expected = spearmanr(truth[upper], (1 - np.corrcoef(averaged))[upper]).statistic
    assert found["rdm"] == pytest.approx(expected, abs=1e-4)
    rows_of_pattern = averaged - averaged.mean(axis=1, keepdims=True)
    rows_of_pattern /= np.linalg.norm(rows_of_pattern, axis=1, keepdims=True)
    labels = KMeans(6, n_init=5, random_state=0).fit_predict(rows_of_pattern.astype(np.float32))
    themes = files.stimuli["theme"].to_numpy()[rows]
    assert found["clusters"] == pytest.approx(adjusted_rand_score(themes, labels), abs=0.05)


def test_endless_repeats_recover_everything():
    files = simulation.open_files()
    model = simulation.subject_model(files, "S2", snr=1.0)
    model = model.of_units(model.rois["FFA"])
    recovered = _Recovery(files, model, "S2", 0, "correlation")
    design = {"stimuli": 80, "units": len(model.ncsnr), "snr": 0.4}
    assert recovered({**design, "repeats": 400})["rdm"] > 0.985
    few = recovered({**design, "repeats": 400, "units": 10})["rdm"]
    assert few < recovered({**design, "repeats": 400, "units": 40})["rdm"] < 0.985


@pytest.mark.parametrize(("noise", "low", "high"), [(0.01, 0.999, 1.0), (100.0, -0.05, 0.1)])
def test_theme_recovery_tells_clusters_from_noise(noise, low, high):
    rng = np.random.default_rng(0)
    themes = np.repeat(list("abcdef"), 40)
    centres = rng.standard_normal((6, 30))
    responses = np.repeat(centres, 40, axis=0) + noise * rng.standard_normal((240, 30))
    assert low <= _theme_recovery(responses, themes) <= high


def test_answers_are_the_smallest_value_that_reaches_the_target():
    means = pd.DataFrame(
        {"curve": "repeats", "value": [1.0, 2.0, 4.0], "measure": "rdm", "mean": [0.2, 0.5, 0.7]}
    )
    assert recovery.needed(means, "repeats", "rdm", 0.5) == 2.0
    assert recovery.needed(means, "repeats", "rdm", 0.1) == 1.0
    assert recovery.needed(means, "repeats", "rdm", 0.9) is None


def test_intervals_are_t_intervals_over_subjects():
    curves = pd.DataFrame(
        {
            "curve": "repeats", "value": 1.0, "subject": ["S1", "S2", "S3", "S4"],
            "reliability": np.nan, "rdm": [0.1, 0.2, 0.3, 0.4], "clusters": 0.5,
            "ceiling": 0.3, "themes": 0.9,
        }
    )  # fmt: skip
    table = recovery.summary(curves).set_index("measure")
    expected = stats.ttest_1samp([0.1, 0.2, 0.3, 0.4], 0).confidence_interval(0.95)
    assert table.loc["rdm", ["low", "high"]].tolist() == pytest.approx(list(expected))
    assert table.loc["clusters", "low"] == table.loc["clusters", "high"] == 0.5
    assert np.isnan(table.loc["reliability", "low"])
    two = recovery.summary(curves[:2]).set_index("measure")
    assert np.isnan(two.loc["rdm", "low"])
    assert two.loc["rdm", "mean"] == pytest.approx(0.15)


def test_the_limit_of_clusters_is_what_is_there_without_noise():
    means = pd.DataFrame({"measure": ["themes", "themes", "rdm"], "mean": [0.4, 0.5, 0.9]})
    assert recovery.limit(means, "clusters") == 0.5
    assert recovery.limit(means, "rdm") == 1.0


def test_the_design_is_marked_on_the_logarithmic_axis():
    points = pd.DataFrame(
        {"value": [80.0, 1500.0], "mean": [0.2, 0.4], "low": np.nan, "high": np.nan, "n": 1}
    )
    figure = charts.recovery(points, None, "", "Stimuli", "RDM", current=1500, target=0.8)
    label = next(a for a in figure.layout.annotations if "this design" in a.text)
    assert label.x == pytest.approx(np.log10(1500))


def test_profiles_show_what_regions_prefer():
    stimuli, model = simulation.truth("S1", DEFAULTS)
    table = recovery.profiles(model, stimuli["theme"])
    assert table.shape == (6, 25)
    assert table["FFA-1"].idxmax() == "faces"
    assert table["food-medial"].idxmax() == "food"


def test_the_strongest_images_of_a_region():
    stimuli, model = simulation.truth("S1", DEFAULTS)
    most, least = recovery.strongest(model, "FFA-1", 10)
    means = model.signal[:, model.rois["FFA-1"]].mean(axis=1)
    assert means[most[0]] == means.max()
    assert means[least[0]] == means.min()
    assert (stimuli["theme"].iloc[most] == "faces").all()
    _, without = simulation.truth("S1", {**DEFAULTS, "parts": ("semantics",)})
    assert all(len(rows) == 0 for rows in recovery.strongest(without, "V1v", 10))


def test_the_job_stores_its_curves_and_stops_when_asked(tmp_path):
    operation = operations.resolve("ground_truth")
    small = request(options={**SMALL, "stimuli": 80, "subjects": 1}, roi="food")
    seen = []
    result = operation(small, lambda fraction, message: seen.append(fraction), tmp_path)
    stored = recovery.load(result["key"])
    pd.testing.assert_frame_equal(
        stored, recovery.measure(**small)[stored.columns], check_exact=True
    )
    assert seen == sorted(seen)

    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        operation(request(roi="PPA"), stop, tmp_path)


def test_bad_requests(monkeypatch):
    with pytest.raises(NotFoundError, match=r"'V9'.*V1, V2"):
        recovery.measure(**request(roi="V9"))
    with pytest.raises(InputError, match="folds"):
        recovery.measure(**request(metric="crossnobis"))
    monkeypatch.setattr(module, "CURVES", {"snr": recovery.CURVES["snr"]})
    lacking = recovery.measure(
        **request(options={**SMALL, "stimuli": 80, "subjects": 8}, roi="OFA")
    )
    assert "S5" not in set(lacking["subject"])
