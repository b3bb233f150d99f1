"""Files of figures, read by others than who wrote them: their size, text, fonts, resolution."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import resvg_py
from PIL import Image

from core.errors import InputError
from core.figures import charts
from core.figures.export import WIDTHS, ChartDrawing, ExportSettings, write

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
MM = 25.4 / 72  # of a point


@pytest.fixture(scope="module")
def drawing():
    responses = np.random.default_rng(0).standard_normal((2, 30))
    return ChartDrawing(charts.lines(responses, ["a <dog> & $x_{", "ü ρ"], "z"), "Two responses")


def of(drawing, **settings):
    return write(drawing, ExportSettings(**settings))


@pytest.mark.parametrize(("width", "height"), [(89.0, 60.0), (183.0, 0.0), (57.5, 40.0)])
def test_an_svg_is_as_large_as_asked_and_its_text_is_text(drawing, width, height):
    file = of(drawing, width=width, height=height)
    root = ET.fromstring(file)
    assert float(root.get("width").removesuffix("pt")) * MM == pytest.approx(width, abs=0.01)
    if height:
        assert float(root.get("height").removesuffix("pt")) * MM == pytest.approx(height, abs=0.01)
    texts = ["".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")]
    assert {"Two responses", "a <dog> & $x_{", "ü ρ", "Response (z)"} <= set(texts)
    links = [element.get(LINK, "") for element in root.iter()]
    assert all(link.startswith(("#", "data:")) for link in links if link)
    fonts = [element.get("style", "") for element in root.iter(f"{SVG}text")]
    assert all("Arial" in style and "sans-serif" in style for style in fonts)
    # Another program, at 96 pixels an inch, makes as many pixels of it.
    pixels = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=file.decode(), dpi=96))))
    assert pixels.width == pytest.approx(width / 25.4 * 96, abs=1)


def test_letters_have_the_size_asked(drawing):
    for size in (5.0, 8.0):
        root = ET.fromstring(of(drawing, font_size=size))
        styles = [element.get("style", "") for element in root.iter(f"{SVG}text")]
        sizes = {float(re.search(r"font(?:-size)?: ([\d.]+)px", style)[1]) for style in styles}
        assert sizes == {size}  # a unit of the drawing is a point


def test_a_pdf_is_as_large_as_asked_and_embeds_its_fonts(drawing):
    file = of(drawing, width=85.0, height=50.0, file_format="pdf").decode("latin-1")
    box = [float(part) for part in re.search(r"/MediaBox \[([^\]]*)\]", file)[1].split()]
    assert [end * MM for end in box[2:]] == pytest.approx([85, 50], abs=0.01)
    assert "/FontFile2" in file  # TrueType, embedded
    assert "/Type3" not in file
    assert "/URI" not in file


def test_a_png_has_the_pixels_and_the_resolution_asked(drawing):
    image = Image.open(io.BytesIO(of(drawing, width=89, height=50, dpi=450, file_format="png")))
    assert image.size == (round(89 / 25.4 * 450), round(50 / 25.4 * 450))
    assert image.info["dpi"] == pytest.approx((450, 450), abs=0.1)
    assert image.info["Title"] == "Two responses"


@pytest.mark.parametrize("file_format", ["svg", "pdf", "png"])
def test_the_same_figure_is_the_same_file(drawing, file_format):
    assert of(drawing, file_format=file_format) == of(drawing, file_format=file_format)


def test_legend_and_title_can_be_left_out(drawing):
    with_both, without = (
        of(drawing, legend=shown, title=shown).decode() for shown in (True, False)
    )
    assert ">ü ρ<" in with_both.replace("</text>", "<")
    assert "ü ρ" not in without
    assert without.count("Two responses") == 2  # in the metadata only
    assert with_both.count("Two responses") == 3


@pytest.mark.parametrize(
    "wrong", [{"width": 5}, {"height": 9}, {"dpi": 20}, {"font_size": float("nan")},
              {"file_format": "gif"}],
)  # fmt: skip
def test_what_cannot_be_printed_is_refused(wrong):
    with pytest.raises(InputError):
        ExportSettings(**wrong)


def test_presets_can_be_written_and_name_their_guide():
    for preset in WIDTHS:
        ExportSettings(preset.width, 0.0, preset.font_size, preset.dpi)
        assert preset.source
    assert {89, 183} <= {width.width for width in WIDTHS if "Nature" in width.label}
    assert {85, 174} <= {width.width for width in WIDTHS if "Cell" in width.label}
