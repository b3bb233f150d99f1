"""Extreme pairs against a full sort, and the guarantees of their order."""

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from core import rdm
from core.errors import InputError
from core.rdm import METRICS as METRICS_BY_ID
from core.rdm import extremes

METRICS = ["correlation", "cosine", "euclidean", "sqeuclidean_per_channel"]


def sorted_pairs(responses, metric, key, count):
    """Every pair by brute force in float64, sorted by (key, i, j)."""
    wide = responses.astype(np.float64)
    name = metric.removesuffix("_per_channel")
    values = pdist(wide, name) / (wide.shape[1] if name != metric else 1)
    i, j = np.triu_indices(len(wide), 1)
    kept = np.isfinite(values)
    values, i, j = values[kept], i[kept], j[kept]
    order = np.lexsort((j, i, key(values)))[:count]
    return list(zip(i[order], j[order], values[order], strict=True))


def assert_same(found, truth):
    assert [(pair.i, pair.j) for pair in found] == [(i, j) for i, j, _ in truth]
    assert np.allclose([pair.value for pair in found], [value for *_, value in truth], rtol=1e-9)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("n", "v", "offset"), [(40, 5, 0), (800, 60, 0), (300, 200, 1000)])
def test_agrees_with_a_full_sort(metric, n, v, offset):
    rng = np.random.default_rng(n)
    responses = (rng.standard_normal((n, v)) + offset).astype(np.float32)
    responses[5] = responses[17] + 1e-3 * rng.standard_normal(v)
    target = float(np.median(pdist(responses[:40].astype(np.float64), metric.split("_")[0])))
    target = target / v if "per_channel" in metric else target
    pairs = rdm.extreme_pairs(responses, metric, 12, target)
    assert_same(pairs.smallest, sorted_pairs(responses, metric, lambda d: d, 12))
    assert_same(pairs.largest, sorted_pairs(responses, metric, np.negative, 12))
    assert_same(pairs.nearest, sorted_pairs(responses, metric, lambda d: np.abs(d - target), 12))


def test_equal_rows_tie_at_zero_in_order_of_their_rows():
    rng = np.random.default_rng(0)
    responses = rng.standard_normal((900, 30)).astype(np.float32)
    responses[300:700] = responses[300]
    pairs = rdm.extreme_pairs(responses, "correlation", 5).smallest
    assert [(pair.i, pair.j) for pair in pairs] == [(300, 300 + k) for k in range(1, 6)]
    assert all(pair.value == 0.0 for pair in pairs)


TIES = {
    "many groups of equal rows": lambda rng: np.repeat(rng.normal(size=(300, 50)), 2, axis=0),
    "permutations of three values": lambda rng: rng.permuted(
        np.tile([0.0, 1, 2], (200, 4)), axis=1
    ),
    "two units": lambda rng: rng.integers(0, 5, (150, 2)) + 0.5,
    "collinear rows": lambda rng: np.outer(rng.integers(1, 9, 90), rng.normal(size=7)),
}


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
@pytest.mark.parametrize("case", TIES)
def test_ties_come_in_order_of_their_rows(metric, case):
    responses = TIES[case](np.random.default_rng(8)).astype(np.float32)
    method = METRICS_BY_ID[metric]
    constant = (responses == responses[:, :1]).all(axis=1) & (metric == "correlation")
    kept = np.flatnonzero(~constant)
    exact = [
        (method.rounded_once(responses[i], responses[j]), int(i), int(j))
        for place, i in enumerate(kept)
        for j in kept[place + 1 :]
    ]
    pairs = rdm.extreme_pairs(responses, metric, 6)
    assert [(p.value, p.i, p.j) for p in pairs.smallest] == sorted(exact)[:6]
    largest = sorted(exact, key=lambda pair: (-pair[0], *pair[1:]))[:6]
    assert [(p.value, p.i, p.j) for p in pairs.largest] == largest


@pytest.mark.parametrize(
    ("metric", "responses"),
    [
        ("euclidean", lambda rng: 1e-9 * rng.normal(size=(1500, 200))),
        ("correlation", lambda rng: rng.normal(size=200) + 1e-4 * rng.normal(size=(1500, 200))),
    ],
)
def test_few_candidates_are_scored_again_whatever_the_scale(metric, responses, monkeypatch):
    scored = []
    score = extremes._score
    monkeypatch.setattr(
        extremes, "_score", lambda *given: scored.append(len(given[-1])) or score(*given)
    )
    rdm.extreme_pairs(responses(np.random.default_rng(9)), metric, 10)
    assert sum(scored) < 20_000


def test_the_target_must_be_finite():
    with pytest.raises(InputError, match="finite"):
        rdm.extreme_pairs(np.eye(4), "euclidean", 2, target=float("nan"))


def test_the_neutral_value_is_the_default_target():
    responses = np.random.default_rng(1).standard_normal((30, 20))
    assert rdm.extreme_pairs(responses, "correlation").target == 1.0
    assert rdm.extreme_pairs(responses, "euclidean").nearest == ()


def test_undefined_rows_never_appear_and_few_pairs_are_all_listed():
    responses = np.random.default_rng(2).standard_normal((5, 20))
    responses[1] = 4.0
    pairs = rdm.extreme_pairs(responses, "correlation", 50)
    assert len(pairs.smallest) == len(pairs.largest) == 6
    assert all(1 not in pair[:2] for pair in pairs.smallest)
    assert pairs.smallest == pairs.largest[::-1]


def test_offsets_do_not_change_the_answer():
    responses = np.random.default_rng(3).standard_normal((200, 40))
    plain = rdm.extreme_pairs(responses, "euclidean", 8)
    moved = rdm.extreme_pairs(responses + 1024.0, "euclidean", 8)
    assert [pair[:2] for pair in plain.largest] == [pair[:2] for pair in moved.largest]


@pytest.mark.parametrize("metric", ["correlation", "cosine"])
def test_the_smallest_responses_have_the_pairs_of_larger_ones(metric):
    responses = np.random.default_rng(2).standard_normal((60, 40))
    tiny, ordinary = (rdm.extreme_pairs(responses * size, metric, 4) for size in (1e-200, 1))
    for name in ("smallest", "largest", "nearest"):
        expected = [tuple(pair) for pair in getattr(ordinary, name)]
        assert_same(getattr(tiny, name), expected)
    values = rdm.compute(responses * 1e-200, metric)
    assert np.allclose(values, rdm.compute(responses, metric), atol=1e-6)


def test_cells_of_a_matrix_agree_with_the_pairs_of_its_responses():
    responses = np.random.default_rng(4).standard_normal((600, 25))
    from_rows = rdm.extreme_pairs(responses, "correlation", 6)
    matrix = rdm.compute(responses)
    assert rdm.extreme_pairs(responses, "correlation", 6, matrix=matrix) == from_rows
    cells = rdm.extreme_cells(matrix, 6, target=1.0)
    assert [pair[:2] for pair in cells.smallest] == [pair[:2] for pair in from_rows.smallest]
    assert [pair[:2] for pair in cells.largest] == [pair[:2] for pair in from_rows.largest]


def test_the_matrix_is_never_stored():
    responses = np.random.default_rng(5).standard_normal((4000, 8)).astype(np.float32)
    tracemalloc.start()
    rdm.extreme_pairs(responses, "correlation", 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 4000 * 4 / 2


def test_bad_input():
    with pytest.raises(InputError, match="count is 0"):
        rdm.extreme_pairs(np.eye(4), "euclidean", 0)
    with pytest.raises(InputError, match="whole matrix"):
        rdm.extreme_pairs(np.eye(4), "crossnobis")
