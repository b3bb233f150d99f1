"""The chart of scores: where each head stands, its interval, and chance."""

from itertools import pairwise

import pandas as pd
import pytest

from core.figures import decoding

HEADS = ("mlp", "ridge (baseline)", "pixels alone (control)")


@pytest.fixture
def table():
    rows = [
        {"head": head, "measure": measure, "value": value, "low": value - 0.1, "high": value + 0.05,
         "chance": chance, "candidates": 20, "resampled": "categories", "categories": 20}
        for head, gain in zip(HEADS, (0.2, 0.1, 0.0), strict=True)
        for measure, value, chance in (
            ("top-1", 0.3 + gain, 0.05), ("two-way", 0.7 + gain, 0.5), ("median-rank", 3.0, 9.5),
        )
        if not ("control" in head and measure != "two-way")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_every_head_stands_in_the_row_of_its_measure(table):
    figure = decoding.scores(table, "mlp")
    own, ridge, pixels, chance = figure.data
    assert [trace.name for trace in figure.data] == [*HEADS, "chance"]
    assert list(figure.layout.yaxis.ticktext) == ["right one of two images", "right category of 20"]
    assert [round(place) for place in own.y] == [1, 0]  # top-1 below two-way
    assert list(own.x) == [0.5, 0.9]
    assert list(pixels.x) == [0.7]
    assert list(own.error_x.array) == pytest.approx([0.05, 0.05])
    assert list(own.error_x.arrayminus) == pytest.approx([0.1, 0.1])
    assert own.marker.symbol == "circle"
    assert ridge.marker.symbol.endswith("-open")
    assert [x for x in chance.x if x is not None] == [0.05, 0.05, 0.5, 0.5]


def test_heads_of_one_measure_do_not_cover_each_other(table):
    rows = {trace.name: trace.y[-1] for trace in decoding.scores(table, "mlp").data[:3]}
    places = sorted(rows.values())
    assert min(b - a for a, b in pairwise(places)) > 0.1
    assert rows["mlp"] == places[0]  # its own above the others


def test_controls_are_told_apart_by_their_markers(table):
    other = table[table["head"] == HEADS[2]].assign(head="ridge to pixels (control)")
    latent = table[table["head"] == "mlp"].assign(head="mlp (latent classifier)")
    figure = decoding.scores(pd.concat([table, latent, other]), "mlp")
    symbols = {trace.name: trace.marker.symbol for trace in figure.data[:-1]}
    assert len(set(symbols.values())) == len(symbols) == 5
    assert symbols["mlp (latent classifier)"] == "circle-open"
