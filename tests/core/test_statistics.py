"""Reliability and moments against planted truth and hand-computed cases."""

import numpy as np
import pytest
from scipy import stats

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
    found = statistics.split_half_reliability(trials, rows).units
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


def test_t_interval_by_hand():
    """1, 2, 3: mean 2, deviation 1, and Student's t of 2 degrees of freedom is 4.302653."""
    mean, low, high = statistics.t_interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    half = 4.302653 / np.sqrt(3)
    assert (low, high) == (pytest.approx(2 - half, abs=1e-6), pytest.approx(2 + half, abs=1e-6))


@pytest.mark.parametrize("axis", [0, 1])
def test_t_interval_is_that_of_scipy(axis):
    values = np.random.default_rng(0).lognormal(size=(7, 5))
    interval = statistics.t_interval(values, axis)
    expected = stats.t.interval(
        0.95, values.shape[axis] - 1, values.mean(axis), stats.sem(values, axis)
    )
    np.testing.assert_allclose(interval.mean, values.mean(axis))
    np.testing.assert_allclose((interval.low, interval.high), expected, rtol=1e-12)


@pytest.mark.parametrize(("count", "minimum"), [(1, 2), (1, 1), (2, 3)])
def test_t_interval_of_too_few_values_has_no_bounds(count, minimum):
    interval = statistics.t_interval(np.ones((count, 4)), minimum=minimum)
    np.testing.assert_array_equal(interval.mean, np.ones(4))
    assert interval.low.shape == interval.high.shape == (4,)
    assert np.isnan([interval.low, interval.high]).all()
    single = statistics.t_interval(np.ones(count), minimum=minimum)
    assert single.mean == 1.0
    assert np.isnan([single.low, single.high]).all()


def test_t_interval_tells_missing_values():
    interval = statistics.t_interval([[1.0, 1.0], [2.0, np.nan], [3.0, 3.0]])
    assert interval.mean[0] == 2.0
    assert np.isfinite(interval.low[0])
    assert np.isnan([interval.mean[1], interval.low[1], interval.high[1]]).all()


