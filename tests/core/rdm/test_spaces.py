"""RDM correlations of spaces against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from core import rdm
from core.errors import InputError


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_rdm_correlation_is_that_of_scipy_and_leaves_missing_stimuli_out(rng):
    spaces = {"a": rng.standard_normal((30, 8)), "b": rng.standard_normal((30, 20))}
    spaces["c"] = spaces["a"] * 3 + 1
    spaces["b"][4] = np.nan
    found = rdm.correlate(spaces)
    kept = np.arange(30) != 4
    distances = [pdist(rows[kept], "correlation") for rows in spaces.values()]
    for i in range(3):
        for j in range(3):
            expected = spearmanr(distances[i], distances[j]).statistic
            assert found.values[i, j] == pytest.approx(expected, abs=1e-5)
    assert found.names == ("a", "b", "c")
    assert found.stimuli == 29
    assert found.values[0, 2] == pytest.approx(1)


def test_rdm_correlation_of_many_stimuli_takes_some_and_of_too_few_is_refused(rng, monkeypatch):
    monkeypatch.setattr(rdm.spaces, "MOST_STIMULI", 20)
    rows = rng.standard_normal((100, 6))
    assert rdm.correlate({"a": rows, "b": rows}).stimuli == 20
    with pytest.raises(InputError, match="3 stimuli are known to all of a, b"):
        rdm.correlate({"a": rows[:3], "b": rows[:3]})
    with pytest.raises(InputError, match="different lengths"):
        rdm.correlate({"a": rows, "b": rows[:3]})


def test_a_space_without_distances_is_left_open(rng):
    found = rdm.correlate({"a": rng.standard_normal((9, 4)), "one unit": np.arange(9.0)[:, None]})
    assert np.isnan(found.values[0, 1])
