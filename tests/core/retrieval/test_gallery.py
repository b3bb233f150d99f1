"""Searches and standings of a prepared gallery against brute force in double precision."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from core import retrieval
from core.errors import InputError
from core.retrieval import cosine, gallery
from core.retrieval.gallery import Gallery
from core.vectors import unit_rows


def every_cosine(queries, features, centre=None):
    """Each cosine (q, m) in double precision, as float32; NaN where there is no direction."""
    images = unit_rows(features)
    images[(images == 0).all(axis=1)] = np.nan
    if centre is not None:
        images = unit_rows(images - centre)
        images[(images == 0).all(axis=1)] = np.nan
    asking = unit_rows(queries)
    asking[(asking == 0).all(axis=1)] = np.nan
    pairs = [np.einsum("ij,ij->i", np.broadcast_to(row, images.shape), images) for row in asking]
    return np.clip(pairs, -1, 1).astype(np.float32).reshape(len(asking), len(images))


def nearest(cosines, k):
    """The k largest of each row, of equals the lower column first; -1 and NaN fill up."""
    indices = np.full((len(cosines), k), -1)
    scores = np.full((len(cosines), k), np.nan, dtype=np.float32)
    for row, values in enumerate(cosines):
        usable = np.flatnonzero(np.isfinite(values))
        order = usable[np.lexsort((usable, -values[usable]))][:k]
        indices[row, : len(order)], scores[row, : len(order)] = order, values[order]
    return indices, scores


def check(queries, features, k, centre=None, rows=None, block=cosine.BLOCK):
    prepared = Gallery(features, centre, rows)
    chosen = features if rows is None else features[rows]
    cosines = every_cosine(queries, chosen, centre)
    indices, scores = retrieval.search(queries, prepared, k, block, fewer=True)
    expected = nearest(cosines, k)
    np.testing.assert_array_equal(indices, expected[0])
    np.testing.assert_array_equal(scores, expected[1])

    right = np.arange(len(queries)) % len(chosen)
    level = cosines[np.arange(len(queries)), right][:, None]
    unknown = np.isnan(level[:, 0])
    better, equal = retrieval.standings(queries, chosen[right], prepared)
    np.testing.assert_array_equal(better, np.where(unknown, -1, (cosines > level).sum(axis=1)))
    np.testing.assert_array_equal(equal, np.where(unknown, -1, (cosines == level).sum(axis=1)))


def awkward(rng):
    """Queries, a gallery and a centre: ties, copies, missing, huge, tiny and unseen rows."""
    m, d, q = rng.integers(1, 300), rng.integers(1, 40), rng.integers(1, 9)
    dtype = rng.choice([np.float16, np.float32, np.float64])
    if rng.random() < 0.4:
        features = rng.integers(-1, 2, (m, d)).astype(dtype)
    else:
        features = rng.standard_normal((m, d)).astype(dtype)
    if rng.random() < 0.5:
        features = features[rng.integers(0, m, m)]
    sizes = {np.float16: [1e-3, 1e3], np.float32: [1e-30, 1e30], np.float64: [1e-200, 1e200]}
    if rng.random() < 0.5:
        features *= rng.choice([1, 1, *sizes[dtype]], (m, 1)).astype(dtype)
    for value in (0, np.nan, np.inf):
        features[rng.random(m) < 0.05] = value
    features[rng.random(m) < 0.05, 0] = np.nan
    centre = rng.choice([None, "small", "large", "row"])
    if centre is not None:
        centre = {
            "small": 0.2 * rng.standard_normal(d),
            "large": 1e3 * rng.standard_normal(d),
            "row": np.nan_to_num(unit_rows(features[:1])[0]),
        }[centre]
    queries = rng.standard_normal((q, d)).astype(rng.choice([np.float32, np.float64]))
    for row in range(q):
        if rng.random() < 0.3:
            queries[row] = np.nan_to_num(features[rng.integers(m)] / 1, posinf=1)
    queries[rng.random(q) < 0.05] = np.nan
    return queries, features, centre


@pytest.mark.parametrize("seed", range(150))
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_it_is_brute_force_in_double_precision(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    if seed % 2:
        monkeypatch.setattr(cosine, "CELLS", 97)
        monkeypatch.setattr(cosine, "GROUPS", 3)
        monkeypatch.setattr(gallery, "CACHED", 29)
        monkeypatch.setattr(gallery, "WIDE", 11)
        monkeypatch.setattr(gallery, "RESCORED", 50)
    queries, features, centre = awkward(rng)
    rows = rng.integers(0, len(features), 50) if rng.random() < 0.3 else None
    k, block = int(rng.integers(1, 30)), int(rng.choice([1, 7, 64, 5000]))
    check(queries, features, k, centre, rows, block)


@pytest.mark.parametrize("order", ["rising", "falling", "equal"])
def test_the_order_of_the_gallery_does_not_matter(order, monkeypatch):
    """Where every row is better than all before it, the threshold is always behind."""
    monkeypatch.setattr(gallery, "CACHED", 3000)
    monkeypatch.setattr(gallery, "WIDE", 1000)
    rng = np.random.default_rng(0)
    angle = {"rising": np.linspace(3, 0, 9000), "falling": np.linspace(0, 3, 9000)}
    angle = angle.get(order, np.ones(9000))
    features = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    features *= rng.uniform(0.5, 2, (9000, 1)).astype(np.float32)
    check(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), features, 10)


def test_rows_that_nearly_tie_are_told_apart():
    """Differences that single precision does not see decide, with and without a centre."""
    rng = np.random.default_rng(1)
    query, aside = rng.standard_normal((2, 64))
    aside -= (aside @ query) / (query @ query) * query
    tilt = 1e-3 + 1e-9 * rng.permutation(2000)
    features = query + tilt[:, None] * aside
    check(query[None], features, 50)
    check(query[None], features, 50, centre=0.3 * unit_rows(aside[None])[0])


@pytest.mark.parametrize("distance", [1e-15, 1e-9, 1e-4, 0.05, 0.2])
def test_rows_near_the_centre_are_exact(distance):
    """Seen from nearby, errors of single precision would be a thousandfold."""
    rng = np.random.default_rng(2)
    centre = unit_rows(rng.standard_normal((1, 32)))[0]
    features = centre + distance * rng.standard_normal((500, 32)) / np.sqrt(32)
    features[100:200] = rng.standard_normal((100, 32))
    features[3] = centre
    check(rng.standard_normal((6, 32)), features, 20, centre)


def test_a_memory_map_is_searched_without_a_copy(tmp_path):
    features = np.random.default_rng(3).standard_normal((60_000, 64)).astype(np.float32)
    np.save(tmp_path / "gallery.npy", features)
    mapped = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    queries = features[:2] + 1
    tracemalloc.start()
    got = retrieval.search(queries, Gallery(mapped), 5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(got[0], nearest(every_cosine(queries, features), 5)[0])
    assert peak < features.nbytes / 2


def test_a_gallery_is_prepared_once(monkeypatch):
    rng = np.random.default_rng(4)
    features = rng.standard_normal((300, 8)).astype(np.float32)
    prepared = Gallery(features, centre=np.full(8, 0.1))
    subset = rng.permutation(300)[:90]
    monkeypatch.setattr(Gallery, "_prepare", None)
    queries = rng.standard_normal((4, 8))
    cosines = every_cosine(queries, features, np.full(8, 0.1))
    for rows in (np.arange(300), subset):
        got = retrieval.search(queries, prepared, 7, rows=rows)
        np.testing.assert_array_equal(got[0], nearest(cosines[:, rows], 7)[0])
    again = prepared.subset(subset).subset(np.arange(9))
    got = retrieval.search(queries, again, 7)
    np.testing.assert_array_equal(got[0], nearest(cosines[:, subset[:9]], 7)[0])


def test_usable_rows_are_counted():
    features = np.array([[1, 0], [0, 0], [np.nan, 1], [np.inf, 0], [0, 2]], dtype=np.float32)
    assert Gallery(features).usable == 2
    assert Gallery(features, centre=[1.0, 0.0]).usable == 1
    assert Gallery(features, rows=np.array([0, 0, 1])).usable == 2
    assert Gallery(np.empty((0, 2))).usable == 0
    with pytest.raises(InputError, match="2 usable rows of 5"):
        retrieval.search(np.empty((0, 2)), Gallery(features), 3)


def test_standings_of_a_worked_case():
    """Angles of 0, 30, 60, 60 and 90 degrees; the right row is one of 60, then of 45."""
    angle = np.radians([0, 30, 60, 60, 90])
    features = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    queries = [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    right = [features[2] * 3, [1.0, 1.0], [1.0, 0.0], [np.nan, 0.0]]
    better, equal = retrieval.standings(queries, right, features)
    np.testing.assert_array_equal(better, [2, 2, -1, -1])
    np.testing.assert_array_equal(equal, [2, 0, -1, -1])


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: Gallery(np.ones(3)), "shape"),
        (lambda: Gallery(np.ones((3, 0))), "shape"),
        (lambda: Gallery(np.full((3, 2), "a")), "dtype"),
        (lambda: Gallery(np.ones((3, 2)), centre=np.ones(3)), "centre"),
        (lambda: Gallery(np.ones((3, 2)), centre=[np.nan, 0]), "centre"),
        (lambda: retrieval.search(np.ones((2, 3)), Gallery(np.ones((4, 2))), 1), "same encoder"),
        (lambda: retrieval.standings(np.ones((2, 2)), np.ones((1, 2)), np.ones((4, 2))), "right"),
    ],
)
def test_bad_input_is_named(action, message):
    with pytest.raises(InputError, match=message):
        action()