def repeated(snr, counts, v=400, seed=3):
    """Trials of white signal and noise, of as many repeats as ``counts`` says."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.arange(len(counts)), counts)
    signal = snr * rng.standard_normal((len(counts), v))
    return signal[rows] + rng.standard_normal((len(rows), v)), rows


@pytest.mark.parametrize("snr", [0.0, 0.2, 1.0])
@pytest.mark.parametrize(
    "counts", [[2] * 100, [3] * 100, [5] * 60, [6] * 24, [2] * 88 + [10] * 12, [2, 3] * 40]
)
def test_reliability_is_unbiased_whatever_the_repeats(counts, snr):
    """The variance of a mean over k repeats is signal + 1 / k."""
    measured = statistics.split_half_reliability(*repeated(snr, counts))
    true = snr**2 / (snr**2 + np.mean(1 / np.array(counts)))
    error = 4 * measured.units.std() / np.sqrt(400)
    assert measured.units.mean() == pytest.approx(true, abs=max(error, 0.012))


@pytest.mark.parametrize(("repeats", "snr"), [(2, 0.4), (3, 0.2), (3, 0.8), (4, 0.4), (6, 0.1)])
def test_ncsnr_and_noise_ceiling_find_what_was_planted(repeats, snr):
    measured = statistics.noise_ceilings(*repeated(snr, [repeats] * 800, v=200))
    assert np.mean(measured.ncsnr**2) == pytest.approx(snr**2, abs=0.008)
    assert measured.ceiling.mean() == pytest.approx(snr**2 / (snr**2 + 1 / repeats), abs=0.012)


def test_noise_ceiling_by_hand():
    """Pairs one below and one above 0, 2, 4, 6: noise 2; means vary by 20 / 3, of which 1 noise."""
    middle = np.array([0.0, 2.0, 4.0, 6.0])
    trials = np.r_[middle - 1, middle + 1][:, None]
    measured = statistics.noise_ceilings(trials, np.tile(np.arange(4), 2))
    ncsnr = np.sqrt((20 / 3 - 1) / 2)
    assert measured.ncsnr[0] == pytest.approx(ncsnr)
    assert measured.ceiling[0] == pytest.approx(ncsnr**2 / (ncsnr**2 + 1 / 2))
    assert measured.stimuli == 4


def test_noise_ceiling_of_unequal_repeats_takes_the_mean_of_the_inverse():
    """Images shown once, twice and three times: Allen et al. take (r3/3 + r2/2 + r1) / all."""
    trials, rows = repeated(0.7, [1] * 10 + [2] * 10 + [3] * 10, v=5)
    measured = statistics.noise_ceilings(trials, rows)
    left = (10 / 3 + 10 / 2 + 10) / 30
    np.testing.assert_allclose(measured.ceiling, measured.ncsnr**2 / (measured.ncsnr**2 + left))


def test_a_trial_missing_in_one_unit_counts_in_the_others():
    trials, rows = repeated(1.0, [3] * 40, v=4)
    whole = statistics.noise_ceilings(trials, rows)
    holes = trials.copy()
    holes[::5, 2] = np.nan
    holes[:, 3] = np.nan
    for measure, name in (
        (statistics.noise_ceilings, "ceiling"),
        (statistics.split_half_reliability, "units"),
    ):
        complete, lacking = (getattr(measure(t, rows), name) for t in (trials, holes))
        np.testing.assert_array_equal(lacking[:2], complete[:2])
        kept = np.isfinite(holes[:, 2])
        alone = getattr(measure(trials[kept, 2:3], rows[kept]), name)
        if name == "ceiling":
            assert lacking[2] == pytest.approx(alone[0])
        assert np.isnan(lacking[3])
    assert whole.stimuli == 40


def test_noise_that_a_run_shares_is_no_signal():
    """Both first trials of a stimulus lie in one run, whose noise they share."""
    rng = np.random.default_rng(0)
    n, v = 300, 20
    rows, run = np.repeat(np.arange(n), 4), np.tile([0, 0, 1, 1], n)
    shared = rng.standard_normal((n, 2, v))[rows, run]
    trials = shared + 0.2 * rng.standard_normal((len(rows), v))
    taken_apart = statistics.split_half_reliability(trials, rows, run).units
    assert statistics.split_half_reliability(trials, rows).units.mean() > 0.5
    assert abs(taken_apart.mean()) < 0.05
    assert statistics.noise_ceilings(trials, rows, run).ceiling.mean() < 0.1
    with pytest.raises(InputError, match="0 stimuli have two usable repeats in different runs"):
        statistics.noise_ceilings(trials, rows, np.zeros(len(rows), dtype=int))


def test_constant_units_have_no_noise_ceiling_and_perfect_ones_a_whole_one():
    trials = np.tile(np.arange(5.0), 2)[:, None] * [0.0, 1.0] + 0.1
    measured = statistics.noise_ceilings(trials, np.tile(np.arange(5), 2))
    assert np.isnan(measured.ceiling[0])
    assert measured.ceiling[1] == 1.0


def test_holm_by_hand():
    corrected, level = statistics.holm_levels(np.array([0.01, np.nan, 0.04, 0.03]))
    assert corrected == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)
    # The first of three is certain; the second, tested at .05 / 2, ends the procedure.
    assert level == pytest.approx([0.05 / 3, 0.05, 0.05 / 2, 0.05 / 2])
    assert statistics.holm_levels(np.array([0.9, 0.8]))[0].tolist() == [1, 1]


def test_an_interval_at_the_level_of_holm_leaves_0_out_where_p_is_certain():
    p = np.random.default_rng(0).random((2000, 4)) ** 3
    for row in p:
        corrected, level = statistics.holm_levels(row)
        assert ((row <= level) == (corrected <= 0.05)).all()


@pytest.mark.parametrize("repeats", [2, 3, 10])
def test_equal_repeats_give_the_same_numbers_as_any_repeats(repeats):
    rng = np.random.default_rng(repeats)
    values = rng.standard_normal((40 * repeats, 5))
    values[:, 4] = 1.0
    starts, firsts = np.arange(len(values)), np.arange(0, len(values), repeats)
    alike = statistics._components_alike(values.copy(), starts, firsts)
    general = statistics._components_of(values.copy(), starts, firsts)
    for quick, slow in zip(alike, general, strict=True):
        np.testing.assert_array_equal(quick, slow)
