"""Charts of the checks: what was measured, chance, and the line to twice as many images."""

import numpy as np
import pytest

from core.figures import trust as figures
from core.trust import Trust
from core.trust.nearness import Nearness


@pytest.fixture
def checked():
    rows = [(1, 0.2, 0.6), (5, 0.6, 0.8), (24, 1.0, 0.9)]
    return Trust(
        0.9,
        0.8,
        0.95,
        "8 categories",
        {"noise": [0.5, 0.52], "permuted": [0.49, 0.51]},
        [dict(zip(("components", "variance", "value"), row, strict=True)) for row in rows],
        {"predicted": 4.0, "embedded": 16.0, "trained": 20.0, "images": 100, "samples": 5.0},
        {"images": [25, 50, 100], "values": [0.7, 0.8, 0.9], "gain": 0.1, "next": 1.0},
        Nearness(np.linspace(0, 1, 9), np.linspace(0.9, 0.7, 9), -1.0, 0.001),
        tuple("abcdefgh<"),
    )


def test_charts_show_what_was_measured(checked):
    widths = figures.bottleneck(checked).data[0]
    assert list(widths.x) == [1, 5, 24]
    assert list(widths.y) == [0.6, 0.8, 0.9]
    decoders, line = figures.learning(checked).data
    assert list(decoders.y) == [0.7, 0.8, 0.9]
    assert list(line.x) == [25, 200]
    assert list(line.y) == pytest.approx([0.7, 1.0])
    assert list(figures.learning(checked).layout.xaxis.ticktext) == ["25", "50", "100", "200"]
    images, thirds = figures.nearness(checked).data
    assert images.text[-1] == "&lt;"
    assert list(thirds.x) == pytest.approx([0.125, 0.5, 0.875])
    for figure in (figures.bottleneck(checked), figures.learning(checked)):
        assert figure.layout.shapes[0].y0 == 0.5


def test_sentences_say_what_it_comes_to(checked):
    said = checked.sentences
    assert "(50.0% to 52.0%)" in said["controls"]
    assert "5 of 24 components of the responses, 60%" not in said["bottleneck"]
    assert "24 of 24 components" in said["bottleneck"]
    assert "25%): they have collapsed" in said["dimensions"]
    assert "brought +10.0 points; if that goes on, 200 of them" in said["learning"]
    assert "score better than far ones" in said["nearness"]
