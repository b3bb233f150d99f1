"""Comparisons of RDMs against scipy and by hand; order, cells, blocks."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import squareform

from core import rdm
from core.errors import InputError
from core.rdm.order import ORDERS


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 12, 190).astype(float)
    return a, a + rng.normal(0, 4, 190).round()


def test_methods_against_scipy(pair):
    a, b = pair
    x, y = squareform(a), squareform(b - b.min() + 1)
    b = b - b.min() + 1
    assert rdm.compare(x, y, "spearman") == pytest.approx(stats.spearmanr(a, b).statistic)
    assert rdm.compare(x, y, "pearson") == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-6)
    assert rdm.compare(x, y, "cosine") == pytest.approx(a @ b / np.sqrt(a @ a * (b @ b)), abs=1e-6)
    signs = [np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) for i in range(190) for j in range(i)]
    assert rdm.compare(x, y, "kendall") == pytest.approx(np.mean(signs))


def test_rho_a_is_the_expected_spearman_under_random_ties(pair):
    a, b = pair
    b = b - b.min() + 1
    rng = np.random.default_rng(1)
    broken = [
        stats.spearmanr(a + 1e-6 * rng.random(190), b + 1e-6 * rng.random(190)).statistic
        for _ in range(300)
    ]
    assert rdm.compare(squareform(a), squareform(b), "rho-a") == pytest.approx(
        np.mean(broken), abs=0.003
    )


def test_missing_pairs_are_left_out():
    a = squareform(np.arange(1.0, 11))
    b = a.copy()
    b[0, :] = b[:, 0] = np.nan
    assert rdm.compare(a, b) == pytest.approx(1.0)
    with pytest.raises(InputError, match="at least 2"):
        rdm.compare(np.full((4, 4), np.nan), a[:4, :4])


def test_asymmetric_and_mismatched_rdms_are_refused():
    a = squareform(np.arange(1.0, 11))
    b = a.copy()
    b[0, 1] = 9
    with pytest.raises(InputError, match="not symmetric"):
        rdm.compare(a, b)
    with pytest.raises(InputError, match="4 rows"):
        rdm.compare(a, a[:4, :4])


def test_noise_ceiling_holds_the_true_model():
    rng = np.random.default_rng(2)
    truth = rng.random(435)
    subjects = [squareform(truth + rng.random(435)) for _ in range(6)]
    lower, upper = rdm.noise_ceiling(subjects, "pearson")
    model = np.mean([rdm.compare(squareform(truth), one, "pearson") for one in subjects])
    assert lower < model < upper + 1e-9
    assert rdm.noise_ceiling([subjects[0]] * 3) == pytest.approx((1.0, 1.0))
    with pytest.raises(InputError, match="two subjects"):
        rdm.noise_ceiling(subjects[:1])


def test_mantel_finds_agreement_and_keeps_its_level():
    rng = np.random.default_rng(3)
    same = rdm.compute(rng.standard_normal((20, 30)))
    noisy = same + squareform(0.05 * rng.random(190)).astype(np.float32)
    found = rdm.mantel(same, noisy, 199, seed=4)
    assert found.statistic == pytest.approx(rdm.compare(same, noisy), abs=1e-6)
    assert found.p == 1 / 200
    assert rdm.mantel(same, noisy, 199, seed=4) == found
    unrelated = [
        rdm.mantel(same, rdm.compute(rng.standard_normal((20, 30))), 99, seed=k).p
        for k in range(60)
    ]
    assert 0.3 < np.mean(unrelated) < 0.7
    assert np.mean(np.array(unrelated) <= 0.05) < 0.15


def test_cell_rank_and_percentile_by_hand():
    matrix = squareform(np.array([4.0, 1, 3, 2, 2, 9])).astype(np.float32)
    assert rdm.cell(matrix, 0, 2) == (1.0, 1, pytest.approx(100 * 0.5 / 6), 6)
    assert rdm.cell(matrix, 3, 2) == (9.0, 6, pytest.approx(100 * 5.5 / 6), 6)
    assert rdm.cell(matrix, 1, 2).rank == rdm.cell(matrix, 1, 3).rank == 2
    with pytest.raises(InputError, match="two different rows"):
        rdm.cell(matrix, 1, 1)


def test_cell_of_a_missing_pair_says_so():
    matrix = rdm.compute(np.vstack([np.random.default_rng(0).random((4, 5)), np.ones((1, 5))]))
    found = rdm.cell(matrix, 0, 4)
    assert np.isnan(found.value)
    assert found.pairs == 6


def test_block_mean_leaves_out_the_diagonal():
    matrix = squareform(np.array([4.0, 1, 3, 2, 2, 9])).astype(np.float32)
    inner = rdm.block_mean(matrix, np.array([0, 1, 2]), np.array([0, 1, 2]))
    assert (inner.mean, inner.pairs) == (pytest.approx(7 / 3), 3)
    across = rdm.block_mean(matrix, np.array([0, 1]), np.array([2, 3]))
    assert (across.mean, across.pairs) == (2.0, 4)


def test_spread_counts_every_pair_once():
    matrix = rdm.compute(np.random.default_rng(5).standard_normal((300, 9)))
    upper = matrix[np.triu_indices(300, 1)]
    found = rdm.spread(matrix, bins=50)
    assert found.pairs == found.counts.sum() == len(upper)
    assert found.mean == pytest.approx(upper.mean(), rel=1e-6)
    counts, _ = np.histogram(upper, 50)
    assert np.abs(found.counts - counts).sum() <= 4


STIMULI = pd.DataFrame(
    {"category": list("bababac"), "supercategory": ["y", "x", "y", "x", "y", "x", "y"]}
)


def test_category_order_groups_and_blocks_tell_where():
    order = ORDERS["category"].arrange(STIMULI, np.zeros((7, 7)))
    assert order.tolist() == [0, 2, 4, 6, 1, 3, 5]
    found = rdm.blocks(STIMULI, order)
    assert [tuple(block) for block in found] == [(0, 3, "b"), (3, 4, "c"), (4, 7, "a")]
    assert rdm.blocks(STIMULI, np.arange(7)) == []


def test_hierarchical_order_brings_planted_groups_together():
    rng = np.random.default_rng(6)
    centres = rng.standard_normal((3, 40))
    group = rng.integers(0, 3, 60)
    responses = centres[group] + 0.3 * rng.standard_normal((60, 40))
    responses[9] = 1.0
    stimuli = pd.DataFrame({"category": group.astype(str), "supercategory": ""})
    order = ORDERS["hierarchical"].arrange(stimuli, rdm.compute(responses))
    assert sorted(order.tolist()) == list(range(60))
    assert order[-1] == 9
    assert np.count_nonzero(np.diff(group[order[:-1]])) == 2


def test_mantel_of_a_constant_rdm_is_undefined():
    matrix = rdm.compute(np.random.default_rng(0).standard_normal((12, 9)))
    constant = np.full((12, 12), 0.1) - 0.1 * np.eye(12)
    assert np.isnan(rdm.mantel(constant, matrix, 99)).all()
    with pytest.raises(InputError, match="at least 1"):
        rdm.mantel(matrix, matrix, permutations=-5)
    with pytest.raises(InputError, match="at least 4"):
        rdm.mantel(matrix[:2, :2], matrix[:2, :2])


def test_noise_ceiling_names_what_does_not_fit():
    matrix = rdm.compute(np.random.default_rng(0).standard_normal((12, 9)))
    with pytest.raises(InputError, match="RDM 1 has 5 rows"):
        rdm.noise_ceiling([matrix, matrix[:5, :5]])
    with pytest.raises(InputError, match="RDM 1 is constant"):
        rdm.noise_ceiling([matrix, np.ones((12, 12)) - np.eye(12)])


def test_block_mean_of_overlapping_groups_leaves_out_self_pairs():
    matrix = rdm.compute(np.random.default_rng(0).standard_normal((5, 9)))
    found = rdm.block_mean(matrix, np.array([0, 1, 2]), np.array([2, 3]))
    cells = [matrix[i, j] for i, j in ((0, 2), (0, 3), (1, 2), (1, 3), (2, 3))]
    assert found.mean == pytest.approx(np.mean(cells))
    assert found.pairs == 5


def test_the_most_similar_row_is_the_least_off_the_diagonal():
    matrix = np.array([[0, 2, 1, 1], [2, 0, np.nan, 3], [1, np.nan, 0, 4], [1, 3, 4, 0.0]])
    assert [rdm.most_similar_to(matrix, row) for row in range(4)] == [2, 0, 0, 0]
    matrix[:] = np.nan
    assert rdm.most_similar_to(matrix, 1) is None
