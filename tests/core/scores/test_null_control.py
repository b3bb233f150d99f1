"""A decoder that knows nothing: its interval excludes chance as rarely as it says."""

import numpy as np
import pytest
from scipy import stats

from core import scores
from core.vectors import unit_rows

SIMULATIONS, CATEGORIES = 40, 15


def unrelated(seed, sizes):
    """Images of categories, and predictions that each category shares and that miss it."""
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(CATEGORIES), sizes)
    centres, guesses = rng.standard_normal((2, CATEGORIES, 8))
    images = centres[code] + 0.5 * rng.standard_normal((len(code), 8))
    predicted = guesses[code] + 0.3 * rng.standard_normal((len(code), 8))
    return predicted, images, np.char.add("c", code.astype(str))


@pytest.mark.parametrize("sizes", [6, [1, 2, 3, 4, 6, 8, 12, 8, 6, 4, 3, 2, 1, 5, 5]])
def test_intervals_and_p_of_a_null_control(sizes):
    excluded = small = 0
    for seed in range(SIMULATIONS):
        predicted, images, category = unrelated(seed, sizes)
        queries = scores.Queries(predicted, images, np.arange(len(images)), category)
        table = scores.score([queries], permutations=99, resamples=1).table
        row = table.set_index("measure").loc["two-way"]
        assert row["resampled"] == "categories"
        excluded += not row["low"] <= 0.5 <= row["high"]
        small += row["p"] <= 0.05
    most = stats.binom.ppf(0.999, SIMULATIONS, 0.05)
    assert excluded <= most
    assert small <= most


def test_images_taken_one_by_one_would_exclude_chance_far_more_often():
    """So that the test above can fail: the same scores with an interval over images."""
    excluded = 0
    for seed in range(SIMULATIONS):
        predicted, images, _ = unrelated(seed, 6)
        similarity = unit_rows(predicted) @ unit_rows(images).T
        lost = similarity < np.diag(similarity)[:, None]
        each = lost.sum(axis=1) / (len(images) - 1)
        excluded += abs(each.mean() - 0.5) > 1.96 * each.std() / np.sqrt(len(each))
    assert excluded > 0.2 * SIMULATIONS
