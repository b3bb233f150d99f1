"""Scores of pairs against scikit-learn and scipy, and over images in place of pairs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata, spearmanr
from sklearn.metrics import r2_score

from core.dissimilarity import scoring
from core.dissimilarity.scoring import MEASURES, PairScores, measures

N = 24


def effects(seed: int, n: int = N, of_image: float = 1.0, of_pair: float = 0.5):
    """True and predicted matrices with effects of images and of pairs."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    truth, predicted = np.zeros((2, n, n))
    shared, own = rng.normal(size=n), rng.normal(size=n)
    truth[i, j] = shared[i] + shared[j] + of_pair * rng.normal(size=len(i))
    predicted[i, j] = of_image * (shared[i] + shared[j]) + own[i] + own[j]
    predicted[i, j] += of_pair * rng.normal(size=len(i))
    return truth + truth.T, predicted + predicted.T, i, j


def scores_of(seed: int = 0, **how) -> tuple[PairScores, np.ndarray, np.ndarray]:
    truth, predicted, i, j = effects(seed, **how)
    models = {"model": predicted[i, j], "half": predicted[i, j] / 2, "flat": np.full(len(i), 0.3)}
    return PairScores(truth[i, j], models, i, j, truth, seed), truth[i, j], predicted[i, j]


def test_they_are_those_of_scikit_learn_and_scipy():
    _, truth, predicted = scores_of()
    predicted = np.round(predicted, 1)  # with ties
    found = measures(truth, predicted)
    assert found["r2"] == pytest.approx(r2_score(truth, predicted), abs=1e-12)
    assert found["pearson"] == pytest.approx(pearsonr(truth, predicted)[0], abs=1e-12)
    assert found["spearman"] == pytest.approx(spearmanr(truth, predicted)[0], abs=1e-12)


def test_a_constant_prediction_has_no_correlation():
    scores, truth, _ = scores_of()
    assert np.isnan(scores.score("flat", "pearson").value)
    assert np.isnan(scores.score("flat", "spearman").value)
    assert scores.score("flat", "r2").value == pytest.approx(r2_score(truth, np.full(276, 0.3)))
    difference = scores.differences("flat", "pearson", ["model"])["model"]
    assert difference.value == pytest.approx(scores.score("model", "pearson").value)


def test_a_bootstrap_sample_is_one_of_images():
    """An image that is drawn k times counts k times in its pairs, and never with itself."""
    truth, predicted, i, j = effects(1)
    drawn = np.random.default_rng(2).integers(0, N, N)
    counts = np.bincount(drawn, minlength=N).astype(float)
    weights = (counts[i] * counts[j])[None]
    a, b = np.triu_indices(N, 1)
    keep = drawn[a] != drawn[b]
    left, right = drawn[a][keep], drawn[b][keep]
    x, y = truth[left, right], predicted[left, right]
    share = weights / weights.sum()
    r2, r = scoring._weighted(share, truth[i, j], predicted[i, j])
    assert r2[0] == pytest.approx(r2_score(x, y), abs=1e-9)
    assert r[0] == pytest.approx(pearsonr(x, y)[0], abs=1e-9)
    ranked = [scoring._Ranking(m[i, j]).ranks(weights) for m in (truth, predicted)]
    rho = scoring._rank_correlation(share, *ranked)
    assert rho[0] == pytest.approx(spearmanr(x, y)[0], abs=1e-9)
    plain = scoring._Ranking(np.array([3.0, 1.0, 3.0])).ranks(np.ones((1, 3)))[0] + 0.5
    assert plain.tolist() == rankdata([3.0, 1.0, 3.0]).tolist()


def test_intervals_hold_the_truth_where_images_matter(monkeypatch):
    """Those over pairs would be far too narrow: 276 pairs are of 24 images."""
    monkeypatch.setattr(scoring, "RESAMPLES", 300)
    monkeypatch.setattr(scoring, "PERMUTATIONS", 1)
    truth, predicted, i, j = effects(0, n=1500)
    true_r = np.corrcoef(truth[i, j], predicted[i, j])[0, 1]
    inside, naive = [], []
    for seed in range(1, 61):
        scores, own, of_model = scores_of(seed)
        score = scores.score("model", "pearson")
        inside.append(score.low <= true_r <= score.high)
        naive.append(abs(np.arctanh(pearsonr(own, of_model)[0]) - np.arctanh(true_r)) < 1.96 / 16.5)
    assert np.mean(inside) >= 0.85  # nominal .95, of 60: its error is .03
    assert np.mean(naive) < 0.6


def test_p_is_uniform_where_no_image_is_told_from_another(monkeypatch):
    monkeypatch.setattr(scoring, "RESAMPLES", 2)
    monkeypatch.setattr(scoring, "PERMUTATIONS", 99)
    p = [scores_of(seed, of_image=0.0)[0].score("model", "spearman").p for seed in range(120)]
    assert np.mean(p) == pytest.approx(0.5, abs=0.09)
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.08)


def test_differences_are_paired_and_corrected():
    scores, _, _ = scores_of()
    alone = scores.differences("flat", "pearson", ["model"])["model"]
    both = scores.differences("flat", "pearson", ["model", "half"])
    assert alone.low < alone.value < alone.high
    assert both["model"].p >= alone.p
    same = scores.differences("half", "pearson", ["model"])["model"]
    assert same.value == pytest.approx(0, abs=1e-9)
    assert same.high - same.low < 1e-6


@pytest.mark.parametrize(("images", "pairs"), [(2, 1), (3, 3), (4, 2), (5, 10)])
def test_few_images_have_no_sample_without_pairs(images, pairs):
    rng = np.random.default_rng(3)
    square = rng.random((images, images))
    i, j = (side[:pairs] for side in np.triu_indices(images, 1))
    predicted = square[i, j] + rng.normal(size=pairs)
    scores = PairScores(square[i, j], {"model": predicted}, i, j, square)
    drawn = scores._counts[:, i] * scores._counts[:, j]
    assert np.count_nonzero(drawn, axis=1).min() == min(3, pairs)
    found = [scores.score("model", measure) for measure in MEASURES]
    assert np.isfinite(found).all() == (pairs >= 3) != np.isnan(found).all()


def test_the_same_seed_gives_the_same_numbers():
    assert scores_of(3)[0].score("model", "r2") == scores_of(3)[0].score("model", "r2")
