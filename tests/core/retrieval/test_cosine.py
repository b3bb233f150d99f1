"""Exact cosine search against a full sort."""

from __future__ import annotations

import numpy as np
import pytest

from core import retrieval
from core.errors import InputError
from core.retrieval import cosine
from core.vectors import unit_rows


def full_sort(queries, gallery, k):
    """Every cosine in double precision, as float32; of equals the lower row first."""
    with np.errstate(invalid="ignore"):
        a = queries / np.linalg.norm(queries.astype(float), axis=1, keepdims=True)
        b = gallery / np.linalg.norm(gallery.astype(float), axis=1, keepdims=True)
    cosine = (a @ b.T).astype(np.float32)
    usable = np.flatnonzero(np.isfinite(b).all(axis=1))
    order = np.array([usable[np.lexsort((usable, -row[usable]))][:k] for row in cosine])
    return order, np.take_along_axis(cosine, order, axis=1)


@pytest.mark.parametrize("block", [1, 7, 64, 5000])
def test_it_is_a_full_sort_whatever_the_block(block):
    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((400, 24)).astype(np.float32)
    gallery[[3, 390]] = np.nan
    gallery[17] = 0
    queries = rng.standard_normal((30, 24)).astype(np.float32)
    rows, cosines = full_sort(queries, gallery, 12)
    indices, scores = retrieval.search(queries, gallery, 12, block=block)
    assert (indices.dtype, scores.dtype) == (np.intp, np.float32)
    np.testing.assert_array_equal(indices, rows)
    np.testing.assert_allclose(scores, cosines, atol=1e-7)


@pytest.mark.parametrize("block", [2, 5, 1000])
def test_ties_go_to_the_lower_row(block):
    rng = np.random.default_rng(1)
    distinct = rng.standard_normal((5, 33)).astype(np.float32)
    gallery = np.tile(distinct, (20, 1))
    indices, scores = retrieval.search(distinct[[2]] * 3, gallery, 20, block=block)
    np.testing.assert_array_equal(indices[0], np.arange(20) * 5 + 2)
    np.testing.assert_array_equal(scores, 1.0)


def test_all_rows_can_be_asked_for():
    rng = np.random.default_rng(2)
    gallery, queries = rng.standard_normal((50, 4)), rng.standard_normal((3, 4))
    rows, _ = full_sort(queries, gallery, 50)
    np.testing.assert_array_equal(retrieval.search(queries, gallery, 50)[0], rows)


def test_a_query_without_direction_finds_nothing():
    queries = np.array([[1.0, 0.0], [np.nan, 0.0], [0.0, 0.0]])
    indices, scores = retrieval.search(queries, np.eye(2), 1)
    np.testing.assert_array_equal(indices[:, 0], [0, -1, -1])
    assert scores[0, 0] == 1
    assert np.isnan(scores[1:]).all()


def test_length_does_not_matter_even_where_squares_overflow():
    gallery = np.array([[1e30, 0.0], [1e-30, 1e-30], [0.0, np.inf]], dtype=np.float32)
    indices, scores = retrieval.search([[1.0, 1.0]], gallery, 2)
    np.testing.assert_array_equal(indices, [[1, 0]])
    np.testing.assert_allclose(scores, [[1.0, 0.5**0.5]], rtol=1e-6)


@pytest.mark.parametrize(
    ("queries", "gallery", "k", "message"),
    [
        (np.ones(3), np.ones((4, 3)), 1, "shape"),
        (np.ones((2, 3)), np.ones((4, 2)), 1, "same encoder"),
        (np.ones((2, 3)), np.ones((4, 3)), 0, "k is 0"),
        (np.ones((2, 3)), np.ones((4, 3)), 5, "4 usable rows of 4"),
        (np.ones((2, 3)), np.full((4, 3), np.nan), 1, "0 usable rows"),
        (np.full((2, 3), "a"), np.ones((4, 3)), 1, "dtype"),
    ],
)
def test_bad_input_is_named(queries, gallery, k, message):
    with pytest.raises(InputError, match=message):
        retrieval.search(queries, gallery, k)


def test_chosen_rows_are_searched_in_their_order_without_a_copy():
    rng = np.random.default_rng(3)
    gallery = rng.integers(-1, 2, (60, 3)).astype(np.float32)
    queries, rows = rng.standard_normal((7, 3)), rng.permutation(60)[:40]
    expected = retrieval.search(queries, gallery[rows], 20)
    for block in (3, 4096):
        got = retrieval.search(queries, gallery, 20, block, rows=rows)
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_array_equal(got[1], expected[1])
    with pytest.raises(InputError, match="usable rows of 40"):
        retrieval.search(queries, gallery, 41, rows=rows)


def test_fewer_rows_than_wanted_are_filled_up():
    queries, gallery = [[1.0, 0.0], [0.0, 0.0]], [[0, 0], [0, 2], [3, 0], [np.nan, 1]]
    indices, scores = retrieval.search(queries, gallery, 6, fewer=True)
    np.testing.assert_array_equal(indices, [[2, 1, -1, -1, -1, -1], [-1] * 6])
    np.testing.assert_array_equal(scores[0, :2], [1, 0])
    assert np.isnan(scores[0, 2:]).all()
    assert np.isnan(scores[1]).all()
    for nothing in (np.zeros((3, 2)), np.empty((0, 2))):
        assert (retrieval.search(queries, nothing, 2, fewer=True)[0] == -1).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_of_any_size_are_found_among_ordinary_ones(dtype):
    """What single precision cannot square is compared all the same, whatever else is there."""
    rng = np.random.default_rng(4)
    directions = rng.standard_normal((90, 8))
    sizes = {np.float16: (1e-3, 1e3), np.float32: (1e-30, 1e30), np.float64: (1e-200, 1e200)}
    gallery = (directions * rng.choice([1.0, *sizes[dtype]], 90)[:, None]).astype(dtype)
    gallery[[4, 50]], gallery[[9, 51]] = 0, np.nan
    queries = rng.standard_normal((5, 8))
    indices, scores = retrieval.search(queries, gallery, 86, block=11)
    unit = unit_rows(queries) @ unit_rows(gallery).T
    for row, (found, cosines) in enumerate(zip(indices, scores, strict=True)):
        assert sorted(found) == sorted(set(range(90)) - {4, 9, 50, 51})
        np.testing.assert_allclose(cosines, unit[row, found], atol=1e-7)
        assert (np.diff(cosines) <= 0).all()


def test_blocks_hold_few_rows_of_many_dimensions(monkeypatch):
    monkeypatch.setattr(cosine, "ELEMENTS", 100)
    rng = np.random.default_rng(5)
    queries, gallery = rng.standard_normal((9, 30)), rng.standard_normal((40, 30))
    rows, _ = full_sort(queries, gallery, 6)
    np.testing.assert_array_equal(retrieval.search(queries, gallery, 6)[0], rows)


def test_no_query_is_no_row():
    indices, scores = retrieval.search(np.empty((0, 3)), np.ones((4, 3)), 2)
    assert indices.shape == scores.shape == (0, 2)
