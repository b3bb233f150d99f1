"""The noise ceiling of one subject's RDM against what the noise-free responses reach."""

from __future__ import annotations

import numpy as np
import pytest

from core import rdm, simulation
from core.errors import InputError
from tests.core.rdm.planted import Recording, latent, of_categories, reached, record


@pytest.mark.parametrize("method", ["spearman", "pearson"])
@pytest.mark.parametrize("make", [latent, of_categories])
@pytest.mark.parametrize(("repeats", "snr"), [(2, 0.8), (3, 0.4), (4, 0.8), (6, 0.4)])
def test_it_is_what_a_model_without_noise_reaches(repeats, snr, make, method):
    """On average, and the interval nearly always has it: the former one lay below in every run."""
    errors, outside = [], 0
    for seed in range(8):
        recording = record(make, snr, [repeats] * 60, seed=seed)
        ceiling = rdm.repeat_ceiling(recording.trials, recording.rows, method=method)
        true = reached(recording, method)
        errors.append(ceiling.estimate - true)
        outside += not ceiling.low <= true <= ceiling.high
    assert abs(np.mean(errors)) < 0.03
    assert outside <= 1


@pytest.mark.parametrize("repeats", [2, 3, 6])
def test_weak_signal_is_not_overstated(repeats):
    """At an SNR of .1 a ceiling is .05 to .2: a range is told that holds it, and reaches 0."""
    above = 0
    for seed in range(8):
        recording = record(latent, 0.1, [repeats] * 60, seed=seed)
        ceiling = rdm.repeat_ceiling(recording.trials, recording.rows)
        above += reached(recording) > ceiling.high
        assert ceiling.high < 0.8
    assert above <= 1


def test_pure_noise_has_no_known_ceiling():
    lows = []
    for seed in range(10):
        recording = record(latent, 1e-6, [3] * 60, seed=seed)
        lows.append(rdm.repeat_ceiling(recording.trials, recording.rows).low)
    assert np.mean(np.array(lows) == 0.0) >= 0.9


def test_it_holds_for_the_simulated_experiment_with_its_runs():
    """Noise that is correlated over units, drifts over a session, and z-scored betas."""
    files = simulation.open_files()
    rows = simulation.rows_shown(files.stimuli, 120)
    model = simulation.subject_model(files, "S1", snr=0.4).of_stimuli(rows)
    model = model.of_units(model.rois["FFA"])
    errors = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        trials = simulation.trial_list(np.arange(len(rows)), 3, rng)
        shown = trials["id"].to_numpy(dtype=np.intp)
        betas = model.record(shown, trials["session"].to_numpy(), rng)
        recording = Recording(betas, shown, model.expected())
        ceiling = rdm.repeat_ceiling(betas, shown, trials["run"].to_numpy())
        errors.append(ceiling.estimate - reached(recording))
        assert ceiling.low < reached(recording) < ceiling.high
    assert abs(np.mean(errors)) < 0.03
    assert ceiling.stimuli == len(rows)
    assert ceiling.repeats == pytest.approx(2.9, abs=0.1)  # a few lie in one run


def test_unequal_repeats_and_the_cosine():
    errors = []
    for seed in range(6):
        recording = record(latent, 0.6, [2] * 40 + [5] * 20, seed=seed)
        ceiling = rdm.repeat_ceiling(recording.trials, recording.rows, metric="cosine")
        errors.append(ceiling.estimate - reached(recording, metric="cosine"))
        assert ceiling.repeats == 3
    assert abs(np.mean(errors)) < 0.03


def test_missing_units_and_trials_leave_the_rest():
    recording = record(latent, 0.8, [4] * 60)
    whole = rdm.repeat_ceiling(recording.trials, recording.rows)
    holes = np.concatenate([recording.trials, np.zeros((240, 2))], axis=1)
    holes[:, 60] = np.nan
    holes[::3, 61] = np.nan
    assert rdm.repeat_ceiling(holes, recording.rows) == whole
    holes[::4] = np.nan
    lacking = rdm.repeat_ceiling(holes, recording.rows)
    assert lacking.repeats == 3
    assert lacking.estimate < whole.estimate


def test_the_order_of_trials_does_not_matter_and_a_seed_repeats():
    recording = record(latent, 0.5, [4] * 40)
    run = np.tile(np.arange(4), 40)
    first = rdm.repeat_ceiling(recording.trials, recording.rows, run)
    order = np.random.default_rng(5).permutation(160)
    again = rdm.repeat_ceiling(recording.trials[order], recording.rows[order], run[order])
    np.testing.assert_allclose(first, again)


@pytest.mark.parametrize("scale", [1e-9, 1e6])
def test_the_unit_of_the_responses_does_not_matter(scale):
    recording = record(latent, 0.5, [3] * 40)
    first = rdm.repeat_ceiling(recording.trials, recording.rows)
    again = rdm.repeat_ceiling(recording.trials * scale, recording.rows)
    np.testing.assert_allclose(first, again, rtol=1e-6)


def test_repeats_within_a_run_count_as_one():
    recording = record(latent, 0.5, [4] * 40)
    ceiling = rdm.repeat_ceiling(recording.trials, recording.rows, np.tile([0, 0, 1, 1], 40))
    assert ceiling.repeats == 2
    assert rdm.repeat_ceiling(recording.trials, recording.rows, np.zeros(160)) is None


def test_too_few_stimuli_constant_responses_and_other_metrics():
    recording = record(latent, 0.5, [3] * 7)
    assert rdm.repeat_ceiling(recording.trials, recording.rows) is None
    assert rdm.repeat_ceiling(np.ones((60, 5)), np.repeat(np.arange(20), 3)) is None
    with pytest.raises(InputError, match="no noise ceiling for 'euclidean'"):
        rdm.repeat_ceiling(recording.trials, recording.rows, metric="euclidean")
    with pytest.raises(InputError, match="method is 'kendall'"):
        rdm.repeat_ceiling(recording.trials, recording.rows, method="kendall")
