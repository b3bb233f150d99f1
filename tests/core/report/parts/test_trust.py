"""What the report says of the trust in ridge's score, on tables made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.report.parts import trust


def table(score=0.9, noise=0.5, permuted=0.5):
    rows = [
        ("score", trust.SCORE, score, score - 0.03, score + 0.03, "20 categories"),
        ("controls", trust.NOISE, noise, noise - 0.02, noise + 0.02, "10 decoders"),
        ("controls", trust.PERMUTED, permuted, permuted - 0.02, permuted + 0.02, "10 decoders"),
        ("bottleneck", "components for 90 % of the score", 10, np.nan, np.nan, "of 90 components"),
        ("learning", "a doubling brought", 0.012, np.nan, np.nan, "80 training images and fewer"),
        ("nearness", "sentence", np.nan, np.nan, np.nan, "Far images score lower."),
    ]
    return pd.DataFrame(rows, columns=["check", "figure", "value", "low", "high", "over"])


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({}, "lies above"),
        ({"score": 0.54}, "does **not** lie above"),
        ({"noise": 0.86}, "does **not** lie above"),
        ({"permuted": 0.89}, "does **not** lie above"),
    ],
)
def test_a_score_is_trusted_where_it_lies_above_both_controls(values, verdict):
    assert f"the interval of the score {verdict} what" in trust.section(table(**values))


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({}, "noise input is at chance, responses permuted is at chance"),
        ({"noise": 0.53}, "noise input is not at chance, responses permuted is at chance"),
        ({"permuted": 0.47}, "noise input is at chance, responses permuted is not at chance"),
    ],
)
def test_a_control_off_chance_is_told(values, verdict):
    assert verdict in trust.section(table(**values))


def test_figures_have_their_intervals_and_sentences_stand_below():
    lines = trust.section(table()).splitlines()
    assert lines[0] == trust.TITLE
    assert "| score | .900 [.870, .930] | 20 categories |" in lines
    assert "| components for 90 % of the score | 10 | of 90 components |" in lines
    assert "| a doubling brought | .012 | 80 training images and fewer |" in lines
    assert "- Far images score lower." in lines
