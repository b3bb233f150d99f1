"""Ridge and banded ridge of many units against scikit-learn and himalaya; commonality by hand."""

from __future__ import annotations

import numpy as np
import pytest
from himalaya.ridge import GroupRidgeCV
from himalaya.ridge import RidgeCV as HimalayaRidge
from sklearn.linear_model import RidgeCV

from core.encoding.solvers import banded, commonality, ridge, search
from core.errors import InputError

ALPHAS = np.logspace(-1, 5, 10)
FLAT = 3
SHAPES = [(200, 30), (90, 240)]


def problem(rows, width, units=40):
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, width)) + 1
    weights = rng.normal(size=(width, units)) * rng.random(units) * 0.2
    y = x @ weights + 2 * rng.normal(size=(rows, units)) + 3
    y[:, FLAT] = 2.0
    return x.astype(np.float32), y.astype(np.float32)


def folds(rows):
    fold = np.arange(rows) % 5
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]


def varying(values):
    return np.delete(values, FLAT, axis=-1)


@pytest.mark.parametrize("shape", SHAPES)
def test_leave_one_out_is_that_of_scikit_learn(shape):
    x, y = problem(*shape)
    fitted = ridge.fit_units(x, y, ALPHAS)
    peer = RidgeCV(ALPHAS, alpha_per_target=True).fit(x.astype(float), y.astype(float))
    np.testing.assert_array_equal(varying(fitted.alpha), varying(peer.alpha_))
    np.testing.assert_allclose(varying(fitted.weights), varying(peer.coef_.T), atol=1e-6)
    np.testing.assert_allclose(fitted.predict(x), peer.predict(x), atol=1e-4)
    assert np.isnan(fitted.alpha[FLAT])
    assert not fitted.weights[:, FLAT].any()
    np.testing.assert_allclose(fitted.predict(x)[:, FLAT], 2.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_inner_folds_are_those_of_himalaya(shape, monkeypatch):
    monkeypatch.setattr(ridge, "UNITS_AT_ONCE", 16)
    x, y = problem(*shape)
    fitted = ridge.fit_units(x, y, ALPHAS, folds(len(x)))
    peer = HimalayaRidge(alphas=ALPHAS, cv=folds(len(x)), fit_intercept=True)
    peer.fit(x.astype(float), y.astype(float))
    np.testing.assert_allclose(varying(fitted.alpha), varying(peer.best_alphas_))
    np.testing.assert_allclose(varying(fitted.weights), varying(peer.coef_), atol=1e-6)
    np.testing.assert_allclose(fitted.intercept, peer.intercept_, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_errors_over_folds_are_those_of_brute_force(shape):
    x, y = problem(*shape)
    shares = np.array([0.3, 0.7])
    bands = {"a": x[:, :10], "b": x[:, 10:]}
    scaled = np.hstack([np.sqrt(s) * b for s, b in zip(shares, bands.values(), strict=True)])
    scaled = scaled.astype(np.float64)
    expected = np.zeros((2, y.shape[1]))
    for train, held in folds(len(x)):
        for row, alpha in enumerate((1.0, 300.0)):
            mean, offset = scaled[train].mean(axis=0), y[train].mean(axis=0, dtype=float)
            own = scaled[train] - mean
            gram = own.T @ own + alpha * np.eye(own.shape[1])
            weights = np.linalg.solve(gram, own.T @ (y[train] - offset))
            left = y[held] - offset - (scaled[held] - mean) @ weights
            expected[row] += (left**2).mean(axis=0) / 5
    every = search.InnerFolds(bands, folds(len(x)))
    for dtype, tolerance in ((np.float64, 1e-9), (np.float32, 1e-4)):
        errors = every.errors(y, shares, np.array([1.0, 300.0]), dtype)
        np.testing.assert_allclose(varying(errors), varying(expected), rtol=tolerance)


@pytest.mark.parametrize("shape", SHAPES)
def test_bands_are_those_of_himalaya_at_the_same_search(shape):
    x, y = problem(*shape)
    parts = [x[:, : shape[1] // 3], x[:, shape[1] // 3 :]]
    shares = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])
    bands = dict(zip("ab", parts, strict=True))
    fitted = banded.fit_bands(bands, y, ALPHAS, folds(len(x)), shares=shares)
    peer = GroupRidgeCV(
        groups="input",
        fit_intercept=True,
        cv=folds(len(x)),
        solver_params={"n_iter": shares, "alphas": ALPHAS, "progress_bar": False, "warn": False},
    )
    doubled = [part.astype(float) for part in parts]
    peer.fit(doubled, y.astype(float))
    np.testing.assert_allclose(fitted.predict(bands), peer.predict(doubled), atol=1e-4)
    ratio = varying(fitted.alphas["a"]) / varying(fitted.alphas["b"])
    assert {round(float(r), 6) for r in ratio} <= {1.0, round(1 / 9, 6), 4.0}


def test_one_band_is_ridge_by_the_same_folds():
    x, y = problem(*SHAPES[0])
    alone = ridge.fit_units(x, y, ALPHAS, folds(len(x)))
    fitted = banded.fit_bands({"a": x}, y, ALPHAS, folds(len(x)), draws=2)
    np.testing.assert_allclose(fitted.weights["a"], alone.weights, atol=1e-6)
    np.testing.assert_allclose(fitted.alphas["a"], alone.alpha)


def test_a_band_that_says_nothing_is_held_down():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 150, 20))
    y = np.hstack([first @ rng.normal(size=(20, 10)), second @ rng.normal(size=(20, 10))])
    y += rng.normal(size=y.shape)
    fitted = banded.fit_bands({"a": first, "b": second}, y, ALPHAS, folds(150))
    a, b = fitted.alphas["a"], fitted.alphas["b"]
    assert (a[:10] < b[:10]).all()
    assert (b[10:] < a[10:]).all()
    only = fitted.predict({"a": first, "b": second}, only=["a"])
    r = [np.corrcoef(p, t)[0, 1] for p, t in zip(only.T, y.T, strict=True)]
    assert min(r[:10]) > 0.9
    assert np.nan_to_num(r[10:]).max() < 0.5  # or one prediction for all images


