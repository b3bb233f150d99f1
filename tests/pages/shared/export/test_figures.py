"""Every chart of every page can be exported, and the control writes what is in view."""

import numpy as np
import plotly.graph_objects as go
import pytest

from core.figures.export import ExportSettings, write
from core.paths import PROJECT
from pages.shared.export import control, figures
from tests.pages.app import open_page

DOOR = PROJECT / "pages" / "shared" / "export" / "figures.py"


def test_every_chart_is_shown_through_the_one_that_exports_it():
    files = [file for file in (PROJECT / "pages").rglob("*.py") if file != DOOR]
    assert [str(file) for file in files if "plotly_chart" in file.read_text("utf-8")] == []


@pytest.mark.parametrize(
    ("page", "settings", "key"),
    [
        ("rdm", {"roi": ["V1", "LOC"], "combine": "side by side"}, "rdm"),
        ("responses", {"roi": ["LOC"]}, "units"),
        ("maps", {"as_images": "true"}, "map_responses"),
    ],
)
def test_what_is_in_view_can_be_written(page, settings, key):
    app = open_page(page, **settings)
    assert not app.exception
    shown = app.session_state[figures.SHOWN]
    assert key in shown
    for figure in shown.values():
        drawing = figure.draw()
        assert drawing.title
        assert write(drawing, ExportSettings(width=120)).startswith(b"<?xml")
    assert "simulated" in app.session_state[figures.SOURCE]


@pytest.mark.parametrize("one_scale", [True, False])
def test_matrices_side_by_side_have_one_colour_scale_unless_that_is_switched_off(one_scale):
    settings = {} if one_scale else {"one_scale": "false"}
    app = open_page("rdm", roi=["V1", "LOC"], combine="side by side", **settings)
    assert not app.exception
    first, second = app.session_state[figures.SHOWN]["rdm"].draw().panels
    assert (first.colour_bar == second.colour_bar) is one_scale
    if one_scale:  # of the widest of both
        app = open_page("rdm", roi=["V1", "LOC"], combine="side by side", one_scale="false")
        panels = app.session_state[figures.SHOWN]["rdm"].draw().panels
        own = [panel.colour_bar.ends for panel in panels]
        assert first.colour_bar.ends == (min(low for low, _ in own), max(high for _, high in own))


def test_a_file_is_called_as_its_figure():
    assert control.file_stem("RDM of V1 + LOC, S1/S2: “x”") == "rdm-of-v1-loc-s1-s2-x"
    assert control.file_stem("…") == "figure"


def _line(values, name=""):
    return go.Figure(go.Scatter(y=values, name=name))


def test_a_chart_is_drawn_once_for_the_same_content_and_again_for_another(monkeypatch):
    values = np.arange(5.0)
    first = figures.drawn(_line, values, name="a")
    assert figures.drawn(_line, values.copy(), name="a") is first
    assert figures.drawn(_line, values, name="b") is not first
    values[0] = 9
    assert list(figures.drawn(_line, values, name="a").data[0].y) == [9, 1, 2, 3, 4]
    assert first.to_dict() == _line(np.arange(5.0), "a").to_dict()
    monkeypatch.setattr(figures, "MOST_BYTES", 10)
    assert figures.drawn(_line, np.ones(5)) is not figures.drawn(_line, np.ones(5))


def test_so_many_charts_are_kept(monkeypatch):
    monkeypatch.setattr(figures, "MOST_KEPT", 2)
    for name in "abcd":
        figures.drawn(_line, [1, 2], name=name)
    assert len(figures._kept) == 2
