"""Crossnobis against brute force and rsatoolbox, and its expectation where nothing differs."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from core import datasets, rdm
from core.datasets.tables import complete_trials
from core.errors import InputError


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def pairs_of(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


def draw_noise(seed, n, v, folds, repeats=1):
    """Rows without any signal, of correlated units: (rows, folds, stimuli)."""
    places = np.arange(v)
    root = np.linalg.cholesky(np.exp(-np.abs(places[:, None] - places) / 10))
    rows = np.random.default_rng(seed).standard_normal((folds * n * repeats, v)) @ root.T
    return rows, np.repeat(range(folds), n * repeats), np.tile(range(n), folds * repeats)


def brute_crossnobis(patterns):
    folds, n, v = patterns.shape
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            products = [
                (patterns[f, i] - patterns[f, j]) @ (patterns[g, i] - patterns[g, j])
                for f in range(folds)
                for g in range(folds)
                if f != g
            ]
            matrix[i, j] = np.mean(products) / v
    return matrix


def test_crossnobis_against_brute_force(rng):
    patterns = rng.standard_normal((3, 8, 15)) + rng.standard_normal((1, 8, 15))
    rows, folds = patterns.reshape(-1, 15), np.repeat([1, 2, 3], 8)
    truth = brute_crossnobis(patterns)
    assert np.allclose(rdm.compute(rows, "crossnobis", folds=folds), truth, atol=1e-5)
    order = rng.permutation(24)
    stimuli = np.tile(np.arange(8), 3)[order]
    shuffled = rdm.compute(rows[order], "crossnobis", folds=folds[order], stimuli=stimuli)
    seen = stimuli[np.sort(np.unique(stimuli, return_index=True)[1])]
    assert np.allclose(shuffled, truth[np.ix_(seen, seen)], atol=1e-5)


def test_crossnobis_is_unbiased_where_nothing_differs(rng):
    rows = rng.standard_normal((4 * 30, 200))
    values = rdm.compute(rows, "crossnobis", folds=np.repeat(range(4), 30))
    pairs = values[np.triu_indices(30, 1)]
    assert abs(pairs.mean()) < 0.02
    assert (pairs < 0).mean() > 0.3


@pytest.mark.parametrize("noise", ["diagonal", "full"])
def test_noise_normalisation_undoes_the_scale_of_units(rng, noise):
    signal = np.tile(rng.standard_normal((12, 10)), (4, 1))
    rows = signal + 0.3 * rng.standard_normal(signal.shape)
    scales = rng.uniform(0.2, 20, 10) if noise == "diagonal" else 3.7
    folds = np.repeat(range(4), 12)
    plain = rdm.compute(rows, "crossnobis", folds=folds, noise=noise)
    scaled = rdm.compute(rows * scales, "crossnobis", folds=folds, noise=noise)
    assert np.allclose(plain, scaled, rtol=1e-3, atol=1e-3)


def test_crossnobis_says_what_it_needs(rng):
    rows = rng.standard_normal((6, 4))
    with pytest.raises(InputError, match="without folds"):
        rdm.compute(rows, "crossnobis")
    with pytest.raises(InputError, match="one fold"):
        rdm.compute(rows, "crossnobis", folds=np.zeros(6))
    with pytest.raises(InputError, match="4, 2 rows"):
        rdm.compute(rows, "crossnobis", folds=[0, 0, 0, 0, 1, 1])
    with pytest.raises(InputError, match="has 5 rows"):
        rdm.compute(rows, "crossnobis", folds=[0, 0, 0, 1, 1])


def test_crossnobis_uses_the_folds_that_a_pair_shares(rng):
    patterns = rng.standard_normal((4, 6, 9)) + 1e6
    lacking = [(0, 2), (3, 2), (1, 4), (0, 5), (1, 5), (2, 5)]
    rows, folds, stimuli = [], [], []
    for fold in range(4):
        for stimulus in range(6):
            if (fold, stimulus) not in lacking:
                rows.append(patterns[fold, stimulus])
                folds.append(fold)
                stimuli.append(f"s{stimulus}")
    values = rdm.compute(np.array(rows), "crossnobis", folds=folds, stimuli=stimuli)
    order = list(dict.fromkeys(stimuli))
    for i, j in [(0, 1), (0, 2), (0, 4), (1, 3)]:
        shared = [f for f in range(4) if (f, i) not in lacking and (f, j) not in lacking]
        truth = brute_crossnobis(patterns[shared][:, [i, j]])[0, 1]
        found = values[order.index(f"s{i}"), order.index(f"s{j}")]
        assert found == pytest.approx(truth, abs=1e-5)
    assert rdm.undefined(values).tolist() == [order.index("s5")]


def test_an_extra_or_a_lost_trial_costs_no_stimulus():
    ds = datasets.load("simulated", stimuli=80)
    # Without runs, repeats are the folds: the others share all three of them.
    ds = dataclasses.replace(ds, trials=complete_trials(ds.trials[["id"]]))
    whole = rdm.of_dataset(ds, ["FFA"], "crossnobis")
    betas = np.array(ds.betas)
    betas[5] = np.nan
    lost = rdm.of_dataset(dataclasses.replace(ds, betas=betas), ["FFA"], "crossnobis")
    assert len(rdm.undefined(lost)) == 0
    others = np.delete(np.arange(80), ds.trial_rows[5])
    assert np.allclose(lost[np.ix_(others, others)], whole[np.ix_(others, others)], atol=1e-5)


@pytest.mark.parametrize("noise", ["diagonal", "full"])
@pytest.mark.parametrize(
    ("n", "v", "folds", "repeats"),
    [(20, 60, 4, 1), (20, 60, 5, 1), (40, 20, 9, 1), (20, 100, 2, 2), (30, 40, 3, 2)],
)
def test_noise_normalisation_adds_no_distance(noise, n, v, folds, repeats):
    """With the covariance of the same residuals, the mean was .69 at 92 x 100 and two folds."""
    means = []
    for seed in range(24):
        rows, fold, stimuli = draw_noise(seed, n, v, folds, repeats)
        values = rdm.compute(rows, "crossnobis", fold, stimuli=stimuli, noise=noise)
        means.append(pairs_of(values).mean())
    error = np.std(means) / np.sqrt(len(means))
    assert abs(np.mean(means)) < 3 * error
    assert error < 0.03


@pytest.mark.parametrize("noise", ["diagonal", "full"])
@pytest.mark.parametrize("folds", [2, 3])
def test_noise_of_the_same_residuals_is_refused(noise, folds):
    rows, fold, stimuli = draw_noise(0, 20, 10, folds)
    with pytest.raises(InputError, match=f"{folds} folds leave 0 residuals.*Choose noise 'none'"):
        rdm.compute(rows, "crossnobis", fold, stimuli=stimuli, noise=noise)


def test_turning_the_sign_of_a_fold_turns_the_distances():
    """So their distribution is symmetric about 0: no estimate of noise breaks it."""
    rows, fold, stimuli = draw_noise(3, 12, 8, 2, repeats=3)
    turned = rows * np.where(fold == 0, -1.0, 1.0)[:, None]
    for noise in ("none", "diagonal", "full"):
        plain, other = (
            rdm.compute(each, "crossnobis", fold, stimuli=stimuli, noise=noise)
            for each in (rows, turned)
        )
        assert np.allclose(plain, -other, atol=1e-5)


def test_covariance_is_that_of_the_other_folds(rng):
    """Brute force: a Mahalanobis product for each pair of folds, whitened by the other two."""
    n, v = 9, 5
    patterns = rng.standard_normal((4, n, v)) * rng.uniform(0.5, 3, v) + rng.standard_normal((n, v))
    centred = patterns - patterns.mean(axis=1, keepdims=True)
    truth = np.zeros((n, n))
    for f, g in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]:
        h, k = sorted({0, 1, 2, 3} - {f, g})
        covariance, _ = ledoit_wolf((centred[h] - centred[k]) / np.sqrt(2), assume_centered=True)
        inverse = np.linalg.inv(covariance)
        for i in range(n):
            for j in range(n):
                apart = [patterns[fold, i] - patterns[fold, j] for fold in (f, g)]
                truth[i, j] += apart[0] @ inverse @ apart[1] / v / 6
    rows, folds = patterns.reshape(-1, v), np.repeat(range(4), n)
    assert np.allclose(rdm.compute(rows, "crossnobis", folds, noise="full"), truth, atol=1e-4)


@pytest.mark.parametrize("noise", ["none", "full"])
def test_rsatoolbox_gives_the_same_with_the_covariance_within_folds(rng, noise):
    data = pytest.importorskip("rsatoolbox.data")
    from rsatoolbox.rdm import calc_rdm

    n, v, folds = 10, 6, 3
    fold, stimuli = np.repeat(range(folds), 2 * n), np.tile(range(n), 2 * folds)
    rows = rng.standard_normal((n, v))[stimuli] + rng.standard_normal((len(fold), v))
    values = rdm.compute(rows, "crossnobis", fold, stimuli=stimuli, noise=noise)
    twice = rows.reshape(folds, 2, n, v)
    again = data.Dataset(
        twice.mean(axis=1).reshape(-1, v),
        obs_descriptors={"stimulus": np.tile(range(n), folds), "fold": np.repeat(range(folds), n)},
    )
    precision = None
    if noise == "full":
        covariance, _ = ledoit_wolf(
            (twice[:, 0] - twice[:, 1]).reshape(-1, v) / np.sqrt(2), assume_centered=True
        )
        precision = np.linalg.inv(covariance)
    theirs = calc_rdm(
        again, "crossnobis", descriptor="stimulus", cv_descriptor="fold", noise=precision
    )
    assert np.allclose(values, theirs.get_matrices()[0], atol=1e-4)


def test_whitened_distances_are_those_of_the_truth(rng):
    """In noise of covariance C the expectation is (mu_i - mu_j)' inv(C) (mu_i - mu_j) / v."""
    n, v, folds = 12, 8, 40
    root = rng.standard_normal((v, v)) + 2 * np.eye(v)
    means = 2 * rng.standard_normal((n, v)) @ root.T
    fold, stimuli = np.repeat(range(folds), n), np.tile(range(n), folds)
    rows = means[stimuli] + rng.standard_normal((len(fold), v)) @ root.T
    values = pairs_of(rdm.compute(rows, "crossnobis", fold, stimuli=stimuli, noise="full"))
    apart = (means[:, None] - means[None]) @ np.linalg.inv(root).T
    truth = pairs_of(np.mean(apart**2, axis=2))
    plain = pairs_of(rdm.compute(rows, "crossnobis", fold, stimuli=stimuli))
    likeness = np.corrcoef([values, plain, truth])[2]
    assert likeness[0] > 0.95 > likeness[1]
    # An inverse of few residuals is a little too large: by about v in their number.
    assert 0.95 < np.mean(values) / np.mean(truth) < 1.1


