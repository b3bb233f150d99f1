"""Figures of compared RDMs: what stands in them, of results that are written by hand."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from core.figures.comparison import arrangement, bars, cells, multiples
from core.figures.export import ChartDrawing, ExportSettings, write
from core.figures.strips import NO_STRIPS
from core.rsa import FixedModel, RdmSource, arrange_rdms, evaluate
from core.rsa.results import BrainResult

N = 12


@pytest.fixture(scope="module")
def part():
    rng = np.random.default_rng(0)
    truth, other = np.abs(rng.standard_normal((2, N, N)))
    subjects = [truth + truth.T + 0.3 * (e + e.T) for e in rng.random((4, N, N))]
    models = [truth + truth.T, other + other.T]
    for matrix in (*subjects, *models):
        np.fill_diagonal(matrix, 0.0)
    named = [FixedModel("the truth", models[0]), FixedModel("<another>", models[1])]
    evaluation = evaluate(subjects, named, samples=100)
    p = {"the truth": 0.001, "<another>": 0.4}
    return BrainResult(RdmSource("roi", "V1", label="V1"), evaluation, p, p)


def test_bars_stand_best_first_with_interval_and_ceiling(part):
    figure = bars.performances(part, "spearman", "the truth")
    models = bars.sorted_models(part)
    assert [model.name for model in models] == ["the truth", "<another>"]
    assert list(figure.data[1].x) == [round(model.mean, 4) for model in models]
    assert figure.data[1].error_x.array[0] == pytest.approx(
        models[0].high - models[0].mean, abs=1e-4
    )
    assert len(figure.data[2].x) == 8
    (band, *_) = figure.layout.shapes
    assert (band.x0, band.x1) == bars.ceiling_of(part)[:2]
    texts = [note.text for note in figure.layout.annotations]
    assert "<b>the truth</b>" in texts
    assert "&lt;another&gt;" in texts
    assert "Mantel: p = 0.001 (corrected)" in figure.data[0].customdata[0]
    # A row can be clicked over its whole width, however short the bar is.
    rows, left, right = figure.data[0], *figure.layout.xaxis.range
    assert set(rows.base) == {left}
    assert np.array(rows.base) + np.array(rows.x) == pytest.approx(right)


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_the_figure_for_a_paper(part, ending):
    drawing = ChartDrawing(bars.performances(part, "spearman"), bars.described(part))
    content = write(drawing, ExportSettings(file_format=ending))
    assert content[:8].startswith({"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}[ending])
    if ending == "svg":
        assert {"<another>", "the truth", "noise ceiling"} <= {
            "".join(text.itertext()) for text in ET.fromstring(content).iter() if text.text
        }
    assert "4 subjects" in bars.described(part)


def test_small_matrices_share_the_scale_of_percentiles():
    first, second = np.random.default_rng(1).random((2, N * (N - 1) // 2))
    drawing = multiples.drawing(
        "two", {"a": first, "b": 5 * second}, np.arange(N), "viridis", NO_STRIPS
    )
    assert drawing.is_one_scale
    upper = np.triu_indices(N, 1)
    first, second = (panel.levels[upper] for panel in drawing.panels)
    assert first.max() == second.max() > 250  # of one scale, whatever the values


def test_cells_are_points_and_the_picked_one_is_among_them(monkeypatch):
    monkeypatch.setattr(cells, "MOST_POINTS", 10)
    first, second = np.random.default_rng(1).random((2, N * (N - 1) // 2))
    points = cells.scatter_of(first, second, (5, 2))
    assert len(points.rows) in (10, 11)
    assert points.total == len(first)
    assert points.rows[points.star].tolist() == [2, 5]
    names = pd.DataFrame({"category": ["a", "b"] * 6, "supercategory": ""})
    assert cells.within(names, np.array([[0, 2], [0, 1]])).tolist() == [True, False]
    assert cells.within(names.assign(category=""), points.rows) is None


def test_all_against_all():
    values = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, np.nan], [0.1, np.nan, 1.0]])
    values[1, 2] = values[2, 1] = 0.2
    arranged, names = arrange_rdms(values), ["brain", "near", "far"]
    order = arrangement.tree_order(arranged, names)
    assert sorted(order) == [0, 1, 2]
    assert abs(order.index(0) - order.index(1)) == 1
    figure = arrangement.similarities(values, names)
    assert len(figure.data[1].x) == 9
    assert list(figure.data[1].customdata[1][:2]) == ["brain", "near"]
    assert [
        trace.name for trace in arrangement.similarity_map(arranged, names, ["brain"]).data
    ] == [
        "brain",
        "model",
    ]
    assert len(arrangement.tree(arranged, names, "spearman").data) == 2


def test_a_small_multiple_is_an_image_in_percentiles():
    vector = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 600.0])
    matrix = multiples.in_percentiles(vector)
    assert matrix[2, 3] == pytest.approx(100 * 5.5 / 6)
    uri = multiples.small(vector, np.arange(4), "viridis")
    assert uri.startswith("data:image/png;base64,")
