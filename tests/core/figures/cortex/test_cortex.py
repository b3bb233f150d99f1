"""Colours of the cortex, the schematic, and both hemispheres for print."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from core.cortex import Schematic
from core.cortex.fsaverage import VERTICES, hemispheres
from core.figures import cortex as figures
from core.figures.cortex.drawing import border_segments, projected
from core.figures.export import ChartDrawing, ExportSettings, write


def test_one_unit_does_not_set_the_ends():
    values = np.r_[np.linspace(0, 1, 1000), 50.0, np.nan]
    assert figures.ends_of(values, False)[1] == pytest.approx(0.99, abs=0.01)
    low, high = figures.ends_of(-values, True)
    assert (low, high) == (-high, pytest.approx(0.99, abs=0.01))
    assert figures.ends_of(np.full(3, np.nan), False) == (0.0, 1.0)
    assert figures.ends_of(np.zeros(3), True) == (-1.0, 1.0)


def test_signed_colours_are_pale_in_the_middle():
    colours = figures.palette(True)
    middle, ends = int(colours[32][1:3], 16), [int(c[1:3], 16) for c in (colours[0], colours[-1])]
    assert middle > max(ends)


def test_both_sides_are_mirrored_and_faces_towards_the_eye_have_borders():
    left, right = hemispheres()
    for view in ("side", "middle"):
        (a, _, _), (b, _, _) = projected(left, 0, view), projected(right, 1, view)
        front = a[left.inflated[:, 1].argmax(), 0] * b[right.inflated[:, 1].argmax(), 0]
        assert front < 0
    labels = (left.inflated[:, 1] > 0).astype(np.uint8)
    xy, depth, faces = projected(left, 0, "side")
    lines = border_segments(xy, depth, faces, labels, True)
    assert 20 < len(lines) < 400
    assert np.abs(lines[..., 0]).max() < 12  # where y is 0, seen from the side


def test_the_drawing_has_every_view_one_bar_and_grey_where_nothing_is():
    values = np.full((2, VERTICES), np.nan)
    values[0, hemispheres()[0].inflated[:, 1] < -40] = 0.5
    drawing = figures.CortexDrawing(
        values, (0, 1), figures.palette(False), "r", None, True, "Noise ceiling"
    )
    figure = Figure()
    settings = ExportSettings()
    drawing.draw(figure, settings)
    left, right, bar = figure.axes
    assert bar.get_ylabel() == "r"
    first, second = (axes.collections[0].get_facecolors()[:, :3] for axes in (left, right))
    grey = np.ptp(first, axis=1) < 1e-6
    assert 0.5 < grey.mean() < 1
    assert (np.ptp(second, axis=1) < 1e-6).all()
    assert write(drawing, settings).startswith(b"<?xml")


def test_the_schematic_keeps_unit_numbers_and_is_exported_with_its_scale():
    plan = Schematic(np.array([[0, 0], [1, 1], [np.nan, 0]]), {"V1": (0.0, 0.0, 2.0, 2.0)})
    chart = figures.tiles(plan, np.array([0.2, np.nan, 1]), (0, 1), figures.palette(False), "r")
    assert list(chart.data[0].customdata) == [0]
    figure = Figure()
    ChartDrawing(chart).draw(figure, ExportSettings())
    assert figure.axes[-1].get_ylabel() == "r"
