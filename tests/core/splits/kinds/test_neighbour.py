"""Test images far from training with a matched distribution, on planted and real features."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances, rbf_kernel

from core import datasets, encoders, splits
from core.errors import InputError
from core.splits.distances import gaussian_scale
from core.vectors import unit_rows
from tests.core.splits.planted import SIDES, recording


def squared(rows, first, second):
    """The biased estimate from the whole kernel matrix."""
    whole = rbf_kernel(rows, gamma=gaussian_scale(rows))
    weights = np.zeros(len(rows))
    weights[first], weights[second] = 1 / len(first), -1 / len(second)
    return weights @ whole @ weights


def farness(rows, fold):
    known = np.concatenate([fold.train, fold.validation])
    return cosine_distances(rows[fold.test], rows[known]).min(axis=1)


def check(ds, features):
    """Farther than random sets at every quartile, and no less alike than they are on average."""
    rows = unit_rows(features)
    parameters = {"test": 0.15, "validation": 0.1}
    fold = splits.make(ds, "neighbour", 1, features, **parameters)[0]
    others = [splits.make(ds, "image", seed, features, **parameters)[0] for seed in range(30)]
    random = np.array([np.percentile(farness(rows, other), [0, 25, 50]) for other in others])
    assert (np.percentile(farness(rows, fold), [0, 25, 50]) > random.max(axis=0)).all()
    for name in ("test", "validation"):
        drawn = [squared(rows, getattr(other, name), other.train) for other in others]
        error = 3 * np.std(drawn) / np.sqrt(len(drawn))
        assert squared(rows, getattr(fold, name), fold.train) <= np.mean(drawn) + error
    assert [len(getattr(fold, side)) for side in SIDES] == [
        len(getattr(others[0], side)) for side in SIDES
    ]
    return fold


def planted(seed=0, n=300):
    """Pairs of images that resemble each other, and single ones, around six directions."""
    rng = np.random.default_rng(seed)
    centres = 2 * rng.standard_normal((6, 20))
    features = centres[rng.integers(0, 6, n)] + rng.standard_normal((n, 20))
    features[1 : n // 2 : 2] = features[0 : n // 2 : 2] + 0.05 * rng.standard_normal((n // 4, 20))
    return features


def test_planted_pairs_are_never_divided():
    features = planted()
    fold = check(recording(300), features)
    held = np.concatenate([fold.test, fold.validation])
    assert (held >= 150).all()


def test_the_simulated_scenes_are_held_apart():
    ds = datasets.load("simulated", subject="S1")
    check(ds, encoders.encode_images(ds, "clip-small"))


@pytest.mark.real
@pytest.mark.parametrize("encoder", ["gabor", "clip-small"])
def test_real_photographs_are_held_apart(encoder, realdata):
    ds = datasets.load("folder", root=realdata / "v4_210325")
    check(ds, encoders.encode_images(ds, encoder))


def test_the_seed_decides():
    ds, features = recording(300), planted()
    one, same, other = (splits.make(ds, "neighbour", seed, features)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.test, same.test)
    assert set(one.test) != set(other.test)


def test_copies_stay_together():
    features = planted()
    ids = [f"p{i:03d}" for i in range(300)]
    ids[299], features[299] = "rep_p200", features[200]
    fold = splits.make(recording(300, id=ids), "neighbour", 0, features)[0]
    for side in SIDES:
        rows = getattr(fold, side)
        assert (200 in rows) == (299 in rows)


def test_what_cannot_be_is_refused():
    ds, features = recording(60), planted(n=60)
    with pytest.raises(InputError, match="without features"):
        splits.make(ds, "neighbour")
    with pytest.raises(InputError, match="leave none of the 60 to train on"):
        splits.make(ds, "neighbour", 0, features, test=0.6, validation=0.5)
    # Nothing is nearer than anything: any set is matched.
    splits.make(ds, "neighbour", 0, np.ones((60, 3)))
