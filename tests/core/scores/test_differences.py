"""Decoders compared on the same images: paired, and right about equal ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core import scores
from core.scores import differences

ONCE = {"permutations": 1, "resamples": 1}


def compared(seed, rho, n, noises=(2.0, 2.0, 2.0), categories=0):
    """The first decoder against the others, whose errors go together as far as rho says."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % categories if categories else np.arange(n)
    category = np.array([f"c{code}" for code in codes]) if categories else np.full(n, "")
    images = rng.standard_normal((n, 12))[codes] + 0.3 * rng.standard_normal((n, 12))
    shared = rng.standard_normal((n, 12))
    scored = []
    for noise in noises:
        error = np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.standard_normal((n, 12))
        queries = scores.Queries(images + noise * error[codes], images, np.arange(n), category)
        scored.append(scores.score([queries], **ONCE).by_unit)
    own, *others = scored
    return scores.compare(own, {f"b{k}": [other] for k, other in enumerate(others)})


@pytest.mark.parametrize(
    ("rho", "n", "categories"), [(0.0, 40, 0), (0.9, 40, 0), (0.5, 40, 10), (0.9, 60, 20)]
)
def test_of_equal_decoders_5_per_cent_are_better_or_worse_than_any(rho, n, categories):
    seen = {"two-way": 0, "image top-1": 0}
    for seed in range(60):
        table = compared(seed, rho, n, categories=categories)
        for measure in seen:
            rows = table[table["measure"] == measure]
            outcomes = map(scores.outcome, rows["difference"], rows["difference_p"])
            seen[measure] += any(word != "no difference seen" for word in outcomes)
    assert max(seen.values()) <= stats.binom.ppf(0.9995, 60, 0.05), seen


def test_shared_errors_make_a_difference_visible():
    better = [compared(seed, 0.8, 100, (1.6, 2.0)).iloc[0] for seed in range(10)]
    assert sum(row["difference_p"] <= 0.05 for row in better) >= 8
    worse = compared(0, 0.8, 100, (3.0, 2.0)).iloc[0]
    assert scores.outcome(worse["difference"], worse["difference_p"]) == "worse"
    assert worse["difference_high"] < 0


def test_an_interval_leaves_0_out_where_the_outcome_is_certain():
    for seed in range(30):
        table = compared(seed, 0.5, 30, (1.8, 2.0, 2.2))
        outside = (table["difference_low"] > 0) | (table["difference_high"] < 0)
        assert (outside == (table["difference_p"] <= 0.05)).all()


def test_the_same_decoder_does_not_differ():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((20, 6))
    queries = scores.Queries(
        images + rng.standard_normal((20, 6)), images, np.arange(20), [""] * 20
    )
    own = scores.score([queries], **ONCE).by_unit
    table = scores.compare(own, {"itself": [own]})
    assert (table["difference"] == 0).all()
    assert (table["difference_p"] == 1).all()
    assert "median-rank" not in set(table["measure"])


def test_baselines_of_single_subjects_stand_for_their_mean():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((30, 8))
    predicted = [images + noise * rng.standard_normal((30, 8)) for noise in (0.5, 1.0, 3.0)]
    rows = np.arange(30)
    whole = scores.Queries(
        np.concatenate(predicted), images, np.tile(rows, 3), [""] * 30, np.repeat([0, 1, 2], 30)
    )
    own = scores.score([whole], **ONCE).by_unit
    each = [
        scores.score([scores.Queries(part, images, rows, [""] * 30)], **ONCE).by_unit
        for part in predicted
    ]
    table = scores.compare(own, {"mean": each})
    assert table["difference"].tolist() == pytest.approx([0] * len(table))
    # Subject by subject and image by image the same: nothing is left to vary.
    assert (table["difference_p"] > 0.99).all()
    other = scores.compare(own, {"first": each[:1]})
    expected = own["two-way"].value - each[0]["two-way"].value
    assert other["difference"].iloc[0] == pytest.approx(expected)


def test_an_image_that_one_of_them_lacks_is_a_unit_still():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((12, 6))
    own, fewer = (
        scores.score([scores.Queries(images[:count], images, np.arange(count), [""] * 12)], **ONCE)
        for count in (12, 11)
    )
    table = scores.compare(own.by_unit, {"fewer": [fewer.by_unit]})
    assert table["difference"].tolist() == pytest.approx([0] * len(table))


def test_outcomes():
    words = [differences.outcome(*pair) for pair in ((0.1, 0.05), (-0.1, 0.01), (0.1, 0.051))]
    assert words == ["better", "worse", "no difference seen"]
    assert differences.outcome(0.1, np.nan) == "no difference seen"
    assert differences.outcome(0.0, 0.0) == "no difference seen"
