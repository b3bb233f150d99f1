"""Bootstrap samples against literal ones and against rsatoolbox, on the same draws."""

import contextlib
import io

import numpy as np
import pytest
from rsatoolbox.inference import eval_bootstrap, eval_bootstrap_pattern
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs
from rsatoolbox.util.inference_util import extract_variances
from scipy.optimize import nnls
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from core.rsa import FixedModel, SelectedModel, WeightedModel, evaluate
from core.rsa.bootstrap import (
    BootstrapDraws,
    ModelComparison,
    combine,
    covariance,
    divide,
    draw,
    draw_scores,
    fitted_weights,
    leave_out_stimuli,
    number_of_folds,
    score,
    single_pairs,
)
from core.rsa.samples import RankedRow, product_influences, rank_influences, stack_rdms
from tests.core.rsa.drawn import literal, pooled, similarity, subjects_of

N, SUBJECTS = 15, 4
NAMES = {"cosine": "cosine", "pearson": "corr", "spearman": "spearman", "rho-a": "rho-a"}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N, 4))
    subjects = [np.float32(rdm) for rdm in subjects_of(features, SUBJECTS, 2.0, rng)]
    models = [np.float32(rdm) for rdm in subjects_of(features, 3, 4.0, rng)]
    return subjects, models


def compared(subjects, models, method):
    rdms = [rdm for model in models for rdm in model.rdms]
    return ModelComparison(stack_rdms(subjects, rdms, method), tuple(models), method)


def of_fixed(data, method):
    models = [FixedModel(str(k), rdm) for k, rdm in enumerate(data[1])]
    return compared(data[0], models, method)


@pytest.mark.parametrize("method", NAMES)
def test_stimuli_are_resampled_as_by_rsatoolbox(data, method):
    samples = 12
    rdms, models = in_rsatoolbox(data)
    np.random.seed(1)  # rsatoolbox draws from the global generator
    with contextlib.redirect_stderr(io.StringIO()):
        peer = eval_bootstrap_pattern(models, rdms, method=NAMES[method], N=samples)
    np.random.seed(1)
    drawn = [np.bincount(np.random.randint(0, N, N), minlength=N) for _ in range(samples)]
    draws = BootstrapDraws(np.array(drawn), np.ones((samples, SUBJECTS), int))
    own = draw_scores(of_fixed(data, method), "stimuli", draws)["stimuli"][:, 0]
    np.testing.assert_allclose(own[:, :3], peer.evaluations, atol=1e-9)
    np.testing.assert_allclose(own[:, 3:].T, peer.noise_ceiling, atol=1e-9)
    variances = np.diag(covariance(own[:, None]))
    # rsatoolbox has it of the same samples.
    np.testing.assert_allclose(variances[:3] * N / (N - 1), peer.model_var)


@pytest.mark.parametrize("method", ["cosine", "spearman"])
def test_both_are_resampled_as_by_rsatoolbox(data, method):
    samples = 12
    rdms, models = in_rsatoolbox(data)
    np.random.seed(2)
    with contextlib.redirect_stderr(io.StringIO()):
        peer = eval_bootstrap(models, rdms, method=NAMES[method], N=samples)
    np.random.seed(2)
    drawn = []
    for _ in range(samples):
        subjects = np.bincount(np.random.randint(0, SUBJECTS, SUBJECTS), minlength=SUBJECTS)
        drawn.append((np.bincount(np.random.randint(0, N, N), minlength=N), subjects))
    draws = BootstrapDraws(*(np.array(part) for part in zip(*drawn, strict=True)))
    comparison = of_fixed(data, method)
    own = draw_scores(comparison, "both", draws)["both"][:, 0]
    np.testing.assert_allclose(own[:, :3], peer.evaluations, atol=1e-9)
    for (stimuli, subjects), lower, upper in zip(drawn, *peer.noise_ceiling, strict=True):
        # Its ceiling counts a subject once however often it is in the sample.
        scores = score(comparison, divide(comparison, stimuli, np.random), subjects)
        assert np.nanmean(scores.upper) == pytest.approx(upper)
        if (subjects > 0).sum() > 1:
            assert np.nanmean(scores.lower) == pytest.approx(lower)


