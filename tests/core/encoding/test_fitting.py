"""Encoding models of a planted recording: who predicts whom, the control, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from core import encoding, store
from core.decoders.training.data import prepare
from core.encoding import fitting, scores
from core.encoding.fitting import ALPHAS, LEAVE_ONE_OUT
from core.encoding.scores import correlations
from core.errors import Cancelled, InputError
from tests.core.encoding import recording
from tests.core.encoding.recording import OTHER, TRUTH

BOTH = f"{TRUTH} + {OTHER}"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)


@pytest.fixture
def ds():
    return recording.opened()


def fitted(ds, model=TRUTH, inner=fitting.FOLDS, **settings):
    return encoding.fit(model, recording.config(model, **settings), ds, inner)


def test_each_embedding_predicts_its_own_region(ds):
    truth, other = fitted(ds), fitted(ds, OTHER)
    assert list(truth.regions) == ["A", "B"]
    assert truth.region_scores.raw[0] > 0.7 > 0.3 > other.region_scores.raw[0]
    assert other.region_scores.raw[1] > 0.7 > 0.3 > truth.region_scores.raw[1]
    assert truth.region_scores.p[0] == other.region_scores.p[1] == 0.01
    assert abs(truth.control.mean(axis=0)).max() < 0.2


def test_a_perfect_model_reaches_its_ceiling():
    ds = recording.opened(noise=2.0)
    fit = fitted(ds)
    own = fit.regions["A"]
    assert np.median(fit.ceilings.correlation[own]) < 0.9
    assert np.median(fit.normalised[own]) == pytest.approx(1.0, abs=0.06)


def test_it_is_the_ridge_of_scikit_learn_on_training_images_alone(ds):
    fit = fitted(ds, inner=LEAVE_ONE_OUT)
    data = prepare(recording.config())
    train = np.sort(np.r_[data.fold.train, data.fold.validation])
    np.testing.assert_array_equal(fit.train, train)
    np.testing.assert_array_equal(fit.test, data.fold.test)
    x, y = ds.embeddings["truth"].astype(np.float64), ds.responses().astype(np.float64)
    x = (x - x[train].mean(axis=0)) / np.sqrt(x[train].var(axis=0).mean())
    y = (y - y[train].mean(axis=0)) / y[train].std(axis=0)
    peer = RidgeCV(ALPHAS, alpha_per_target=True).fit(x[train], y[train])
    np.testing.assert_allclose(fit.predicted, peer.predict(x[fit.test]), atol=1e-4)
    np.testing.assert_allclose(fit.alphas[TRUTH], peer.alpha_)
    np.testing.assert_allclose(fit.measured(ds), y[fit.test], atol=1e-5)
    r = correlations(y[fit.test], peer.predict(x[fit.test]))
    np.testing.assert_allclose(fit.unit_scores.r, r, atol=1e-4)


def test_new_images_are_predicted_as_the_test_images_were(ds):
    fit = fitted(ds, BOTH)
    features = {TRUTH: ds.embeddings["truth"], OTHER: ds.embeddings["other"]}
    held = {band: rows[fit.test] for band, rows in features.items()}
    np.testing.assert_allclose(fit.predict(held), fit.predicted, atol=1e-4)


def test_bands_explain_what_is_theirs(ds):
    fit = fitted(ds, BOTH)
    only = {next(iter(p)): v for p, v in fit.parts.items() if len(p) == 1}
    total = sum(fit.parts.values())
    np.testing.assert_allclose(total, fit.unit_scores.r2, atol=1e-5)
    first, second = fit.regions["A"], fit.regions["B"]
    assert np.median(only[TRUTH][first]) > 0.5 > 0.1 > np.median(only[OTHER][first])
    assert np.median(only[OTHER][second]) > 0.5 > 0.1 > np.median(only[TRUTH][second])
    best = np.maximum(fitted(ds).unit_scores.r, fitted(ds, OTHER).unit_scores.r)
    assert np.median(fit.unit_scores.r - best) > -0.03


def test_the_same_seed_gives_the_same_and_is_kept(ds):
    first = fitted(ds, BOTH)
    store.remove(first.facts["key"])
    again = fitted(ds, BOTH)
    assert again is not first
    np.testing.assert_array_equal(first.predicted, again.predicted)
    np.testing.assert_array_equal(first.unit_scores.p, again.unit_scores.p)
    np.testing.assert_array_equal(first.control, again.control)
    assert encoding.load_fit(first.facts["key"]).facts["seconds"] == again.facts["seconds"]


def test_units_without_variance_and_missing_values(monkeypatch):
    def spoil(responses):
        responses[:, 2] = 4.0
        responses[:, 5] = np.nan  # never recorded: left out
        responses[3] = np.nan  # one trial
        responses[0::216] = np.nan  # a stimulus throughout

    ds = recording.opened(also=(spoil,))
    fit = fitted(ds)
    assert 5 not in fit.units
    flat = int(np.flatnonzero(fit.units == 2)[0])
    assert np.isnan([fit.unit_scores.r[flat], fit.unit_scores.p[flat], fit.normalised[flat]]).all()
    assert np.isnan(fit.alphas[TRUTH][flat])
    assert 0 not in {*fit.train.tolist(), *fit.test.tolist()}
    assert np.isfinite(fit.region_scores.raw).all()


def test_a_cancelled_fit_leaves_nothing(ds):
    def stop(fraction, message=""):
        if "permuted" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        encoding.fit(TRUTH, recording.config(), ds, progress=stop)
    assert encoding.load_fit(encoding.fit_key(TRUTH, recording.config(), ds, fitting.FOLDS)) is None


def test_what_is_refused(ds):
    with pytest.raises(InputError, match="the same for every embedding"):
        fitted(ds, split="cluster")
    with pytest.raises(InputError, match="open in part"):
        fitted(ds.subset(ds.stimuli["id"].tolist()[:100]))
    with pytest.raises(InputError, match="inner is 'none'"):
        fitted(ds, inner="none")
    for model, words in (("", "names no"), (f"{TRUTH} + {TRUTH}", "twice"), (7, "text such as")):
        with pytest.raises(InputError, match=words):
            encoding.canonical_model(model)


def test_inner_folds_keep_together_what_the_split_does(ds):
    from core.encoding.data import prepare_model

    data = prepare_model(TRUTH, recording.config(split="category"), ds)
    category = ds.stimuli["category"].to_numpy()[data.train]
    folds = data.inner(0)
    assert sorted(np.concatenate([held for _, held in folds]).tolist()) == list(
        range(len(category))
    )
    for kept, held in folds:
        assert not set(category[kept]) & set(category[held])
        assert len(held) == pytest.approx(len(category) / 5, rel=0.5)
