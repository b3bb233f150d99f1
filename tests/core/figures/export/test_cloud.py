"""A wordcloud in a file lies as on the page."""

import io

import numpy as np
import pytest
from PIL import Image

from core.figures.export import ExportSettings, WordcloudDrawing, write
from core.figures.wordclouds import wordcloud

WEIGHTS = {"lighthouse": 9.0, "iceberg": 8.0, "moon": 7.0, "gypsy": 6.0, "jay": 3.0, "nothing": 0.0}
SIZE = (420, 240)


def ink(image):
    """Where a white ground is covered, as the page draws it twice as large."""
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return np.asarray(ground.convert("L").resize((2 * SIZE[0], 2 * SIZE[1]))) < 128


def test_words_lie_where_the_page_has_them():
    on_page = ink(Image.open(io.BytesIO(wordcloud(WEIGHTS, *SIZE, dark=False))))
    settings = ExportSettings(width=210.0, dpi=203, title=False, file_format="png")
    written = Image.open(io.BytesIO(write(WordcloudDrawing(WEIGHTS, SIZE), settings)))
    assert written.width / written.height == pytest.approx(SIZE[0] / SIZE[1], rel=0.01)
    in_file = ink(written)
    rows, columns = (np.flatnonzero(on_page.any(axis=axis))[[0, -1]] for axis in (1, 0))
    for axis, ends in ((1, rows), (0, columns)):
        own = np.flatnonzero(in_file.any(axis=axis))[[0, -1]]
        np.testing.assert_allclose(own, ends, atol=12)
    assert np.mean(on_page[in_file]) > 0.5
    assert in_file.sum() == pytest.approx(on_page.sum(), rel=0.15)


@pytest.mark.parametrize("file_format", ["svg", "pdf"])
def test_the_same_words_give_the_same_file(file_format):
    settings = ExportSettings(file_format=file_format)
    first, again = (write(WordcloudDrawing(WEIGHTS, SIZE, "Labels"), settings) for _ in "12")
    assert first == again


def test_without_words_it_is_empty():
    assert write(WordcloudDrawing({}, SIZE), ExportSettings())
