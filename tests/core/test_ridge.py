"""Ridge regression against scikit-learn and against leaving out each row in turn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeCV

from core import ridge
from core.errors import InputError

SHAPES = ((60, 20), (40, 90), (30, 30), (31, 30), (30, 29), (2, 5), (3, 1))


def planted(n, v, d=6, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, v)) * np.linspace(3, 0.1, v) + rng.standard_normal(v) * 5
    y = x @ rng.standard_normal((v, d)) / v + noise * rng.standard_normal((n, d)) + 3
    return x, y


def left_out(x, y, alpha):
    """Squared errors of fits that never saw the row. (n, d)."""
    errors = np.empty_like(y)
    for row in range(len(x)):
        rest = np.arange(len(x)) != row
        fitted = Ridge(alpha).fit(x[rest], y[rest])
        errors[row] = (fitted.predict(x[[row]])[0] - y[row]) ** 2
    return errors


@pytest.mark.parametrize(("n", "v"), [(8, 3), (6, 11), (5, 4)])
def test_its_errors_are_those_of_leaving_out_each_row(n, v):
    x, y = planted(n, v, 2)
    alphas = (0.01, 1.0, 100.0)
    expected = [left_out(x, y, alpha).mean(axis=0) for alpha in alphas]
    np.testing.assert_allclose(ridge.fit(x, y, alphas).errors, np.mean(expected, axis=1), rtol=1e-5)


@pytest.mark.parametrize(("n", "v"), SHAPES)
@pytest.mark.parametrize("noise", [0.01, 1.0, 30.0])
def test_it_is_ridgecv(n, v, noise):
    x, y = planted(n, v, noise=noise)
    own = ridge.fit(x, y)
    peer = RidgeCV(ridge.ALPHAS, store_cv_results=True).fit(x, y)
    assert own.alpha == pytest.approx(peer.alpha_)
    np.testing.assert_allclose(own.weights, peer.coef_.T, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(own.errors, peer.cv_results_.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(own.predict(x), peer.predict(x), rtol=1e-4, atol=1e-4)
    assert (own.weights.dtype, own.predict(x).dtype) == (np.float32, np.float32)
    assert own.intercept.shape == (6,)


def test_pure_noise_takes_the_same_penalty_as_ridgecv():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, y = rng.standard_normal((50, 30 + seed * 2)), rng.standard_normal((50, 3))
        alphas = np.logspace(3, 9, 13)
        assert ridge.fit(x, y, alphas).alpha == pytest.approx(RidgeCV(alphas).fit(x, y).alpha_)


def test_near_ties_are_judged_by_the_targets_of_large_scale():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x, y = rng.standard_normal((40, 60)), rng.standard_normal((40, 6)) * 1e4
        y[:, 0] = x[:, :3].sum(axis=1)
        alphas = np.logspace(5, 11, 13)
        assert ridge.fit(x, y, alphas).alpha == pytest.approx(RidgeCV(alphas).fit(x, y).alpha_)


@pytest.mark.parametrize("v", [10, 60])
def test_constant_columns_change_nothing(v):
    x, y = planted(40, v)
    padded = np.insert(x, [0, 4], [7.1, 1e6], axis=1)
    own, plain = ridge.fit(padded, y), ridge.fit(x, y)
    assert own.alpha == plain.alpha
    np.testing.assert_allclose(own.weights[[0, 5]], 0, atol=1e-14)
    np.testing.assert_allclose(own.predict(padded), plain.predict(x), rtol=1e-4, atol=1e-5)


def test_nothing_to_learn_from_gives_the_mean():
    y = np.arange(12.0).reshape(6, 2)
    own = ridge.fit(np.full((6, 3), 0.1), y)
    assert not own.weights.any()
    np.testing.assert_allclose(own.predict(np.ones((2, 3))), [[5, 6], [5, 6]])
    assert not ridge.fit(y, np.full((6, 1), 0.3)).weights.any()


def test_offsets_and_scales_of_the_targets_do_not_matter():
    x, y = planted(50, 80)
    plain = ridge.fit(x, y)
    scaled = ridge.fit(x, y * 1e-12 + 1e-3)
    assert scaled.alpha == plain.alpha
    np.testing.assert_allclose(scaled.weights, plain.weights * 1e-12, rtol=1e-3, atol=1e-18)


def test_missing_responses_are_predicted_as_missing():
    x, y = planted(20, 4)
    asked = x[:3].copy()
    asked[1] = np.nan
    predicted = ridge.fit(x, y).predict(asked)
    assert np.isnan(predicted).all(axis=1).tolist() == [False, True, False]


def test_the_input_is_left_as_it_was():
    x, y = planted(20, 4)
    x_before, y_before = x.copy(), y.copy()
    ridge.fit(x, y)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(y, y_before)


@pytest.mark.parametrize(
    ("x", "y", "alphas", "message"),
    [
        (np.ones((4, 2)), np.ones((5, 2)), (1.0,), "y has 5 rows, x has 4"),
        (np.ones((1, 2)), np.ones((1, 2)), (1.0,), "n of at least 2"),
        (np.ones((4, 2)), np.ones(4), (1.0,), "shape"),
        (np.full((4, 2), np.nan), np.ones((4, 2)), (1.0,), "x holds NaN in 4 rows"),
        (np.ones((4, 2)), np.full((4, 2), np.nan), (1.0,), "y holds NaN"),
        (np.array([[1.0, np.nan], [1, 2]]), np.ones((2, 1)), (1.0,), "NaN in part"),
        (np.full((4, 2), np.inf), np.ones((4, 2)), (1.0,), "infinite"),
        (np.ones((4, 2)), np.ones((4, 2)), (), "at least one"),
        (np.ones((4, 2)), np.ones((4, 2)), (1.0, -2.0), "alphas holds -2.0"),
        (np.ones((4, 2)), np.ones((4, 2)), (0.0,), "positive"),
        (np.ones((4, 2)), np.ones((4, 2)), (np.nan,), "positive"),
    ],
)
def test_bad_input_is_named(x, y, alphas, message):
    with pytest.raises(InputError, match=message):
        ridge.fit(x, y, alphas)


def test_other_units_are_refused():
    with pytest.raises(InputError, match="x has 3 units, the regression was fitted to 4"):
        ridge.fit(*planted(20, 4)).predict(np.ones((2, 3)))
