"""Numbers and tables of the report as text."""

from __future__ import annotations

import math

import pytest

from core.report import tables


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9734, ".973"),
        (-0.012, "-.012"),
        (-0.0001, ".000"),
        (1.0, "1.000"),
        (10.5, "10.500"),
        (math.nan, "–"),
    ],
)
def test_a_share_has_three_digits_and_no_zero_before_them(value, text):
    assert tables.share(value) == text


def test_an_interval_stands_behind_its_value_where_there_is_one():
    assert tables.interval(0.9, 0.85, 1.0) == ".900 [.850, 1.000]"
    assert tables.interval(0.9, math.nan, math.nan) == ".900"


def test_a_table_has_a_line_a_row():
    text = tables.table(["a", "b"], [["1", "2"], ["3", ""]])
    assert text.splitlines() == ["| a | b |", "| --- | --- |", "| 1 | 2 |", "| 3 |  |"]
