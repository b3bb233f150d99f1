"""What is tried against ridge: each way by its definition, differences and verdict by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import RidgeCV

from core import datasets, scores
from core.decoders.training.data import prepare
from core.decoders.training.train import fit
from core.progress import silent
from core.report import plan, tried
from core.report.parts import improvement
from core.vectors import unit_rows

SMALL = plan.Scale(1, 1, {"stimuli": 120}, {"epochs": 1}, 10, 1, 1, 2)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_csls_by_loops():
    similarity = np.random.default_rng(0).uniform(-1, 1, (14, 12))
    rescaled = tried.csls(similarity)
    for i in range(14):
        for j in range(12):
            near = sorted(similarity[i])[-10:], sorted(similarity[:, j])[-10:]
            expected = 2 * similarity[i, j] - np.mean(near[0]) - np.mean(near[1])
            assert rescaled[i, j] == pytest.approx(expected)


def test_the_inverted_softmax_sums_to_one_over_queries_and_demotes_hubs():
    similarity = np.random.default_rng(0).uniform(-1, 1, (14, 12))
    similarity[:, 3] += 0.5
    rescaled = tried.inverted_softmax(similarity)
    shares = np.exp(rescaled)
    np.testing.assert_allclose((shares / shares.sum(axis=0)).sum(axis=0), 1)
    differences = rescaled - similarity / similarity.std()
    np.testing.assert_allclose(differences, np.broadcast_to(differences[0], (14, 12)))
    assert differences[0].argmin() == 3


@pytest.fixture(scope="module")
def data():
    return prepare(plan.config(SMALL, "ridge", 0))


def test_whitened_targets_are_those_of_ridge_where_nothing_is_to_whiten(data, monkeypatch):
    monkeypatch.setattr(tried, "WHITENED", 1.0)
    own = tried.whitened_targets(data, "test")
    plain = fit(plan.config(SMALL, "ridge", 0), data, silent)
    rows = data.rows(data.fold.test, "mean", plain.scaling)
    expected = plain.predict(rows.x, rows.subject)
    similar = unit_rows(np.asarray(own.predicted)) @ unit_rows(np.asarray(own.images)).T
    ranks = scores.mean_ranks(similar, np.asarray(own.image))
    targets = tried._Ridge(data).targets[data.fold.test]
    other = scores.mean_ranks(unit_rows(expected) @ targets.T, np.asarray(own.image))
    assert np.corrcoef(ranks, other)[0, 1] > 0.99


def ceiling(trials, stimulus):
    """Share of signal in the variance of means over three repeats. (v,)"""
    trials = trials[np.argsort(stimulus, kind="stable")].reshape(-1, 3, trials.shape[1])
    noise = trials.var(axis=1, ddof=1).mean(axis=0) / 3
    signal = np.maximum(trials.mean(axis=1).var(axis=0, ddof=1) - noise, 0)
    return signal / (signal + noise)


def test_units_and_components_count_by_how_their_repeats_agree(data):
    """Means over stimuli estimate the noise; the two estimators are equal with equal repeats."""
    base = tried._Ridge(data)
    single = data.rows(data.fold.train, "all", base.scaling)
    axes = np.linalg.svd(base.rows.x, full_matrices=False)[2].T
    ways = {
        tried.by_noise_ceiling: np.diag(np.sqrt(ceiling(single.x, single.stimulus))),
        tried.denoised: axes * ceiling(single.x @ axes, single.stimulus),
    }
    for way, kept in ways.items():
        peer = RidgeCV(tried.ALPHAS).fit(base.rows.x @ kept, base.targets[base.rows.stimulus])
        expected = peer.predict(base.of("test").x @ kept)
        np.testing.assert_allclose(way(data, "test").predicted, expected, atol=1e-3)


def test_differences_are_those_of_the_same_images_over_categories(monkeypatch):
    table = improvement.measure(SMALL, silent)
    assert list(table["recording"].unique()) == ["simulated", "weak"]
    config = plan.config(SMALL, "ridge", 0)
    data = prepare(config)
    values = []
    for head in ("ridge", "whitened_ridge"):
        run = fit(plan.config(SMALL, head, 0), data, silent)
        rows = data.rows(data.fold.validation, "mean", run.scaling)
        targets = tried._Ridge(data).targets[data.fold.validation]
        similar = unit_rows(run.predict(rows.x, rows.subject)) @ targets.T
        own = np.diag(similar)[:, None]
        values.append(((own > similar).sum(axis=1)) / (len(targets) - 1))
    row = table.query("recording == 'simulated' and side == 'validation'").set_index("tried")
    assert row["value"]["`ridge`"] == pytest.approx(values[0].mean())
    assert row["value"]["`whitened_ridge`"] == pytest.approx(values[1].mean())
    category = datasets.load("simulated", "S1", stimuli=120).stimuli["category"].to_numpy()
    above = pd.Series(values[1] - values[0]).groupby(category[data.fold.validation]).mean()
    assert row["difference"]["`whitened_ridge`"] == pytest.approx(above.mean())
    assert row["units"]["`whitened_ridge`"] == len(above)
    monkeypatch.setattr(improvement, "fit", pytest.fail)
    pd.testing.assert_frame_equal(improvement.measure(SMALL, silent), table)


def told(*lows):
    """A table with one try beside ridge on as many recordings."""
    rows = [
        {
            **{"recording": f"r{number}", "side": side, "tried": name, "value": 0.7},
            **{"difference": low + 0.01, "low": low, "high": low + 0.02},
            **{"units": 9, "over": "images"},
        }
        for number, low in enumerate(lows)
        for side in ("validation", "test")
        for name in ("`ridge`", "`whitened_ridge`")
    ]
    table = pd.DataFrame(rows)
    nothing = table["tried"] == "`ridge`"
    table.loc[nothing, ["difference", "low", "high"]] = 0.0
    return table


def test_the_verdict_names_what_beats_ridge_on_every_recording_or_says_that_nothing_does():
    better = improvement.section(told(0.01, 0.002))
    assert "on every recording these beat `ridge` beyond the interval: `whitened_ridge`." in better
    assert "**.020 [.010, .030]**" in better
    assert "nothing beats `ridge`" in improvement.section(told(0.01, -0.001))
    lacking = told(0.01, 0.01)
    lacking.loc[lacking["recording"] == "r1", ["difference", "low", "high"]] = np.nan
    assert "nothing beats `ridge`" in improvement.section(lacking)
