"""Reliability and moments against planted truth and hand-computed cases."""

import numpy as np
import pytest

from core import statistics
from core.errors import InputError


def planted(reliability, repeats, n=600, v=30, seed=0):
    """Trials whose average over ``repeats`` has the given reliability."""
    rng = np.random.default_rng(seed)
    noise = np.sqrt(repeats * (1 - reliability) / reliability)
    signal = rng.standard_normal((n, v))
    trials = np.concatenate([signal + noise * rng.standard_normal((n, v)) for _ in range(repeats)])
    return trials, np.tile(np.arange(n), repeats)


@pytest.mark.parametrize("repeats", [2, 4])
@pytest.mark.parametrize("reliability", [0.3, 0.8])
def test_reliability_recovers_what_was_planted(repeats, reliability):
    found = statistics.split_half_reliability(*planted(reliability, repeats))
    assert found.units.mean() == pytest.approx(reliability, abs=0.04)
    assert found.stimuli == 600


def test_order_of_trials_and_single_shots_do_not_matter():
    trials, rows = planted(0.5, 2, n=80)
    order = np.random.default_rng(1).permutation(len(rows))
    trials, rows = np.vstack([trials[order], np.ones((5, 30))]), np.r_[rows[order], range(80, 85)]
    found = statistics.split_half_reliability(trials, rows)
    assert found.stimuli == 80
    assert np.isfinite(found.units).all()


def test_two_repeats_are_the_plain_spearman_brown():
    trials, rows = planted(0.6, 2, n=50, v=3)
    r = [np.corrcoef(trials[:50, unit], trials[50:, unit])[0, 1] for unit in range(3)]
    found = statistics.split_half_reliability(trials, rows, splits=50).units
    assert np.allclose(found, 2 * np.array(r) / (1 + np.array(r)), atol=0.1)


def test_constant_units_are_undefined_and_missing_trials_left_out():
    trials, rows = planted(0.6, 3, n=40, v=4)
    trials[:, 2] = 0.1
    trials[7] = np.nan
    found = statistics.split_half_reliability(trials, rows)
    assert np.isnan(found.units).tolist() == [False, False, True, False]


def test_too_few_repeats_say_so():
    with pytest.raises(InputError, match="two usable repeats"):
        statistics.split_half_reliability(np.ones((4, 3)), np.arange(4))


def test_moments_by_hand():
    responses = np.array([[1.0, 3], [3, 7], [np.nan, np.nan]], dtype=np.float32)
    assert statistics.over_stimuli(responses).mean.tolist() == [2, 5]
    assert statistics.over_units(responses).mean[:2].tolist() == [2, 5]
    assert np.isnan(statistics.over_units(responses).mean[2])
    counts, edges = statistics.histogram(responses, bins=3)
    assert counts.sum() == 4
    assert (edges[0], edges[-1]) == (1, 7)


def test_noise_never_explodes_the_correction():
    rng = np.random.default_rng(2)
    found = statistics.split_half_reliability(rng.normal(size=(8, 400)), np.tile(np.arange(4), 2))
    assert np.abs(found.units).max() <= 1.0
