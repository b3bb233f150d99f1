"""Figures of components, for data worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.figures import components as figures
from core.figures.components.charts import GREY, INK, OTHER


def test_dimensions_that_come_back_stand_out():
    bars, line = figures.dimensions(np.array([0.9, 0.4, 0.1]), np.array([0.3, 0.2, 0.1]), 2).data
    assert list(bars.marker.color) == [INK, INK, GREY]
    assert list(line.y) == [0.3, 0.2, 0.1]


def test_a_profile_of_many_units_shows_the_largest_in_their_order():
    values = np.zeros(100)
    values[[3, 70]] = -1.0, 2.0
    (bars,) = figures.profile(values, [f"u{k}<" for k in range(100)]).data
    assert len(bars.x) == 60
    place = list(bars.x).index("u3&lt;")
    assert (bars.y[place], bars.marker.color[place]) == (-1.0, OTHER)


def test_texts_at_both_ends_are_faint_where_not_significant():
    table = pd.DataFrame({"text": list("abcde"), "r": [0.5, 0.2, 0.0, -0.1, -0.4]})
    table["q"] = [0.01, 0.2, 0.9, 0.5, 0.04]
    (bars,) = figures.texts(table, 2).data
    assert list(bars.y) == ["e", "d", "b", "a"]
    assert list(bars.marker.opacity) == [1.0, 0.35, 0.35, 1.0]


def test_twins_are_open_where_chance_gives_them():
    table = pd.DataFrame(
        {"subject": ["S2", "S3"], "component": [0, 1], "r": [-0.8, 0.1], "p": [0.01, 0.6]}
    )
    sure, other = figures.twins(table, 2).data
    assert (list(sure.x), list(sure.y)) == ([1], [0.8])
    assert (list(other.x), other.marker.symbol) == ([2], "circle-open")