def in_rsatoolbox(data):
    subjects, models = ([squareform(np.float64(rdm)) for rdm in group] for group in data)
    return RDMs(np.array(subjects)), [ModelFixed(str(k), rdm) for k, rdm in enumerate(models)]


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_copies_of_subjects_count_and_are_left_out_together(data, method):
    subjects, models = data
    counts, sample = np.array([2, 0, 1, 1]), np.random.default_rng(3).integers(0, N, N)
    draws = BootstrapDraws(np.bincount(sample, minlength=N)[None], counts[None])
    found = draw_scores(of_fixed(data, method), "both", draws)
    for kind, cells, times in (
        ("both", sample, counts),
        ("stimuli", sample, np.ones(4, int)),
        ("subjects", np.arange(N), counts),
    ):
        rows = [literal(np.float64(rdm), cells) for rdm in subjects]
        copies = np.repeat(np.arange(4), times)
        expected = [
            np.mean([similarity(literal(np.float64(m), cells), rows[s], method) for s in copies])
            for m in models
        ]
        lower = []
        for s in copies:
            rest = pooled([rows[t] for t in copies if t != s], method)
            lower.append(similarity(rest, rows[s], method))
        whole = pooled([rows[t] for t in copies], method)
        upper = [similarity(whole, rows[s], method) for s in copies]
        expected += [np.mean(lower), np.mean(upper)]
        np.testing.assert_allclose(found[kind][0, 0], expected, atol=1e-12)


def test_a_sample_of_one_subject_has_no_lower_ceiling(data):
    draws = BootstrapDraws(np.ones((1, N), int), np.array([[0, 4, 0, 0]]))
    found = draw_scores(of_fixed(data, "spearman"), "subjects", draws)["subjects"][0, 0]
    assert np.isfinite(found[:3]).all()
    assert np.isnan(found[3])
    assert found[4] == pytest.approx(1.0)


@pytest.mark.parametrize("method", ["pearson", "cosine", "spearman"])
@pytest.mark.parametrize("kind", [WeightedModel, SelectedModel])
def test_flexible_models_are_fitted_and_tested_apart(data, method, kind):
    subjects, components = data
    comparison = compared(subjects, [kind("flexible", components)], method)
    counts = np.random.default_rng(4).multinomial(N, np.ones(N) / N)
    folds = divide(comparison, counts, np.random.default_rng(5))
    assert np.array_equal(sum(fold.is_tested for fold in folds), counts > 0)
    scores = score(comparison, folds, np.array([1, 1, 2, 0]))
    expected = np.zeros(3)
    for fold in folds:
        tested = np.repeat(np.arange(N), counts * fold.is_tested)
        training = np.repeat(np.arange(N), counts * ~fold.is_tested)
        for s in range(3):
            x = [literal(np.float64(rdm), training) for rdm in components]
            others = [literal(np.float64(subjects[t]), training) for t in (0, 1, 2, 2) if t != s]
            weights = (by_nnls if kind is WeightedModel else by_choice)(
                [_on_scale(row, method) for row in x], _centred(pooled(others, method), method)
            )
            rows = [_on_scale(literal(np.float64(r), tested), method) for r in components]
            own = literal(np.float64(subjects[s]), tested)
            # A sum of products in the order of the lanes would part cells of copies by rounding.
            combined = np.round(weights @ np.array(rows), 12)
            expected[s] += similarity(combined, own, method) / len(folds)
    np.testing.assert_allclose(scores.models[0, :3], expected, atol=1e-7)
    assert np.isnan(scores.models[0, 3])


