"""Colours of points, the line in words, and the separation strip."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import maps
from core.figures import maps as figures
from core.figures.images import CATEGORY_COLOURS


@pytest.fixture
def points():
    return np.random.default_rng(0).standard_normal((60, 2)).astype(np.float32)


def test_every_category_has_its_colour_in_order_of_appearance():
    found = figures.colouring(["b", "a", "", None, "b"])
    assert found.names == ("b", "a")
    assert found.counts == (2, 1)
    assert found.codes.tolist() == [0, 1, -1, -1, 0]
    assert found.palette == CATEGORY_COLOURS[:2]
    assert found.ends is None
    assert figures.colouring([True, False]).names == ("True", "False")


def test_at_most_twelve_colours_and_the_others_grey():
    twelve = figures.colouring([f"k{row % 12}" for row in range(60)])
    assert len(twelve.palette) == 12
    names = ["rare"] + [f"k{row % 14}" for row in range(140)] + ["k13"]
    found = figures.colouring(names)
    assert len(found.names) == len(found.palette) == 12
    assert found.names[-1] == "other"
    assert found.palette[-1] == CATEGORY_COLOURS[-1]
    assert "k13" in found.names
    assert "rare" not in found.names
    assert sum(found.counts) == len(names)
    counted = np.bincount(found.codes, minlength=12)
    assert tuple(counted) == found.counts


def test_numbers_run_from_the_first_to_the_last_colour():
    values = np.arange(1000.0)
    values[5] = np.nan
    found = figures.colouring(values)
    assert found.codes[5] == -1
    assert (found.codes[0], found.codes[-1]) == (0, len(found.palette) - 1)
    assert (np.diff(found.codes[6:]) >= 0).all()
    low, high = found.ends
    assert (low, high) == pytest.approx(tuple(np.nanpercentile(values, [1, 99])))
    constant = figures.colouring(pd.Series([2.0, 2.0]))
    assert constant.ends == (2.0, 2.0)
    assert figures.colouring([np.nan, np.nan]).codes.tolist() == [-1, -1]


def test_a_classifier_is_described_with_chance_and_interval(points):
    first = points[:, 0] > 0
    classifier = maps.linear_classifier(points, first, ~first, permutations=20)
    text = figures.described(classifier)
    assert "chance 50 %, n = 60, p = 0.048" in text
    assert text.startswith(f"balanced accuracy {100 * classifier.accuracy:.0f} %")


def test_the_strip_has_a_row_for_each_category(points):
    table = maps.separation(points, ["a", "b", "<c>"] * 20, np.hstack([points, points]))
    figure = figures.separation_strip(table)
    assert {trace.name for trace in figure.data} == {"on the map", "in the space"}
    assert "&lt;c&gt; (20)" in figure.data[0].y
    assert len(figures.separation_strip(table.assign(in_space=np.nan)).data) == 1


def test_what_is_not_to_be_seen_first_is_paler_and_keeps_its_colour():
    colours = figures.colouring(["a", "b", "", "a"])
    pale = figures.faded(colours, np.array([True, False, False, False]))
    shown = [pale.palette[code] for code in pale.codes]
    first, second = colours.palette
    assert shown == [first, f"{second}22", "#8c959d22", f"{first}22"]
    assert pale.names == colours.names
    kept = figures.faded(colours, np.ones(4, dtype=bool))
    assert kept.codes.tolist() == colours.codes.tolist()


def test_marked_points_are_counted_by_colour():
    colours = figures.colouring(["a", "b", "", "a", "c"])
    marked = np.array([True, False, True, True, False])
    assert figures.counts_of(colours, marked) == [2, 0, 0]