def test_responses_without_noise_stay_as_they_are(rng):
    means = rng.standard_normal((6, 4))
    truth = np.mean((means[:, None] - means[None]) ** 2, axis=2)
    for noise in ("diagonal", "full"):
        values = rdm.compute(
            np.tile(means, (4, 1)), "crossnobis", np.repeat(range(4), 6), noise=noise
        )
        assert np.allclose(values, truth, atol=1e-5)


def show_each_in_two_of(runs, n, seed):
    """Each stimulus once in two runs; few pairs share both. (folds, stimuli)"""
    rng = np.random.default_rng(seed)
    order = [rng.permutation(n) for _ in range(2)]
    half = runs // 2
    folds = [part * half + np.arange(n) * half // n for part in range(2)]
    return np.concatenate(folds), np.concatenate(order)


def test_stimuli_of_different_runs_are_compared_whatever_a_run_adds():
    """Runs hold few of the stimuli, and add a pattern of their own: distances stay unbiased."""
    bias = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        folds, stimuli = show_each_in_two_of(8, 80, seed)
        for signal in (0.0, 1.0):
            means = signal * rng.standard_normal((80, 30))
            truth = pairs_of(np.mean((means[:, None] - means[None]) ** 2, axis=2))
            rows = means[stimuli] + rng.standard_normal((160, 30))
            rows += 3 * rng.standard_normal((8, 30))[folds]
            names = [f"s{number:02d}" for number in range(80)]
            matrix = rdm.compute(
                rows,
                "crossnobis",
                folds,
                stimuli=[names[number] for number in stimuli],
            )
            seen = np.argsort(stimuli[:80])
            values = pairs_of(matrix[np.ix_(seen, seen)])
            assert np.isfinite(values).all()
            if signal:
                assert np.corrcoef(values, truth)[0, 1] > 0.5
            bias.append((values - truth).mean())
    for each in (bias[::2], bias[1::2]):
        assert abs(np.mean(each)) < 3 * np.std(each) / np.sqrt(len(each)) + 0.03


def test_many_runs_of_many_stimuli_need_no_cube():
    """240 runs x 800 stimuli x 200 units would be 307 MB."""
    folds, stimuli = show_each_in_two_of(240, 800, 0)
    rows = np.random.default_rng(0).standard_normal((1600, 200))
    tracemalloc.start()
    matrix = rdm.compute(rows, "crossnobis", folds, stimuli=stimuli)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6
    assert np.isfinite(matrix).all()
    assert abs(pairs_of(matrix).mean()) < 0.02


def test_a_fold_may_lack_stimuli_and_hold_one_alone(rng):
    means = rng.standard_normal((8, 400))
    rows, folds, stimuli = [], [], []
    for fold in range(5):
        for stimulus in range(8):
            if (fold + stimulus) % 4 and (fold < 4 or stimulus == 1):
                rows.append(means[stimulus] + 0.3 * rng.standard_normal(400) + fold)
                folds.append(fold)
                stimuli.append(stimulus)
    matrix = rdm.compute(np.array(rows), "crossnobis", folds, stimuli=stimuli)
    order = list(dict.fromkeys(stimuli))
    truth = np.mean((means[:, None] - means[None]) ** 2, axis=2)[np.ix_(order, order)]
    without = rdm.compute(np.array(rows[:-1]), "crossnobis", folds[:-1], stimuli=stimuli[:-1])
    assert np.array_equal(matrix, without)
    assert np.allclose(matrix, truth, atol=0.35)


def test_memory_that_does_not_suffice_is_refused(rng, monkeypatch):
    monkeypatch.setattr("core.memory.free_bytes", lambda: 1e3)
    with pytest.raises(InputError, match="Crossnobis of 5 stimuli and 4 units would take"):
        rdm.compute(rng.standard_normal((10, 4)), "crossnobis", np.repeat([0, 1], 5))


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_whole_folds_agree_with_pairs_of_folds_in_any_unit(rng, unit):
    """Single precision is within 1e-6 of the mean square of the responses."""
    patterns = rng.standard_normal((5, 9, 40)) + rng.standard_normal((1, 9, 40))
    rows, folds = patterns.reshape(-1, 40) * unit, np.repeat(range(5), 9)
    values = rdm.compute(rows, "crossnobis", folds) / np.float64(unit) ** 2
    assert np.abs(values - brute_crossnobis(patterns)).max() < 1e-6 * np.mean(patterns**2)
    assert np.array_equal(values, values.T)
