"""Matrices and maps for print, and the strips of categories beside a matrix."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from core import rdm
from core.figures import heatmap, maps
from core.figures.export import (
    ColourBar,
    ExportSettings,
    ImageRow,
    ImageRowsDrawing,
    MapDrawing,
    MatrixDrawing,
    MatrixPanel,
    write,
)
from core.figures.images import CATEGORY_COLOURS
from core.figures.strips import Strips, category_strips

OTHER_BAR = ColourBar("viridis", (0.0, 1.0), "distance")
BAR = ColourBar("viridis", (0.0, 2.0), "1 - r")
GROUPS = ["animals", "food", "tools", "$a_{ <b> long name of a group"]


def stimuli(categories, each=2):
    names = [f"c{number}" for number in range(categories) for _ in range(each)]
    groups = [GROUPS[number * len(GROUPS) // categories] for number in range(categories)]
    return pd.DataFrame({"category": names, "supercategory": np.repeat(groups, each)})


def strips_of(table):
    rows = np.arange(len(table))
    return category_strips(table, rows, rdm.blocks(table, rows))


@pytest.fixture
def levels():
    matrix = rdm.compute(np.random.default_rng(0).standard_normal((160, 12)))
    matrix[5, 9] = np.nan
    return heatmap.levels(matrix, (0.0, 2.0))


def test_twelve_categories_have_a_colour_each():
    strips = strips_of(stimuli(12))
    assert [strip.colour for strip in strips.categories] == list(CATEGORY_COLOURS)
    assert strips.named == strips.categories


def test_of_eighty_categories_the_supercategories_have_colour_and_name():
    strips = strips_of(stimuli(80))
    assert [strip.label for strip in strips.named] == GROUPS
    assert [(s.start, s.stop) for s in strips.named] == [(0, 40), (40, 80), (80, 120), (120, 160)]
    assert len(strips.categories) == 80
    owner = {strip.colour: strip.label for strip in strips.named}
    table = stimuli(80)
    for strip in strips.categories:
        assert owner[strip.colour] == table["supercategory"][strip.start]


def test_categories_that_no_supercategory_gathers_keep_their_own():
    table = stimuli(14).assign(supercategory=["a", "b"] * 14)  # in no run
    assert len(strips_of(table).named) == 14
    assert strips_of(stimuli(14).assign(supercategory="")).named[0].label == "c0"
    assert category_strips(table, np.arange(28), []) == Strips()


@pytest.mark.parametrize("file_format", ["svg", "pdf", "png"])
def test_matrices_export_whatever_the_names_hold(levels, file_format):
    drawing = MatrixDrawing(
        [MatrixPanel(levels, BAR, "V1"), MatrixPanel(levels, BAR, "LOC")], 160,
        strips_of(stimuli(80)), "A $title_{",
    )  # fmt: skip
    file = write(drawing, ExportSettings(file_format=file_format, dpi=72))
    assert {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}[file_format] in file[:10]


def test_the_cells_have_the_colours_of_the_screen(levels):
    figure = Figure()
    MatrixDrawing([MatrixPanel(levels, BAR)], 160).draw(figure, ExportSettings())
    shown = np.asarray(figure.axes[0].images[0].get_array())
    palette = np.vstack([heatmap.colours("viridis"), heatmap.MISSING_COLOUR]) / 255
    assert np.allclose(shown[..., :3], palette[levels])


@pytest.mark.parametrize(("bars", "count"), [((BAR, BAR), 1), ((BAR, OTHER_BAR), 2)])
def test_matrices_of_one_scale_share_a_colour_bar(levels, bars, count):
    panels = [MatrixPanel(levels, bar, "V1") for bar in bars]
    for legend, expected in ((True, count), (False, 0)):
        figure = Figure(layout="constrained")
        MatrixDrawing(panels, 160).draw(figure, ExportSettings(legend=legend))
        assert len(figure.axes) == 2 + expected


def test_names_that_do_not_fit_beside_stand_in_a_legend(levels):
    drawing = MatrixDrawing([MatrixPanel(levels, BAR)], 160, strips_of(stimuli(80)))
    wide, narrow = Figure(), Figure()
    drawing.draw(wide, ExportSettings(width=89))
    drawing.draw(narrow, ExportSettings(width=25))
    assert len(wide.axes[0].get_yticklabels()) == 4
    assert not wide.legends
    assert [text.get_text() for text in narrow.legends[0].texts] == GROUPS


def test_one_scale_reaches_from_the_lowest_to_the_highest_of_each_measure():
    own = [(0.2, 1.0), (0.1, 0.8), (3.0, 9.0)]
    shared = heatmap.shared_limits(own, ["1 - r", "1 - r", "distance"])
    assert shared == [(0.1, 1.0), (0.1, 1.0), (3.0, 9.0)]


def test_points_of_a_map_keep_place_and_colour():
    places = np.array([[0.0, 0.0], [1.0, 0.5], [np.nan, np.nan], [0.5, 1.0]])
    figure = Figure(layout="constrained")
    MapDrawing(places, maps.colouring(["a", "b", "a", ""])).draw(figure, ExportSettings())
    points = figure.axes[0].collections[0]
    assert np.array_equal(points.get_offsets(), places[[0, 1, 3]])
    assert [to_hex(c) for c in points.get_facecolors()] == ["#0072b2", "#e69f00", "#8c959d"]
    assert [text.get_text() for text in figure.legends[0].texts] == ["a", "b"]


def test_images_of_a_map_do_not_cover_one_another():
    places = np.array([[0.0, 0.0], [0.001, 0.0], [1.0, 1.0]])
    asked = []

    def image(row):
        asked.append(row)
        return Image.new("RGB", (40, 30), "red")

    drawing = MapDrawing(places, maps.colouring(["a", "b", "a"]), "", range(3), image)
    figure = Figure(layout="constrained")
    drawing.draw(figure, ExportSettings())
    assert asked == [0, 2]
    assert len(figure.axes[0].artists) == 2
    assert write(drawing, ExportSettings(file_format="pdf")).startswith(b"%PDF")


def test_the_right_one_of_retrieved_images_is_framed():
    tiles = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue")]
    rows = [
        ImageRow("Best", tiles[0], tiles, right=0),
        ImageRow("Worst of <b> $a_{", tiles[1], tiles, right=None),
    ]
    drawing = ImageRowsDrawing(rows, "Seen and retrieved")
    figure = Figure(layout="constrained")
    drawing.draw(figure, ExportSettings())
    assert sum(bool(axes.images) for axes in figure.axes) == 8
    assert sum(axes.axison for axes in figure.axes) == 1
    for file_format in ("svg", "png", "pdf"):
        write(drawing, ExportSettings(file_format=file_format, dpi=72))
