"""Unit rows: scipy's cosine and correlation, and the rule for rows without direction."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from core.vectors import has_direction, unit_rows


@pytest.mark.parametrize(("centred", "metric"), [(False, "cosine"), (True, "correlation")])
def test_products_of_unit_rows_are_cosines(centred, metric):
    rows = np.random.default_rng(0).standard_normal((9, 5)).astype(np.float32)
    unit = unit_rows(rows, centred)
    expected = 1 - cdist(rows.astype(float), rows.astype(float), metric)
    np.testing.assert_allclose(unit @ unit.T, expected, atol=1e-12)


def test_rows_without_direction_stay_zero_and_broken_ones_are_nan():
    rows = np.array([[0, 0, 0], [2, 2, 2], [1, np.nan, 0], [np.inf, 1, 0], [3, 0, 4.0]])
    unit = unit_rows(rows)
    assert (unit[0] == 0).all()
    assert np.isnan(unit[2:4]).all()
    np.testing.assert_allclose(unit[[1, 4]], [[3**-0.5] * 3, [0.6, 0, 0.8]])
    assert (unit_rows(rows, centred=True)[:2] == 0).all()


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_any_size_has_a_direction(size):
    rows = np.random.default_rng(1).standard_normal((4, 6))
    np.testing.assert_allclose(unit_rows(rows * size), unit_rows(rows), rtol=1e-12)


def test_constant_rows_of_any_offset_have_no_centred_direction():
    rows = np.full((2, 7), 0.1) * [[1], [1e8]]
    assert (unit_rows(rows, centred=True) == 0).all()


def test_the_rows_given_are_not_changed_and_no_columns_are_no_error():
    rows = np.ones((2, 2))
    unit_rows(rows)
    assert (rows == 1).all()
    assert unit_rows(np.empty((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_direction_is_what_unit_rows_gives_length_one(dtype):
    rows = np.array([[0, 0], [1, 0], [-1, 0], [np.nan, 1], [np.inf, 1], [0, -np.inf], [0, 6e-8]])
    directions = unit_rows(rows.astype(dtype))
    expected = np.isfinite(directions).all(axis=1) & directions.any(axis=1)
    np.testing.assert_array_equal(has_direction(rows.astype(dtype)), expected)
    assert expected.tolist() == [False, True, True, False, False, False, True]
    assert has_direction(np.empty((3, 0))).tolist() == [False] * 3