def test_what_is_tested_changes_no_weight(data):
    subjects, components = data
    model = WeightedModel("sum", components)
    weights = []
    for shift in (0, 5):
        changed = [rdm.copy() for rdm in subjects]
        changed[1] = changed[1][::-1, ::-1] if shift else changed[1]
        comparison = compared(changed, [model], "spearman")
        folds = divide(comparison, np.ones(N, int), np.random.default_rng(6))
        weights.append(fitted_weights(comparison, folds[0], np.ones(4, int))[0])
        if shift == 0:
            tested = folds[0].is_tested
            cells = np.ix_(tested, tested)
            subjects = [rdm.copy() for rdm in subjects]
            for rdm in subjects:
                rdm[cells] = rdm[cells][::-1, ::-1]
    np.testing.assert_array_equal(weights[0][1], weights[1][1])
    assert not np.allclose(weights[0][0], weights[1][0])


def test_one_subject_is_fitted_to_its_other_stimuli(data):
    comparison = compared(data[0][:1], [SelectedModel("layer", data[1])], "pearson")
    folds = divide(comparison, np.ones(N, int), np.random.default_rng(7))
    scores = score(comparison, folds, np.ones(1, int))
    assert np.isfinite(scores.models).all()
    assert np.isnan(scores.lower).all()


def _on_scale(row, method):
    return _centred(rankdata(row) if method == "spearman" else row, method)


def _centred(row, method):
    return row if method == "cosine" else row - row.mean()


def by_nnls(rows, target):
    return nnls(np.array(rows).T, target)[0]


def by_choice(rows, target):
    fits = [row @ target / np.linalg.norm(row) for row in rows]
    return np.eye(len(rows))[np.argmax(fits)]


def test_variances_combine_as_in_rsatoolbox():
    rng = np.random.default_rng(8)
    for _ in range(50):
        n, s = rng.integers(3, 40), rng.integers(2, 20)
        subjects, stimuli = rng.random(2)
        both = subjects + stimuli + rng.random() * min(subjects, stimuli) / 3
        own, degrees = combine({"subjects": subjects, "stimuli": stimuli, "both": both}, n, s)
        peer = extract_variances(
            np.array([both, subjects, stimuli])[:, None, None], False, int(s), int(n)
        )[0]
        a, b = n / (n - 1), s / (s - 1)
        largest = max(b * subjects, a * stimuli)
        # Its upper bound leaves out that a bootstrap is too narrow.
        assert min(own, max(both, 0)) == pytest.approx(peer[0])
        assert largest <= own <= max(a * b * both, largest)
        share = 1.0 if s == 2 else min(1.0, b * subjects / own)
        of_both = share**2 / (s - 1) + (1 - share) ** 2 * 4 / (n - 1)
        assert 1 / degrees == pytest.approx(of_both)
    assert combine({"stimuli": 2.0}, 10, 4) == (pytest.approx(20 / 9), 2.25)
    assert combine({"subjects": 3.0}, 11, 4) == (pytest.approx(4.0), 3)
    assert combine({"subjects": 0.0, "stimuli": 0.0, "both": 0.0}, 11, 3) == (0.0, 2)


def test_what_a_bootstrap_counts_too_often_is_taken_out():
    plain = combine({"stimuli": 2.0}, 10, 4, True)
    assert plain == (pytest.approx(20 / 9), 4.5)

    def variance(left_out, pairs, **more):
        known = {"stimuli left out": left_out, "single pairs": pairs, "common pairs": pairs}
        return combine({"stimuli": 2.0} | known | more, 10, 4, True)[0]

    assert variance(2.0, 0.5) == pytest.approx(1.5)  # the jackknife less one of its two
    assert variance(9.0, 0.5) == pytest.approx(20 / 9)  # no more than the bootstrap's
    assert variance(0.1, 0.5) == pytest.approx(20 / 9 - 1.0)  # no less than without two of three
    assert variance(0.1, 5.0) == pytest.approx(20 / 27)
    # An estimate may be below 0, and a model undefined without some stimulus.
    assert variance(2.0, -1.0) == pytest.approx(20 / 9)
    assert variance(np.nan, 0.5) == pytest.approx(20 / 9)
    both = {"subjects": 1.0, "both": 4.0}
    without = combine({"stimuli": 2.0} | both, 10, 4, True)[0]
    assert without - variance(2.0, 0.5, **both) == pytest.approx(20 / 9 - 1.5)
    # Only what subjects share is counted too often over both.
    shared = variance(2.0, 0.5, **both, **{"common pairs": 0.1})
    assert without - shared == pytest.approx((20 / 9 - 1.5) / 5)


