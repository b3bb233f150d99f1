"""Noise ceilings of units against a case worked by hand and against the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core import datasets, simulation
from core.encoding import unit_ceilings
from core.encoding.ceilings import FROM_HALVES, FROM_REPEATS, RELEASED, repeats_of
from tests.core.encoding import recording


def test_a_case_worked_by_hand():
    """Two repeats of four stimuli with means 0, 2, 4, 6 and repeats 1 above and below them.

    Of the means the variance is 20 / 3; of the noise of a repeat 2, of the mean of two 1.
    So ncsnr^2 is (20 / 3 - 1) / 2 = 17 / 6; with three repeats of those scored the ceiling
    is 17 / 6 / (17 / 6 + 1 / 3) = 17 / 19.
    """
    from core.statistics import noise_ceilings

    means = np.array([0.0, 2.0, 4.0, 6.0])
    trials = np.concatenate([means - 1, means + 1])[:, None]
    known = noise_ceilings(trials, np.tile(np.arange(4), 2))
    assert known.ncsnr[0] ** 2 == pytest.approx(17 / 6)
    ratio = known.ncsnr[0] ** 2
    assert ratio / (ratio + 1 / 3) == pytest.approx(17 / 19)


def test_the_truth_of_the_simulation_lies_within_the_error():
    ds = datasets.load("simulated")
    model = simulation.run(ds.subject, ds.options).model
    truth = model.noise_ceiling(ds.options["repeats"])
    units = ds.units()
    known = unit_ceilings(ds, units, np.arange(ds.n_stimuli))
    assert known.source == FROM_REPEATS
    error = known.share - truth[units]
    assert abs(np.mean(error)) < 0.01
    assert np.sqrt(np.mean(error**2)) < 0.03
    assert known.correlation == pytest.approx(np.sqrt(known.share))


def test_only_the_repeats_of_what_is_scored_count():
    ds = recording.opened(repeats=3)
    units = ds.units()
    few = ds.trials["repeat"] <= np.where(ds.trial_rows < 50, 3, 2)
    some = replace(
        ds, betas=ds.betas[few], trials=ds.trials[few].reset_index(drop=True), scanned=None
    )
    often, seldom = (unit_ceilings(some, units, np.arange(*e)) for e in ((0, 50), (50, 200)))
    ratio = often.share / (1 - often.share) / 3
    np.testing.assert_allclose(seldom.share, ratio / (ratio + 1 / 2), rtol=1e-6)


def test_two_repeats_have_the_reliability_of_halves():
    ds = recording.opened(repeats=2)
    known = unit_ceilings(ds, ds.units(), np.arange(20))
    assert known.source == FROM_HALVES
    halves = ds.betas.reshape(2, ds.n_stimuli, -1)
    r = [np.corrcoef(*halves[:, :, unit])[0, 1] for unit in range(ds.n_units)]
    expected = 2 * np.array(r) / (1 + np.array(r))
    np.testing.assert_allclose(known.share, np.maximum(expected, 0), atol=0.01)


def test_without_repeats_there_is_none_and_it_says_so():
    known = unit_ceilings(ds := recording.opened(repeats=1), ds.units(), np.arange(9))
    assert not known.is_known
    assert not known.usable.any()
    assert "two usable repeats" in known.source


def test_released_ceilings_are_taken_as_they_are():
    ds = recording.opened(repeats=1)
    ds = replace(ds, noise_ceiling=np.linspace(0, 50, ds.n_units))
    known = unit_ceilings(ds, np.array([3, 1]), np.arange(9))
    assert known.source == RELEASED
    np.testing.assert_allclose(known.share, np.linspace(0, 0.5, ds.n_units)[[3, 1]])
    assert known.usable.tolist() == [True, False]


def test_repeats_within_a_run_count_once():
    ds = recording.opened(repeats=3)
    assert set(repeats_of(ds).tolist()) == {3}
    trials = ds.trials.assign(run=np.where(ds.trials["repeat"] == 1, 1, 2), session=1)
    trials.attrs = {}  # named by the recording, no longer filled in
    assert set(repeats_of(replace(ds, trials=trials)).tolist()) == {2}
