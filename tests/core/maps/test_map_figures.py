"""The scatter of a map and the separation strip."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core import maps
from core.errors import InputError
from core.figures import maps as figures
from core.figures.pictures import CATEGORY_COLOURS


@pytest.fixture
def points():
    return np.random.default_rng(0).standard_normal((60, 2)).astype(np.float32)


def rows_of(figure):
    return np.sort(np.concatenate([trace.customdata for trace in figure.data])).tolist()


def test_every_drawn_point_carries_its_row(points):
    points[7] = np.nan
    labels = [f"kind {row % 5}" for row in range(60)]
    texts = [f"<{row}>" for row in range(60)]
    figure = figures.scatter(points, labels, hover=texts)
    assert {trace.type for trace in figure.data} == {"scattergl"}
    assert rows_of(figure) == [row for row in range(60) if row != 7]
    for trace in figure.data:
        assert np.allclose(np.column_stack([trace.x, trace.y]), points[trace.customdata])
        assert {labels[row] for row in trace.customdata} == {trace.name}
        assert list(trace.text) == [f"&lt;{row}&gt;" for row in trace.customdata]
    assert [trace.marker.color for trace in figure.data] == list(CATEGORY_COLOURS[:5])


def test_axes_are_equal_and_bare_and_keep_their_zoom(points):
    a = figures.scatter(points, list(range(60)))
    b = figures.scatter(points, ["a", "b"] * 30)
    assert a.layout.uirevision == b.layout.uirevision == "map"
    assert a.layout.xaxis.range == b.layout.xaxis.range
    assert (a.layout.yaxis.scaleanchor, a.layout.yaxis.scaleratio) == ("x", 1)
    assert not a.layout.xaxis.showticklabels
    assert a.to_json() == figures.scatter(points, list(range(60))).to_json()


def test_at_most_twelve_colours_and_the_others_grey(points):
    twelve = figures.scatter(points, [f"k{row % 12}" for row in range(60)])
    assert len({trace.marker.color for trace in twelve.data}) == 12
    many = [f"k{min(row, 19)}" for row in range(60)]
    figure = figures.scatter(points, many)
    names = [trace.name for trace in figure.data]
    assert len(names) == 12
    assert names[0] == "other"
    assert "k19" in names
    assert figure.data[0].marker.color == CATEGORY_COLOURS[-1]
    assert CATEGORY_COLOURS[-1] not in [trace.marker.color for trace in figure.data[1:]]
    assert rows_of(figure) == list(range(60))


def test_blank_labels_are_pale_and_lie_below(points):
    figure = figures.scatter(points, ["", None, "a"] * 20)
    assert [trace.name for trace in figure.data] == ["no label", "a"]
    assert len(figure.data[0].x) == 40
    assert [t.name for t in figures.scatter(points, [True, False] * 30).data] == ["True", "False"]


def test_numbers_get_a_colour_bar(points):
    values = pd.Series(np.arange(60, dtype=float))
    values[3] = np.nan
    figure = figures.scatter(points, values, colour_name="V1 <mean>")
    pale, shown = figure.data
    assert pale.customdata.tolist() == [3]
    assert np.array_equal(shown.marker.color, np.delete(np.arange(60), 3))
    assert shown.marker.colorbar.title.text == "V1 &lt;mean&gt;"
    assert shown.marker.colorscale[0][1] == "#440154"


def test_the_selection_is_marked_in_every_trace(points):
    figure = figures.scatter(points, ["a", "b", "c"] * 20, selected=[4, 5, 50])
    found = [int(t.customdata[at]) for t in figure.data for at in t.selectedpoints]
    assert sorted(found) == [4, 5, 50]
    assert figures.scatter(points).data[0].selectedpoints is None
    assert len(figures.scatter(points, selected=[]).data[0].selectedpoints) == 0


def test_the_line_is_drawn_with_its_numbers(points):
    first = points[:, 0] > 0
    line = maps.dividing_line(points, first, ~first, permutations=20)
    figure = figures.scatter(points, first, line=line, line_name="living")
    (shape,) = figure.layout.shapes
    for x, y in ((shape.x0, shape.y0), (shape.x1, shape.y1)):
        assert line.normal @ [x, y] + line.offset == pytest.approx(0, abs=1e-6)
    text = figure.layout.annotations[0].text
    assert text.startswith("living: ")
    assert "chance 50 %, n = 60, p = 0.048" in text


def test_lists_of_another_length_are_refused(points):
    with pytest.raises(InputError, match="has 59 rows"):
        figures.scatter(points, ["a"] * 59)
    with pytest.raises(InputError, match="no point"):
        figures.scatter(np.full((4, 2), np.nan))


def test_the_strip_has_a_row_for_each_category(points):
    table = maps.separation(points, ["a", "b", "<c>"] * 20, np.hstack([points, points]))
    figure = figures.separation_strip(table)
    assert {trace.name for trace in figure.data} == {"on the map", "in the space"}
    assert "&lt;c&gt; (20)" in figure.data[0].y
    assert len(figures.separation_strip(table.assign(in_space=np.nan)).data) == 1