@pytest.mark.parametrize("method", ["spearman", "pearson", "cosine"])
def test_single_pairs_are_what_stimuli_leave_by_least_squares(data, method):
    subjects, models = ([rdm.astype(float) for rdm in group] for group in data)
    models[0][2, 7] = models[0][7, 2] = np.nan
    comparison = of_fixed((subjects, models), method)
    stack = comparison.stack
    i, j = stack.first, stack.second
    design = np.zeros((len(i), N))
    design[np.arange(len(i)), i] = design[np.arange(len(i)), j] = 1

    def influences(x, y):
        if method == "spearman":
            return rank_influences(RankedRow(x), RankedRow(y), method)
        centred = method == "pearson"
        return product_influences(x - centred * x.mean(), y - centred * y.mean())

    rests = []
    for subject in subjects:
        cells = np.array([influences(m[i, j], subject[i, j]) for m in models])
        rests.append(cells.T - design @ np.linalg.lstsq(design, cells.T)[0])
    scale = (len(i) - N) * len(i)
    mean = np.mean(rests, axis=0)
    whole, common = single_pairs(comparison)
    np.testing.assert_allclose(whole[:3, :3], mean.T @ mean / scale, atol=1e-9)
    apart = [a.T @ b for a in rests for b in rests if a is not b]
    np.testing.assert_allclose(common[:3, :3], np.mean(apart, axis=0) / scale, atol=1e-9)


def test_independent_cells_have_their_own_variance():
    """A bootstrap alone would state three times that of a correlation of independent cells."""
    rng = np.random.default_rng(11)
    stated = []
    for _ in range(12):
        subject, model = (squareform(rng.random(276)) for _ in range(2))
        found = evaluate([subject], [FixedModel("unrelated", model)], "pearson", "stimuli", 100)
        stated.append(found.models[0].standard_error ** 2)
    assert 0.7 < np.mean(stated) * 275 < 1.6


@pytest.mark.parametrize("method", ["spearman", "cosine"])
def test_means_without_each_stimulus_are_those_of_the_rest(data, method):
    comparison = of_fixed(data, method)
    without = leave_out_stimuli(comparison)
    assert without.shape == (N, 5)
    kept = np.delete(np.arange(N), 4)
    fewer = [[rdm[np.ix_(kept, kept)] for rdm in group] for group in data]
    found = evaluate(fewer[0], [FixedModel(str(k), m) for k, m in enumerate(fewer[1])], method)
    means = [model.mean for model in found.models]
    np.testing.assert_allclose(without[4], [*means, found.ceiling.lower, found.ceiling.upper])


def test_covariance_is_that_of_many_assignments():
    rng = np.random.default_rng(9)
    true = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 2]], 200_000)
    seen = true[:, None] + rng.standard_normal((200_000, 2, 2))
    np.testing.assert_allclose(covariance(seen), [[1, 0.5], [0.5, 2]], atol=0.03)
    plain = rng.standard_normal((50, 1, 3))
    plain[3, 0, 1] = np.nan
    expected = np.cov(np.delete(plain[:, 0], 3, axis=0), rowvar=False)
    np.testing.assert_allclose(covariance(plain), expected)
    assert np.isnan(covariance(plain[3:4])).all()


def test_draws_hold_as_many_and_are_seeded():
    draws = draw(20, 6, 50, seed=1)
    assert (draws.stimuli.sum(axis=1) == 20).all()
    assert (draws.subjects.sum(axis=1) == 6).all()
    np.testing.assert_array_equal(draws.stimuli, draw(20, 6, 50, seed=1).stimuli)
    assert [number_of_folds(n) for n in (12, 20, 40, 200)] == [2, 3, 4, 5]
