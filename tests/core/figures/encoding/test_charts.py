"""Figures of encoding models: what they draw, for data worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.figures import encoding as figures


def table(**more):
    columns = {"roi": ["V1", "LOC"], "ceiling": [0.8, np.nan]}
    columns |= {"chance_low": [-0.1, -0.2], "chance_high": [0.1, 0.2]}
    return pd.DataFrame(columns | more)


def test_boxes_are_percentiles_over_units_with_a_score():
    values = {"a < b": [np.r_[np.arange(101.0), np.nan], np.full(3, np.nan)]}
    figure = figures.regions(("V1", "LOC"), values, table(), normalised=False)
    box = figure.data[0]
    assert (box.name, list(box.x)) == ("a &lt; b", ["V1", "LOC"])
    ends = [box.lowerfence[0], box.q1[0], box.median[0], box.q3[0], box.upperfence[0]]
    assert ends == [5, 25, 50, 75, 95]
    assert np.isnan(box.median[1])
    ceiling, chance = figure.data[1:]
    assert ceiling.y[0] == 0.8
    assert (chance.base[1], chance.y[1]) == (-0.2, 0.4)


def test_over_the_ceiling_there_is_one_line_at_1():
    figure = figures.regions(("V1", "LOC"), {"a": [np.ones(2), np.ones(2)]}, table(), True)
    assert len(figure.data) == 1
    assert figure.layout.shapes[0].y0 == 1


def test_a_point_a_unit_says_which():
    points = pd.DataFrame({"x": [0.1, 0.5], "y": [0.3, 0.2], "unit": [7, 9], "roi": ["V1", "LOC"]})
    figure = figures.against(points, "gabor", "clip")
    assert [list(trace.customdata) for trace in figure.data[:2]] == [[7], [9]]
    assert list(figure.data[2].x) == [0.1, 0.5]
    assert figure.layout.xaxis.title.text == "r of gabor"


def test_parts_stack_and_both_directions_have_intervals():
    shares = pd.DataFrame({"only a": [0.2, 0.1], "common": [0.1, -0.02]}, index=["V1", "LOC"])
    assert [list(bar.y) for bar in figures.shares(shares).data] == [[0.2, 0.1], [0.1, -0.02]]
    ends = {"low": [0.8, 0.6], "high": [0.95, 0.8]}
    decoding = table(embedding="a", value=[0.9, 0.7], **ends)
    encoding = table(model="a", r=[0.9, 0.7], **ends)
    left, right = figures.information(decoding, encoding, {"a": "A"})
    assert list(left.data[0].y) == [0.9, 0.7]
    np.testing.assert_allclose(left.data[0].error_y.array, [0.05, 0.1])
    np.testing.assert_allclose(right.data[0].error_y.arrayminus, [0.1, 0.1])
    assert right.data[1].y[0] == 0.8


def test_a_response_stands_before_the_span_of_test_images():
    roi = {
        "roi": ["V1"],
        "response": [0.4],
        "rank": [0.9],
        "low": [-1.0],
        "high": [0.5],
        "r": [0.6],
    }
    span, point = figures.over_regions(pd.DataFrame(roi)).data
    assert (span.base[0], span.y[0]) == (-1.0, 1.5)
    assert point.y[0] == 0.4
    unit = pd.DataFrame({"id": ["a<b"], "measured": [1.0], "predicted": [0.5]})
    assert figures.unit_responses(unit).data[0].customdata[0] == "a&lt;b"
    words = figures.unit_words(["bus", "pizza"], np.array([0.7, -0.2])).data[0]
    assert list(words.y) == ["pizza", "bus"]
