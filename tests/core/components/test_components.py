"""Components: against scikit-learn, planted ones found, none on noise, twins and texts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import NMF, PCA, FastICA

from core.components import (
    METHODS,
    correlate_texts,
    decompose,
    halves,
    how_many,
    match_subjects,
    measure,
)
from core.components import reliability as reliability_of
from core.components.decompose import matched, skew
from core.errors import InputError

N, V, REPEATS = 160, 20, 3


def recorded(seed, planted=3, noise=1.0):
    """Trials of sparse sources and noise, of which a part is shared by all units of a trial."""
    rng = np.random.default_rng(seed)
    scores = rng.exponential(size=(N, planted))
    profiles = rng.exponential(size=(planted, V)) * (rng.random((planted, V)) < 0.4)
    trials = [
        scores @ profiles + noise * (rng.normal(size=(N, V)) + rng.normal(size=(N, 1)))
        for _ in range(REPEATS)
    ]
    return np.concatenate(trials).astype(np.float32), np.tile(np.arange(N), REPEATS), scores


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(reliability_of, "PERMUTATIONS", 199)


def mean_of(trials):
    return trials.reshape(REPEATS, N, V).mean(axis=0)


def test_pca_is_that_of_scikit_learn_with_signs_by_skew():
    mean = mean_of(recorded(0)[0])
    result = decompose(mean, "pca", 4)
    peer = PCA(4).fit(mean.astype(np.float64))
    np.testing.assert_allclose(result.variance, peer.explained_variance_ratio_, rtol=1e-4)
    assert result.explained == pytest.approx(peer.explained_variance_ratio_.sum(), rel=1e-4)
    raw = peer.transform(mean.astype(np.float64))
    signed = raw * np.sign(skew(raw)) / raw.std(axis=0)
    np.testing.assert_allclose(result.scores, signed, atol=1e-3)
    back = result.scores @ result.profiles + mean.mean(axis=0)
    np.testing.assert_allclose(back, peer.inverse_transform(raw), atol=1e-3)


def test_ica_and_nmf_are_those_of_scikit_learn():
    mean = mean_of(recorded(0)[0]).astype(np.float64)
    peer = FastICA(3, whiten="unit-variance", max_iter=500, random_state=5).fit_transform(mean)
    _, r = matched(decompose(mean, "ica", 3, seed=5).scores, peer)
    np.testing.assert_allclose(np.abs(r), 1.0, atol=1e-4)
    raised = mean - np.minimum(mean.min(axis=0), 0)
    model = NMF(3, init="nndsvda", max_iter=500, random_state=5)
    result = decompose(mean, "nmf", 3, seed=5)
    _, r = matched(result.scores, model.fit_transform(raised))
    np.testing.assert_allclose(r, 1.0, atol=1e-3)
    assert result.shifted == (mean.min(axis=0) < 0).sum() > 0
    assert (result.profiles >= 0).all()
    assert decompose(np.abs(mean), "nmf", 3).shifted == 0


@pytest.mark.parametrize("method", ["ica", "nmf"])
def test_planted_components_are_found(method):
    trials, _, scores = recorded(1, noise=0.3)
    _, r = matched(scores, decompose(mean_of(trials), method, 3).scores)
    assert np.abs(r).min() > 0.9


def test_the_number_of_planted_components_is_found(quick):
    found_numbers = []
    for seed in range(12):
        trials, rows, _ = recorded(seed)
        found_numbers.append(how_many(halves(trials, rows, None, N, seed), seed=seed).k)
    assert found_numbers.count(3) >= 10
    trials, rows, _ = recorded(1, noise=0.5)
    halved = halves(trials, rows, None, N)
    result = decompose(mean_of(trials), "nmf", 3)
    known = measure(halved, "nmf", 3, result.scores)
    assert known.reliable.all()
    assert known.twin.min() > 0.5


def test_noise_has_none_reliable(quick):
    """In 5 of 100 recordings of noise a component is called reliable, by either test."""
    dimensions, single = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        trials = rng.normal(size=(REPEATS * N, V)) + rng.normal(size=(REPEATS * N, 1))
        halved = halves(trials.astype(np.float32), np.tile(np.arange(N), REPEATS), None, N, seed)
        dimensions.append(how_many(halved, 8, seed).k > 0)
        single.append(measure(halved, "pca", 5, seed=seed).reliable.any())
    assert np.mean(dimensions) <= 0.12
    assert np.mean(single) <= 0.12


def test_reliability_is_that_of_all_repeats(quick):
    """One source in every unit: the reliability of its mean over four repeats is known."""
    rng = np.random.default_rng(3)
    source, noise = rng.normal(size=2000), 4.0
    trials = np.concatenate(
        [source[:, None] + noise * rng.normal(size=(2000, V)) for _ in range(4)]
    )
    halved = halves(trials, np.tile(np.arange(2000), 4), None, 2000)
    known = measure(halved, "pca", 1)
    expected = 1 / (1 + noise**2 / V / 4)
    assert known.r[0] == pytest.approx(expected, abs=0.03)


def test_over_many_stimuli_the_null_is_that_of_permutations(monkeypatch):
    rng = np.random.default_rng(0)
    one, other = (reliability_of.standardised(rng.exponential(size=(2500, 5))) for _ in range(2))
    r = np.linspace(-0.02, 0.06, 5)
    told_by = []
    for many in (2000, 10_000):
        monkeypatch.setattr(reliability_of, "MANY", many)
        told_by.append(reliability_of._by_permutation(one, other, r, rng, lambda *_: None))
    (p, threshold), (drawn, drawn_threshold) = told_by
    np.testing.assert_allclose(p, drawn, atol=0.07)
    assert threshold == pytest.approx(drawn_threshold, rel=0.08)


def test_halves_hold_each_trial_once_and_runs_together():
    trials = np.arange(5.0 * 40)[:, None].repeat(2, axis=1)
    rows, runs = np.tile(np.arange(40), 5), np.repeat([1, 1, 2, 3, 4], 40)
    halved = halves(trials, rows, runs, 40, seed=1)
    by_stimulus = trials[:, 0].reshape(5, 40)
    for stimulus in range(40):
        own = by_stimulus[:, stimulus]
        splits = []
        for chosen in np.ndindex(2, 2, 2, 2):
            half = np.array([chosen[0], *chosen]).astype(bool)
            if 0 < sum(chosen) < 4:
                splits.append((own[half].mean(), own[~half].mean()))
        pair = (halved.first[stimulus, 0], halved.second[stimulus, 0])
        assert any(np.allclose(pair, split) for split in splits)
    with pytest.raises(InputError, match="two usable repeats in different runs"):
        halves(trials, rows, np.ones(200), 40)
    with pytest.raises(InputError, match="two usable repeats"):
        halves(trials[:40], rows[:40], None, 40)


def test_components_that_do_not_converge_say_so():
    noise = np.random.default_rng(0).normal(size=(300, 20))
    assert not decompose(noise, "ica", 15).converged
    assert decompose(mean_of(recorded(0, noise=0.1)[0]), "ica", 3).converged


def test_missing_rows_constant_units_and_too_few():
    mean = mean_of(recorded(0)[0])
    mean[:, 5] = 2.5
    mean[3] = np.nan
    for method in METHODS:
        result = decompose(mean, method, 3)
        assert np.isnan(result.scores[3]).all()
        assert np.isfinite(np.delete(result.scores, 3, axis=0)).all()
        assert not result.profiles[:, 5].any()
        assert result.constant == 1
    with pytest.raises(InputError, match="30 components of 159 stimuli and 19 units"):
        decompose(mean, "pca", 30)
    with pytest.raises(InputError, match="at least 10"):
        decompose(mean[:8], "pca", 2)


def test_the_same_seed_gives_the_same():
    mean = mean_of(recorded(0)[0])
    for method in METHODS:
        first, again = (decompose(mean, method, 3, seed=4) for _ in range(2))
        np.testing.assert_array_equal(first.scores, again.scores)


def test_matching_by_hand():
    first = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    place, r = matched(first, -first[:, ::-1])
    assert place.tolist() == [1, 0]
    np.testing.assert_allclose(r, -1.0)
    place, r = matched(first, first[:, :1])
    assert place.tolist() == [0, -1]
    assert np.isnan(r[1])


def test_twins_over_subjects_and_their_null():
    rng = np.random.default_rng(0)
    own = rng.normal(size=(80, 3))
    ids = [f"i{k}" for k in range(80)]
    order = rng.permutation(80)
    like = np.column_stack([-own[:, 2], rng.normal(size=80), own[:, 0]])[order]
    others = {
        "like": (like, [ids[k] for k in order]),
        "apart": (rng.normal(size=(80, 3)), [f"x{k}" for k in range(80)]),
    }
    table, notes = match_subjects(own, ids, others)
    assert table["subject"].unique().tolist() == ["like"]
    assert table["twin"].tolist() == [2, 1, 0]
    np.testing.assert_allclose(table["r"].abs()[[0, 2]], 1.0)
    assert table["p"][0] < 0.05 < table["p"][1]
    assert notes == ["apart saw 0 images of these: too few to compare."]
    low = [
        match_subjects(own, ids, {"other": (rng.normal(size=(80, 3)), ids)}, seed)[0]["p"].min()
        for seed in range(60)
    ]
    assert np.mean(np.array(low) <= 0.05) <= 0.13


def test_texts_that_go_with_a_component():
    rng = np.random.default_rng(0)
    category = np.repeat([f"c{k}" for k in range(20)], 10)
    score = rng.normal(size=20)[np.unique(category, return_inverse=True)[1]]
    score = score + 0.3 * rng.normal(size=200)
    similar = np.column_stack([score + rng.normal(size=200), rng.normal(size=(200, 4))])
    similar[7] = np.nan
    table = correlate_texts(score, similar, list("abcde"), category)
    assert table["text"][0] == "a"
    kept = np.arange(200) != 7
    assert table["r"][0] == pytest.approx(np.corrcoef(score[kept], similar[kept, 0])[0, 1])
    assert table["q"][0] <= 0.05
    assert (table["q"][1:] > 0.05).all()
