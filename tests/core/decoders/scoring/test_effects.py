"""What leaving images out does to a score, with its interval, and the level that follows."""

from __future__ import annotations

import numpy as np
import pytest

from core.decoders.scoring import audits, effects
from core.splits.checks import COPIES, NEAR
from core.splits.findings import Finding

NONE = np.full(200, "")


def test_both_scores_by_hand():
    credit = np.r_[np.full(20, 1.0), np.full(80, 0.75)]
    effect = effects.effect_of(credit, np.arange(100) < 20, np.full(100, ""))
    assert (effect.every, effect.without) == pytest.approx((0.8, 0.75))
    assert effect.difference == pytest.approx(0.05)
    assert (effect.left_out, effect.images, effect.unit) == (20, 100, "images")
    assert effect.raises
    assert "moves two-way from 80.0% to 75.0% (difference +5.0%" in effect.sentence


def test_the_interval_holds_the_difference_of_many_test_sets():
    """Coverage where named images are no better: the true difference is 0."""
    rng = np.random.default_rng(0)
    held = []
    for seed in range(100):
        credit = rng.beta(4, 1, 200)
        effect = effects.effect_of(credit, np.arange(200) < 30, NONE, seed)
        held.append(effect.low <= 0 <= effect.high)
    assert 0.88 <= np.mean(held) <= 1.0


def test_categories_are_drawn_as_wholes():
    rng = np.random.default_rng(1)
    category = np.repeat([f"c{number}" for number in range(10)], 20)
    credit = np.repeat(rng.uniform(0.5, 1.0, 10), 20)
    named = np.arange(200) < 100
    by_category = effects.effect_of(credit, named, category)
    by_image = effects.effect_of(credit, named, NONE)
    assert (by_category.unit, by_image.unit) == ("categories", "images")
    assert by_category.high - by_category.low > 2 * (by_image.high - by_image.low)


def test_nothing_is_measured_where_no_image_is_left():
    assert effects.effect_of(np.ones(5), np.ones(5, bool), np.full(5, "")) is None
    assert effects.effect_of(np.ones(5), np.arange(5) < 1, np.full(5, "")) is None


def finding(check, level, difference=None):
    effect = None
    if difference is not None:
        effect = vars(
            effects.Effect("two-way", 0.9, 0.9 - difference, difference, 0.01, 0.2, 5, 50, "images")
        )
    return Finding(check.id, level, check.title, "m.", count=5, effect=effect)


def test_findings_are_ordered_by_level_and_effect_and_say_it():
    listed = audits.brief(
        [finding(NEAR, "amber", 0.01), finding(COPIES, "red"), finding(NEAR, "amber", 0.1)]
    )
    assert [each["level"] for each in audits.ordered(listed)] == ["red", "amber", "amber"]
    assert audits.ordered(listed)[1]["effect"]["difference"] == 0.1
    assert audits.reasons(listed) == [
        "altered copies of an image (effect on the score not measured yet)"
    ]
    table = audits.effects_table(listed)
    assert table["Without them"].tolist() == ["80.0%", "89.0%"]
    assert audits.reasons([]) == []


def test_what_a_former_version_did_not_check_is_not_green():
    former = {"id": "clusters", "level": "amber", "title": "C", "message": "m.", "count": 3}
    listed = audits.completed([{**former, "checked": True}])
    assert [each["level"] for each in listed] == ["green", "unchecked"]
    assert listed[1]["id"] == "copies"
    assert audits.completed(listed) == listed
