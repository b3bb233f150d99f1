"""Charts drawn again: the same values, ends, ticks and marks as Plotly was given."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from core.errors import InputError
from core.figures import charts, clusters, curves, training
from core.figures.export import ChartDrawing, ExportSettings, write

SETTINGS = ExportSettings()
POINTS = pd.DataFrame(
    {"value": [10, 30, 100], "mean": [0.2, 0.5, 0.7], "low": [0.1, 0.4, 0.6],
     "high": [0.3, 0.6, 0.8], "n": [4, 4, 4]}
)  # fmt: skip


def drawn(chart):
    figure = Figure()
    ChartDrawing(chart).draw(figure, SETTINGS)
    return figure


def test_lines_keep_values_and_colours():
    responses = np.random.default_rng(0).standard_normal((3, 20)).round(4)
    axes = drawn(charts.lines(responses, ["a", "b", "c"], "z")).axes[0]
    assert np.array_equal([line.get_ydata() for line in axes.lines], responses)
    assert [to_hex(line.get_color()) for line in axes.lines] == ["#0072b2", "#e69f00", "#009e73"]
    assert axes.get_ylabel() == "Response (z)"


def test_a_histogram_keeps_counts_edges_and_marks():
    counts, edges = np.array([3, 0, 5]), np.array([0.0, 1.0, 2.5, 3.0])
    axes = drawn(charts.bars(counts, edges, "x", "y", [(1.2, "median")])).axes[0]
    boxes = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in axes.patches]
    assert boxes == [(0, 1, 3), (1, 1.5, 0), (2.5, 0.5, 5)]
    assert "median" in [text.get_text() for text in axes.texts]
    marks = [line for line in axes.get_children() if getattr(line, "get_xdata", None)]
    assert any(np.allclose(line.get_xdata(), 1.2) for line in marks)


def test_a_band_reaches_from_its_low_to_its_high_end():
    axes = drawn(curves.recovery(POINTS, None, "", "Images", "r", 30.0, 0.6)).axes[0]
    ends = axes.collections[0].get_paths()[0].vertices
    assert (ends[:, 1].min(), ends[:, 1].max()) == (0.1, 0.8)
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()][:3] == ["10", "30", "100"]
    low, high = axes.get_xlim()
    assert low < 10 < 100 < high < 200


def test_stacked_bars_stand_on_one_another():
    shares = pd.DataFrame({"one": [0.25, 0.5], "two": [0.75, 0.5]}, index=["V1", "LOC"])
    axes = drawn(curves.composition(shares)).axes[0]
    spans = [(bar.get_y(), bar.get_height()) for bar in axes.patches]
    assert spans == [(0, 0.25), (0, 0.5), (0.25, 0.75), (0.5, 0.5)]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["V1", "LOC"]


def test_cells_keep_values_and_ends():
    table = pd.DataFrame([[0.5, -1.0], [0.25, 2.0]], index=["a", "b"], columns=["x", "y"])
    axes = drawn(curves.profiles(table, ["V1", "V1"])).axes[0]
    cells = axes.collections[0]
    assert np.array_equal(cells.get_array().reshape(2, 2), table)
    assert cells.get_clim() == (-2, 2)


def test_error_bars_reach_the_ends_of_the_intervals():
    chart = go.Figure(
        go.Scatter(x=[1, 2], y=[0.5, 0.6], mode="markers",
                   error_y={"array": [0.1, 0.2], "arrayminus": [0.3, 0.4]})
    )  # fmt: skip
    axes = drawn(chart).axes[0]
    ends = [
        segment[:, 1]
        for bars in axes.collections
        if isinstance(bars, LineCollection)
        for segment in bars.get_segments()
    ]
    assert np.allclose(ends, [(0.2, 0.6), (0.2, 0.8)])


def test_a_second_axis_and_a_reversed_one_are_kept():
    rows = [{"epoch": e, "training": 1 / e, "validation": 2 / e, "two_way": 0.6} for e in (1, 2, 3)]
    assert len(drawn(training.losses(rows, {"training": 1.0})).axes) == 1
    chart = go.Figure(go.Bar(x=[1, 2], y=["a", "b"], orientation="h"))
    axes = drawn(chart.update_yaxes(autorange="reversed")).axes[0]
    assert axes.get_ylim() == (1.5, -0.5)
    assert [bar.get_width() for bar in axes.patches] == [1, 2]


def test_markup_of_browsers_is_no_text():
    chart = charts.lines(np.zeros((2, 3)), ["<b>&", "b"], "z")
    chart.add_annotation(x=1, y=0, text="<b>bold</b> &amp;<br>more", showarrow=False)
    figure = drawn(chart)
    assert figure.axes[0].texts[0].get_text() == "bold &\nmore"
    assert [text.get_text() for text in figure.legends[0].texts] == ["<b>&", "b"]


def test_a_chart_of_another_kind_is_refused_in_words():
    with pytest.raises(InputError, match=r"'pie'.*scatter"):
        write(ChartDrawing(go.Figure(go.Pie(values=[1, 2]))), SETTINGS)


def test_marks_of_clusters_keep_their_place():
    table = pd.DataFrame(
        {"cluster": [0, 0, 1, 1], "name": ["V1", "LOC"] * 2, "mean": [0.1, 0.2, 0.3, 0.4],
         "sd": [0.1] * 4}
    )  # fmt: skip
    axes = drawn(clusters.profiles(table, "z")).axes[0]
    offsets = [part.get_offsets() for part in axes.collections if len(part.get_offsets()) == 2]
    assert [0.1, 0.2] in [np.asarray(points)[:, 1].tolist() for points in offsets]