def test_the_shares_are_each_alone_all_alike_and_drawn_by_the_seed():
    shares = banded.shares_of(3, 5, seed=1)
    np.testing.assert_array_equal(shares[:3], np.eye(3))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert len(shares) == 9
    np.testing.assert_array_equal(shares, banded.shares_of(3, 5, seed=1))


def test_parts_of_two_and_three_bands_by_hand():
    """A explains .5, B .4, both .7: A alone adds .3, B .2, and .2 is common."""
    r2 = {frozenset("A"): 0.5, frozenset("B"): 0.4, frozenset("AB"): 0.7}
    parts = commonality.parts({some: np.array([value]) for some, value in r2.items()})
    expected = {frozenset("A"): 0.3, frozenset("B"): 0.2, frozenset("AB"): 0.2}
    assert {some: pytest.approx(v[0]) for some, v in parts.items()} == expected
    true = {"A": 0.1, "B": 0.2, "C": 0.05, "AB": 0.15, "AC": 0.02, "BC": 0.03, "ABC": 0.1}
    sets = [frozenset(name) for name in true]
    r2 = {s: np.array([sum(v for n, v in true.items() if s & set(n))]) for s in sets}
    parts = commonality.parts(r2)
    for name, value in true.items():
        assert parts[frozenset(name)][0] == pytest.approx(value)
    with pytest.raises(InputError, match=r"no R\^2 of A"):
        commonality.parts({frozenset("AB"): np.zeros(1)})


def test_what_is_refused():
    x, y = problem(*SHAPES[0])
    with pytest.raises(InputError, match="some of 0 to 199"):
        ridge.fit_units(x, y, ALPHAS, [(np.arange(10), np.array([200]))])
    with pytest.raises(InputError, match="no inner fold"):
        ridge.fit_units(x, y, ALPHAS, [])
    with pytest.raises(InputError, match="positive"):
        ridge.fit_units(x, y, [0.0])
    x[5] = np.nan
    with pytest.raises(InputError, match="NaN in 1 row"):
        ridge.fit_units(x, y, ALPHAS)
