"""Weighted comparison of a sample is that of its literal copy."""

import numpy as np
import pytest
from scipy.spatial.distance import squareform
from scipy.stats import kendalltau, rankdata, spearmanr

from core.errors import InputError
from core.rsa.ceilings import pooling
from core.rsa.samples import (
    CellSample,
    RankedRow,
    product_influences,
    rank_influences,
    stack_rdms,
    weighted_ranks,
)
from tests.core.rsa.drawn import literal, pooled, similarity, subjects_of

METHODS = ("spearman", "pearson", "cosine", "rho-a")


@pytest.fixture(scope="module")
def rdms():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((13, 4))
    subjects = subjects_of(features, 3, 1.0, rng)
    tied = [rdm.round(-1) for rdm in subjects_of(features, 2, 2.0, rng)]
    binary = squareform(rng.integers(0, 2, 78)).astype(float)
    return subjects, [*tied, binary]


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_copies(rdms, method):
    subjects, models = rdms
    stack = stack_rdms(subjects, models, method)
    rng = np.random.default_rng(1)
    for _ in range(20):
        sample = rng.integers(0, 13, 13)
        block = CellSample(stack, np.bincount(sample, minlength=13), method)
        rows = [literal(np.float32(rdm).astype(float), sample) for rdm in (*subjects, *models)]
        expected = [[similarity(row, own, method) for own in rows[:3]] for row in rows]
        np.testing.assert_allclose(block.direct, expected, atol=1e-12)
        everyone, others = pooling(block, np.ones(3, int))
        found = block.similarities(np.vstack([everyone, others]))
        upper = [similarity(pooled(rows[:3], method), own, method) for own in rows[:3]]
        np.testing.assert_allclose(found[0], upper, atol=1e-12)
        for s in range(3):
            rest = pooled([rows[t] for t in range(3) if t != s], method)
            assert found[1 + s, s] == pytest.approx(similarity(rest, rows[s], method), abs=1e-12)


def test_kendall_is_tau_a_of_copies(rdms):
    subjects, models = rdms
    sample = np.random.default_rng(2).integers(0, 13, 13)
    block = CellSample(
        stack_rdms(subjects, models, "kendall"), np.bincount(sample, minlength=13), "kendall"
    )
    x, y = (literal(np.float32(rdm).astype(float), sample) for rdm in (models[0], subjects[1]))
    signs = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    assert block.direct[3, 1] == pytest.approx(signs.sum() / (len(x) * (len(x) - 1)))
    assert kendalltau(x, y).statistic != pytest.approx(block.direct[3, 1])


def test_weighted_ranks_are_ranks_of_copies():
    rng = np.random.default_rng(3)
    for levels in (2, 5, 1000):
        values, weights = rng.integers(0, levels, 60), rng.integers(1, 5, 60)
        expected = rankdata(np.repeat(values, weights))
        np.testing.assert_array_equal(
            np.repeat(weighted_ranks(values, weights.astype(float)), weights), expected
        )


@pytest.mark.parametrize("method", ["spearman", "rho-a", "kendall", "pearson", "cosine"])
@pytest.mark.parametrize("tied", [False, True])
def test_influences_are_what_leaving_out_a_cell_does(method, tied):
    rng = np.random.default_rng(4)
    x = rng.standard_normal(800)
    y = x + 2 * rng.standard_normal(800)
    if tied:
        x, y = (x > 0.4).astype(float), y.round()
    if method in ("pearson", "cosine"):
        centre = method == "pearson"
        found = product_influences(x - centre * x.mean(), y - centre * y.mean())
    else:
        found = rank_influences(RankedRow(x), RankedRow(y), method)
    assert found.mean() == pytest.approx(0, abs=1e-12)

    def value(a, b):
        if method != "kendall":
            return similarity(a, b, method)
        signs = np.sign(a[:, None] - a) * np.sign(b[:, None] - b)
        return signs.sum() / (len(a) * (len(a) - 1))

    whole = value(x, y)
    without = [799 * (whole - value(np.delete(x, k), np.delete(y, k))) for k in range(60)]
    # Of tau-a it is that of rho-a by 2 / 3, which is near.
    assert np.corrcoef(found[:60], without)[0, 1] > (0.97 if method == "kendall" else 0.99999)
    assert np.std(found[:60]) == pytest.approx(
        np.std(without), rel=0.12 if method == "kendall" else 0.01
    )


def test_pairs_that_an_rdm_lacks_enter_nowhere(rdms):
    subjects, models = (list(group) for group in rdms)
    subjects[1], models[0] = subjects[1].copy(), models[0].copy()
    subjects[1][2, 5] = subjects[1][5, 2] = np.nan
    models[0][7] = models[0][:, 7] = np.nan
    stack = stack_rdms(subjects, models, "spearman")
    assert (stack.stimuli, len(stack.first)) == (12, 65)
    assert stack.left_out == (1, 1)
    both = np.isfinite(np.triu(subjects[1] + models[0], 1)) & np.triu(np.ones((13, 13), bool), 1)
    expected = spearmanr(np.float32(models[1])[both], np.float32(subjects[0])[both]).statistic
    block = CellSample(stack, np.ones(12, int), "spearman")
    assert block.direct[4, 0] == pytest.approx(expected)


def test_a_constant_model_has_no_similarity_and_a_constant_subject_is_refused(rdms):
    subjects, _ = rdms
    flat = 0.1 * (1 - np.eye(13))
    for method in METHODS[:2]:
        block = CellSample(stack_rdms(subjects, [flat], method), np.ones(13, int), method)
        assert np.isnan(block.direct[3]).all()
        with pytest.raises(InputError, match="subject 2 is constant"):
            stack_rdms([subjects[0], flat], [], method)
    cosine = CellSample(stack_rdms([subjects[0], flat], [], "cosine"), np.ones(13, int), "cosine")
    assert 0.5 < cosine.direct[1, 0] < 1


def test_bad_input_is_refused(rdms):
    subjects, models = rdms
    with pytest.raises(InputError, match="A model has 3 rows"):
        stack_rdms(subjects, [models[0][:3, :3]], "pearson")
    with pytest.raises(InputError, match="share 3 stimuli"):
        stack_rdms([rdm[:3, :3] for rdm in subjects], [], "pearson")
    with pytest.raises(InputError, match="rho-a"):
        stack_rdms(subjects, models, "pearsson")
    with pytest.raises(InputError, match="no RDM of a subject"):
        stack_rdms([], models, "pearson")
