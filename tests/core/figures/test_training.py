"""Curves of training: what is drawn, and at which scale."""

import math

import numpy as np
import pytest
from scipy import stats

from core.ablations import Ablation, Axis, compare
from core.decoders import Config
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


def test_rows_of_an_ablation_have_their_decoders_mean_noise_and_chance():
    axis = Axis("Batch", ("training.batch",), ((8,), (16,), (32,)))
    ablation = Ablation(Config("simulated", head="mlp"), (axis,), (0, 1, 2), ("S1",))
    values = np.array([[0.2, 0.3, 0.4], [0.5, 0.5, 0.8], [0.1, 0.3, 0.2]])
    cells = [
        {"row": row, "subject": "S1", "seed": seed, "error": "", "scores": [score(value)]}
        for (row, seed), value in np.ndenumerate(values)
    ]
    comparison = compare(ablation, cells, "averaged repeats", "top-1")
    figure = figures.ablation_rows(ablation, comparison)
    dots, means = figure.data
    assert list(zip(dots.x, dots.y, strict=True)) == [
        (value, row) for (row, _), value in np.ndenumerate(values)
    ]
    assert list(means.x) == pytest.approx([0.3, 0.6, 0.2])
    assert list(figure.layout.yaxis.ticktext) == ["8", "16", "32"]
    band, chance = figure.layout.shapes
    half = np.median([interval(values[row] - values[1]) for row in (0, 2)])
    assert (band.x0, band.x1) == pytest.approx((0.6 - half, 0.6 + half))
    assert chance.x0 == pytest.approx(0.05)


def score(value):
    return {"protocol": "averaged repeats", "measure": "top-1", "value": value, "chance": 0.05}


def interval(differences):
    """Half the width of the 95 % t interval; two rows, neither of which is certain to differ."""
    return stats.t.ppf(1 - 0.025 / 2, len(differences) - 1) * stats.sem(differences)


def test_two_losses_at_chance_are_named_on_either_side():
    curve = [{"epoch": 1, "training": 5.6, "validation": 5.5, "two_way": 0.6}]
    figure = figures.losses(curve, {"training": 5.54, "validation": 5.48})
    sides = {note.text: note.yanchor for note in figure.layout.annotations}
    assert sides == {"training, chance": "bottom", "validation, chance": "top"}
