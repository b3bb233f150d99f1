"""Every chart of every page can be exported, and the control writes what is in view."""

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


def test_a_file_is_called_as_its_figure():
    assert control.file_stem("RDM of V1 + LOC, S1/S2: “x”") == "rdm-of-v1-loc-s1-s2-x"
    assert control.file_stem("…") == "figure"
