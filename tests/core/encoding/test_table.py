"""Tables and sentences of encoding models."""

from __future__ import annotations

import numpy as np
import pytest

from core import encoding
from core.encoding import scores
from core.encoding.table import region_interval, span
from core.errors import InputError
from core.statistics import Interval
from tests.core.encoding import recording
from tests.core.encoding.recording import OTHER, TRUTH


@pytest.fixture
def fits(monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)
    ds = recording.opened()
    return [encoding.fit(m, recording.config(m), ds) for m in (TRUTH, OTHER)]


def test_a_row_a_region(fits):
    table = encoding.by_region(fits[0]).set_index("roi")
    assert table["units"].tolist() == [14, 10]
    first = table.loc["A"]
    assert first["low"] < first["r"] < first["high"]
    assert first["chance_low"] < 0 < first["chance_high"] < first["r"] < first["ceiling"]
    assert first["normalised"] > first["r"]
    assert first["significant"] == first["with_ceiling"] == 14
    assert abs(first["control"]) < 0.2


def test_a_row_a_unit(fits):
    table = encoding.by_unit(fits[0])
    assert table["unit"].tolist() == list(range(24))
    assert table["rois"].tolist() == ["A"] * 14 + ["B"] * 10
    assert (table[f"alpha {TRUTH}"] > 0).all()


def test_the_better_model_is_named_with_what_is_sure(fits):
    assert encoding.leads(fits, ["A", "B"]) == ["A", "B"]
    words = encoding.verdict(fits, "A")
    assert words.startswith(f"{encoding.model_label(TRUTH)} predicts A best: median r 0.")
    assert f"Better than {encoding.model_label(OTHER)}: +0." in words
    assert ") of what noise allows" in words
    gap = encoding.difference(*fits, "A")
    assert gap.mean == pytest.approx(
        region_interval(fits[0], 0).mean - region_interval(fits[1], 0).mean
    )
    assert gap.low > 0
    same = encoding.difference(fits[0], fits[0], "A")
    assert same == Interval(0.0, 0.0, 0.0)


def test_it_says_that_none_is_better_than_chance(monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)
    rng = np.random.default_rng(2)

    def noise(responses):
        responses[:] = rng.normal(size=responses.shape)

    ds = recording.opened(also=(noise,))
    fit = encoding.fit(TRUTH, recording.config(), ds)
    assert fit.region_scores.p[0] > 0.05
    assert encoding.verdict([fit], "A").startswith("No model predicts A beyond chance")


def test_scores_of_other_images_are_not_compared(fits, monkeypatch):
    ds = recording.opened()
    other = encoding.fit(OTHER, recording.config(OTHER, split="image"), ds)
    with pytest.raises(InputError, match="scored on different images"):
        encoding.difference(fits[0], other, "A")
    assert "scored on different images" in encoding.verdict([fits[0], other], "A")


def test_intervals_in_words():
    assert span(Interval(0.44, 0.39, 0.49)) == "0.44 (95 % interval 0.39 to 0.49)"
    assert span(Interval(0.44, np.nan, np.nan)) == "0.44"
    assert span(Interval(0.04, -0.01, 0.1), signed=True) == "+0.04 (95 % interval −0.01 to 0.10)"
    assert span(Interval(0.7, 0.6, 0.8), share=True) == "70 % (95 % interval 60 % to 80 %)"
