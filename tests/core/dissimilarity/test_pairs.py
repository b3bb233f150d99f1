"""Sets of pairs: who is in one, drawn and counted without a list of them."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from core.dissimilarity.pairs import PairSet
from core.errors import InputError

ROWS = np.array([2, 3, 5, 8, 13, 21, 34, 55])
ENDS = (0.0, 0.7, 0.8, 1.0)


def listed(pairs: PairSet) -> set[tuple[int, int]]:
    return {(int(i), int(j)) for block in pairs.every() for i, j in zip(*block, strict=True)}


def test_shares_divide_every_pair():
    parts = [PairSet(ROWS, *ends, seed=4) for ends in itertools.pairwise(ENDS)]
    lists = [listed(part) for part in parts]
    assert set().union(*lists) == set(itertools.combinations(ROWS.tolist(), 2))
    assert sum(map(len, lists)) == 28
    assert [part.count for part in parts] == list(map(len, lists))


def test_shares_are_as_large_as_named_and_follow_the_seed():
    rows = np.arange(400)
    share = PairSet(rows, 0.7, 0.9, seed=1)
    assert share.count / (400 * 399 / 2) == pytest.approx(0.2, abs=0.01)
    assert listed(share) == listed(PairSet(rows, 0.7, 0.9, seed=1))
    common = listed(share) & listed(PairSet(rows, 0.7, 0.9, seed=2))
    assert len(common) / share.count == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("ends", [(0.0, 1.0), (0.3, 0.6)])
def test_draws_are_even_over_the_set(ends):
    pairs = PairSet(ROWS, *ends, seed=3)
    i, j = pairs.draw(40_000, np.random.default_rng(0))
    assert (i < j).all()
    assert pairs.contains(i, j).all()
    drawn, times = np.unique(np.stack([i, j]), axis=1, return_counts=True)
    assert {tuple(pair) for pair in drawn.T.tolist()} == listed(pairs)
    expected = 40_000 / len(listed(pairs))
    assert np.abs(times - expected).max() < 5 * np.sqrt(expected)


def test_the_order_in_which_a_pair_is_named_does_not_matter():
    pairs = PairSet(ROWS, 0.2, 0.6, seed=5)
    i, j = np.repeat(ROWS, 8), np.tile(ROWS, 8)
    np.testing.assert_array_equal(pairs.contains(i, j), pairs.contains(j, i))
    assert not pairs.contains(ROWS, ROWS).any()
    assert not pairs.contains(np.array([2]), np.array([4])).any()


def test_exposure_counts_pairs_of_an_image():
    pairs = PairSet(ROWS, 0.0, 0.5, seed=6)
    counts = [sum(row in pair for pair in listed(pairs)) for row in ROWS.tolist()]
    assert pairs.exposure(ROWS).tolist() == counts
    assert PairSet(ROWS).exposure(np.array([4, 5])).tolist() == [0, 7]


def test_a_sample_holds_each_pair_once():
    rows = np.arange(300)
    for pairs in (PairSet(rows), PairSet(rows, 0.8, 1.0)):
        i, j = pairs.sample(2000, np.random.default_rng(0))
        assert len(set(zip(i.tolist(), j.tolist(), strict=True))) == 2000
        assert pairs.contains(i, j).all()
    i, _ = PairSet(rows).sample(10**6, np.random.default_rng(0))
    assert len(i) == 300 * 299 // 2


def test_fifty_million_pairs_need_no_memory():
    pairs = PairSet(np.arange(10_000), 0.0, 0.7)
    rng = np.random.default_rng(0)
    tracemalloc.start()
    for _ in range(5):
        pairs.draw(4096, rng)
    pairs.exposure(np.arange(20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6
    assert PairSet(np.arange(10_000)).count == 49_995_000


def test_a_set_without_pairs_says_so():
    with pytest.raises(InputError, match="at least two"):
        PairSet(np.array([3]))
    with pytest.raises(InputError, match="No pair"):
        PairSet(np.arange(2), 0.0, 1e-9).draw(1, np.random.default_rng(0))
