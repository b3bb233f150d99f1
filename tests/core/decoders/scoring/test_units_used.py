"""How many units a decoder reads, and their noise ceiling."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, decoders
from core.decoders.scoring.units_used import units_used
from core.statistics import noise_ceilings
from tests.core.decoders import planted


def noisy(responses, embeddings, tested):
    responses[:, :6] = np.random.default_rng(1).normal(size=(len(responses), 6))


@pytest.mark.parametrize("least", [0.0, 50.0])
def test_units_and_their_median_noise_ceiling(least):
    planted.save(noise=0.1, repeats=3, change=noisy)
    run = decoders.train(planted.config("ridge", training={"noise_ceiling": least}))
    ds = datasets.load(planted.NAME)
    used = units_used(run, ds)
    assert (used.used, used.every) == (24 if not least else 18, 24)
    ceiling = noise_ceilings(ds.betas, ds.trial_rows).ceiling[6 if least else 0 :]
    assert used.ceiling == pytest.approx(100 * np.median(ceiling))


def test_without_repeats_and_of_another_recording():
    planted.save()
    run = decoders.train(planted.config("ridge", rois=("B",)))
    ds = datasets.load(planted.NAME)
    assert (units_used(run, ds).used, units_used(run, ds).every) == (10, 10)
    assert np.isnan(units_used(run, ds).ceiling)
    assert units_used(run, datasets.load("simulated", stimuli=80)) is None
