"""Exact cosine search against a full sort."""

from __future__ import annotations

import numpy as np
import pytest

from core import retrieval
from core.errors import InputError


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


def test_no_query_is_no_row():
    indices, scores = retrieval.search(np.empty((0, 3)), np.ones((4, 3)), 2)
    assert indices.shape == scores.shape == (0, 2)
