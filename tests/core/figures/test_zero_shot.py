"""Figures of zero-shot classification: what they show, and which cell a point is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.figures import zero_shot as figures
from core.zero_shot import PUBLISHED, Confusion


def curve(over, ways):
    n = np.array(ways)
    ends = {"low": 0.4, "high": 0.6, "resampled": "categories", "categories": 20}
    return pd.DataFrame({"over": over, "n_way": n, "value": 0.5, "chance": 1 / n, **ends})


def test_accuracy_shows_bands_chance_and_what_was_published():
    both = pd.concat([curve("images", [2, 3, 50]), curve("categories", [2, 3])])
    points = [row for row in PUBLISHED if row.method in ("BrainSem", "MindEye1")]
    figure = figures.accuracy(both, 7, points)
    named = [trace.name for trace in figure.data if trace.showlegend is not False]
    named = [name for name in named if name]
    assert named == ["images", "categories", "published"]
    by_name = {trace.name: trace for trace in figure.data if trace.name}
    assert "over 20 categories" in by_name["images"].hovertemplate
    np.testing.assert_allclose(by_name["chance, images"].y, [0.5, 0.3333, 0.02])
    published = [trace for trace in figure.data if trace.name == "published"]
    assert [trace.x[0] for trace in published] == [50, 300]
    assert published[0].y[0] == pytest.approx(0.256)
    assert "35 repeats averaged" in published[0].hovertemplate
    assert published[1].error_y.array is None  # a mean alone
    (line,) = figure.layout.shapes
    assert (line.x0, line.x1) == (7, 7)


def test_a_point_of_the_confusions_is_its_cell():
    names = ("a <b>", "c", "a very long name of a category")
    counts = Confusion(names, np.array([[3, 1, 0], [0, 4, 0], [2, 0, 0]]), "category")
    figure = figures.confusion(counts)
    squares = figure.data[1]
    for place in range(9):
        row, column = divmod(place, 3)
        assert (squares.y[place], squares.x[place]) == (row, column)
        assert squares.customdata[place][2] == str(counts.counts[row, column])
    assert list(squares.text) == ["75%", "25%", "", "", "100%", "", "100%", "", ""]
    assert list(figure.layout.xaxis.ticktext) == ["a &lt;b&gt;", "c", "a very long nam…"]
    assert len(figure.layout.shapes) == 3


def test_many_categories_have_no_numbers():
    names = tuple(f"c{place}" for place in range(40))
    figure = figures.confusion(Confusion(names, np.eye(40, dtype=int), "category"))
    assert figure.data[1].mode == "markers"
    assert figure.layout.height > 700
