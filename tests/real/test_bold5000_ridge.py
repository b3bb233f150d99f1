"""Ridge from BOLD5000 parcels to 66 behavioural dimensions, measured independently before."""

from __future__ import annotations

import numpy as np
import pytest

from core import ridge, scores

pytestmark = pytest.mark.real
FOLDS = 10


@pytest.fixture(scope="module")
def recording(realdata):
    source = realdata / "bold5000_csi1" / "bold5000_csi1.npz"
    if not source.is_file():
        pytest.skip(f"no {source}")
    with np.load(source, allow_pickle=False) as found:
        known = np.isfinite(found["clip66"]).all(axis=1)
        return found["betas"][known], found["clip66"][known]


def pooled_ranks(betas, targets):
    """Rank of each trial's own embedding among all, those centred on the training mean."""
    ranks = np.empty(len(betas))
    for test in np.array_split(np.arange(len(betas)), FOLDS):
        training = np.setdiff1d(np.arange(len(betas)), test)
        mean = targets[training].mean(axis=0)
        predicted = ridge.fit(betas[training], targets[training]).predict(betas[test]) - mean
        similarity = _unit(predicted) @ _unit(targets - mean).T
        ranks[test] = scores.mean_ranks(similarity, test)
    return ranks


def test_two_way_identification_is_the_one_measured_before(recording):
    betas, targets = recording
    assert (len(betas), targets.shape[1]) == (592, 66)
    ranks = pooled_ranks(betas, targets)
    assert scores.two_way(ranks, 592).mean() == pytest.approx(0.666, abs=0.02)
    assert np.mean(ranks <= 5) == pytest.approx(0.025, abs=0.01)
    assert np.median(ranks) == pytest.approx(168, abs=20)


def test_shuffled_responses_stand_at_chance(recording):
    betas, targets = recording
    order = np.random.default_rng(0).permutation(len(betas))
    two_way = scores.two_way(pooled_ranks(betas[order], targets), 592).mean()
    assert two_way == pytest.approx(0.5, abs=0.04)


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
