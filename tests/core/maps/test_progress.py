"""Progress, the evolving map, and a cancel that keeps what there is."""

from __future__ import annotations

import numpy as np
import pytest

from core import maps
from core.errors import Cancelled

FAST = {"tsne": {"iterations": 50}, "umap": {"epochs": 60}, "mds_metric": {"iterations": 60}}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    rows = 2 * rng.standard_normal((4, 20)).repeat(15, axis=0) + rng.standard_normal((60, 20))
    rows[5] = np.nan
    return rows


class Stops:
    """A progress callback that is cancelled once its message holds a word."""

    def __init__(self, word):
        self.word, self.told = word, []

    def __call__(self, fraction, message):
        self.told.append((fraction, message))
        if self.word in message:
            raise Cancelled


@pytest.mark.parametrize("method", list(maps.METHODS))
def test_progress_rises_and_names_what_happens(rows, method):
    stops = Stops("never")
    maps.embed(rows, method, progress=stops, **FAST.get(method, {}))
    fractions = [fraction for fraction, _ in stops.told]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    if method == "tsne":
        assert (stops.told[-2][1], stops.told[4][1]) == (
            "iteration 300 of 300",
            "iteration 20 of 300",
        )


@pytest.mark.parametrize(
    ("method", "word", "iterations"),
    [("tsne", " 120 of", 120), ("tsne", " 280 of", 280), ("umap", "epoch 20 of", 20)],
)
def test_a_cancel_keeps_the_map_so_far(rows, method, word, iterations):
    stops = Stops(word)
    found = maps.embed(rows, method, progress=stops, keep_partial=True, **FAST[method])
    assert found.partial
    assert found.iterations == iterations
    assert word in stops.told[-1][1]
    assert np.flatnonzero(found.missing).tolist() == [5]
    assert np.isfinite(found.trustworthiness)


def test_a_cancelled_metric_mds_keeps_its_points(rows):
    found = maps.embed(
        rows, "mds_metric", progress=Stops("iteration 5 of"), keep_partial=True, iterations=300
    )
    assert (found.partial, found.iterations) == (True, 5)


@pytest.mark.parametrize("method", list(maps.METHODS))
def test_without_the_wish_to_keep_it_a_cancel_raises(rows, method):
    for word in ("", "Measuring"):
        with pytest.raises(Cancelled):
            maps.embed(rows, method, progress=Stops(word), **FAST.get(method, {}))


def test_before_the_first_iteration_there_is_nothing_to_keep(rows):
    with pytest.raises(Cancelled):
        maps.embed(rows, "tsne", progress=Stops("neighbours"), keep_partial=True)


def test_a_cancel_after_the_last_iteration_keeps_the_whole_map(rows):
    found = maps.embed(rows, "tsne", progress=Stops("Measuring"), keep_partial=True, iterations=10)
    assert not found.partial
    assert found.coordinates.shape == (60, 2)


@pytest.mark.parametrize("method", FAST)
def test_the_evolving_map_can_be_watched(rows, method):
    frames = []
    maps.embed(rows, method, watch=lambda frame: frames.append(frame.copy()), **FAST[method])
    assert len(frames) > 3
    for frame in frames:
        assert frame.shape == (60, 2)
        assert np.flatnonzero(np.isnan(frame[:, 0])).tolist() == [5]
    assert not np.array_equal(frames[0], frames[-1], equal_nan=True)
