"""Whitened ridge against its definition, and where it should and should not help."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from core import ridge
from core.decoders import whitened_ridge
from core.decoders.whitened_ridge import FOLDS, fit
from core.errors import InputError
from core.vectors import unit_rows


def planted(n=240, v=20, d=12, seed=0, uneven=6.0):
    """Responses to a few target directions; what is not predicted varies unevenly."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, v))
    axes = np.linalg.qr(rng.standard_normal((d, d)))[0]
    noise = rng.standard_normal((n, d)) * np.geomspace(uneven, 1 / uneven, d)
    y = x @ rng.standard_normal((v, d)) / np.sqrt(v) + noise
    return x, unit_rows(y @ axes)


def left_out(x, y, alpha):
    """Predictions of each row by a regression that never saw it, by scikit-learn."""
    rest = ~np.eye(len(x), dtype=bool)
    predicted = [Ridge(alpha).fit(x[r], y[r]).predict(x[[i]])[0] for i, r in enumerate(rest)]
    return np.array(predicted)


def by_definition(x, y, alpha, shrinkage):
    """Weights (v, d) and intercept (d,) as the docstring says, scaled to a mean variance of 1."""
    residual = y - left_out(x, y, alpha)
    covariance = residual.T @ residual
    covariance *= len(covariance) / np.trace(covariance)
    shrunk = (1 - shrinkage) * covariance + shrinkage * np.eye(len(covariance))
    fitted = Ridge(alpha).fit(x, y)
    return np.linalg.solve(shrunk, fitted.coef_).T, np.linalg.solve(shrunk, fitted.intercept_)


def identified(predicted, candidates):
    """Two-way identification: an area under the curve for each row, then their mean."""
    similarity = predicted @ unit_rows(candidates).T
    return np.mean([roc_auc_score(np.eye(len(s))[i], s) for i, s in enumerate(similarity)])


@pytest.mark.parametrize(("n", "v"), [(40, 8), (24, 60)])
def test_it_is_ridge_times_the_inverse_of_the_shrunk_residual_covariance(n, v):
    x, y = planted(n, v, 5)
    fitted = fit(x, y, np.arange(n), [3.0], [0.3])
    weights, intercept = by_definition(x, y, 3.0, 0.3)
    np.testing.assert_allclose(fitted.weights, weights, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(fitted.intercept, intercept, rtol=1e-4, atol=1e-6)
    assert (fitted.alpha, fitted.shrinkage) == (3.0, 0.3)


def test_with_all_shrinkage_it_is_ridge():
    x, y = planted(50, 10, 6)
    fitted = fit(x, y, np.arange(50), [10.0], [1.0])
    plain = ridge.fit(x, y, [10.0])
    np.testing.assert_allclose(fitted.weights, plain.weights, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(fitted.intercept, plain.intercept, rtol=1e-5, atol=1e-7)


def test_its_scores_are_those_of_held_out_rows():
    x, y = planted(30, 6, 4)
    groups = np.arange(30)
    folds = list(whitened_ridge._held_out(groups))
    assert (np.sum(folds, axis=0) == 1).all()
    assert len(folds) == FOLDS
    expected = np.zeros((2, 2))
    for held in folds:
        for row, alpha in enumerate((1.0, 30.0)):
            for column, shrinkage in enumerate((0.2, 0.9)):
                weights, intercept = by_definition(x[~held], y[~held], alpha, shrinkage)
                score = identified(x[held] @ weights + intercept, y[held])
                expected[row, column] += score * held.sum() / 30
    found = fit(x, y, groups, [1.0, 30.0], [0.2, 0.9])
    np.testing.assert_allclose(found.scores, expected, atol=1e-6)
    best = np.unravel_index(expected.argmax(), (2, 2))
    assert (found.alpha, found.shrinkage) == ((1.0, 30.0)[best[0]], (0.2, 0.9)[best[1]])


@pytest.mark.parametrize("seed", range(3))
def test_it_tells_images_apart_better_where_the_unpredicted_is_uneven(seed):
    x, y = planted(800, seed=seed)
    first, rest = slice(0, 400), slice(400, 800)
    whitened = fit(x[first], y[first], np.arange(400))
    plain = ridge.fit(x[first], y[first])
    scores = [identified(x[rest] @ f.weights + f.intercept, y[rest]) for f in (whitened, plain)]
    assert scores[0] > scores[1] + 0.03
    assert whitened.shrinkage < 0.5


def test_trials_of_an_image_stay_in_one_fold_and_are_not_told_apart():
    x, y = planted(40, 6, 4)
    image = np.repeat(np.arange(20), 2)
    for held in whitened_ridge._held_out(image):
        assert len(set(image[held]) & set(image[~held])) == 0
    # Each trial among the images of the fold: its own image once, though it has two trials.
    y = y[image]
    expected = 0.0
    for held in whitened_ridge._held_out(image):
        weights, intercept = by_definition(x[~held], y[~held], 1.0, 0.5)
        similarity = (x[held] @ weights + intercept) @ y[held][::2].T
        own = np.repeat(similarity[::2].diagonal(), 2)
        own[1::2] = similarity[1::2].diagonal()
        beaten = (similarity < own[:, None]).sum(axis=1) / (similarity.shape[1] - 1)
        expected += beaten.sum() / 40
    found = fit(x, y, image, [1.0], [0.5])
    assert found.scores.item() == pytest.approx(expected, abs=1e-6)


def test_noise_is_at_chance_and_the_order_of_units_does_not_matter():
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((300, 10)), unit_rows(rng.standard_normal((300, 5)))
    fitted = fit(x, y, np.arange(300))
    assert np.abs(fitted.scores - 0.5).max() < 0.06
    turned = fit(x[:, ::-1], y, np.arange(300))
    np.testing.assert_allclose(turned.weights[::-1], fitted.weights, atol=1e-6)


def test_what_cannot_be_fitted_is_refused():
    x, y = planted(6, 3, 2)
    with pytest.raises(InputError, match=r"3 groups.*at least 4 images.*Take ridge"):
        fit(x, y, [0, 0, 1, 1, 2, 2])
    with pytest.raises(InputError, match="above 0 and at most 1"):
        fit(x, y, np.arange(6), shrinkages=[0.0])
    with pytest.raises(InputError, match="groups"):
        fit(x, y, np.arange(5))


def test_a_fold_whose_drawn_rows_are_of_one_image_decides_nothing(monkeypatch):
    monkeypatch.setattr(whitened_ridge, "MOST_HELD", 1)
    x, y = planted(12, 3, 2)
    assert (fit(x, y, np.arange(12)).scores == 0.5).all()


def test_targets_that_are_predicted_without_error_or_never_vary():
    x, _ = planted(20, 4, 3)
    exact = fit(x, x[:, :2], np.arange(20), [1e-9])
    assert np.isfinite(exact.weights).all()
    constant = fit(x, np.ones((20, 2)), np.arange(20))
    assert np.isfinite(constant.weights).all()
    np.testing.assert_allclose(constant.scores, 0.5)
