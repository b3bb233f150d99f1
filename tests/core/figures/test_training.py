"""Curves of training: what is drawn, and at which scale."""

import math

import pytest

from core.figures import training as figures


def curve(losses):
    return [
        {"epoch": at, "training": loss, "validation": 0.9 * loss, "two_way": 0.5}
        for at, loss in enumerate(losses, 1)
    ]


def test_chance_is_drawn_for_each_side_and_the_kept_epoch_is_the_lowest():
    figure = figures.losses(curve([5.0, 3.0, 4.0]), {"training": 5.5, "validation": 4.1})
    assert [shape.y0 for shape in figure.layout.shapes] == [5.5, 4.1]
    kept = next(trace for trace in figure.data if trace.name == "kept")
    assert (kept.x[0], kept.y[0]) == (2, pytest.approx(2.7))
    assert figure.layout.xaxis.dtick == 1
    assert not figures.losses(curve([5.0, 3.0])).layout.shapes


def test_a_loss_that_leaps_has_a_logarithmic_axis():
    assert figures.losses(curve([1.0, 1e6])).layout.yaxis.type == "log"
    assert figures.losses(curve([1.0, 2.0])).layout.yaxis.type != "log"
    assert figures.losses([]).layout.yaxis.type != "log"


def test_many_epochs_are_labelled_as_plotly_likes():
    figure = figures.compared({"one": curve([math.sqrt(n) for n in range(1, 40)])}, "training", "x")
    assert figure.layout.xaxis.dtick is None
