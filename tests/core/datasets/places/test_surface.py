"""Vertices of units: checked, and as recordings on fsaverage have them."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets
from core.datasets.places import FSAVERAGE, Surface
from core.datasets.places.surface import NOWHERE
from core.errors import InputError


@pytest.mark.parametrize(
    ("hemisphere", "vertex", "words"),
    [
        ([0, 2], [1, 2], "other numbers"),
        ([0, 1], [1, FSAVERAGE], "vertices of fsaverage"),
        ([0, 1], [-2, 0], "vertices of fsaverage"),
        ([0], [1, 2], "1"),
    ],
)
def test_what_is_no_vertex_is_refused(hemisphere, vertex, words):
    with pytest.raises(InputError, match=words):
        Surface(np.array(hemisphere), np.array(vertex))


def test_sides_stand_one_after_the_other():
    surface = Surface.of_sides([(0, np.array([4, 7])), (1, np.array([NOWHERE]))])
    assert surface.hemisphere.tolist() == [0, 0, 1]
    assert surface.vertex.tolist() == [4, 7, -1]
    with pytest.raises(ValueError, match="read-only"):
        surface.vertex[0] = 1


def test_units_of_the_experiment_lie_on_sheets_and_a_part_of_it_keeps_them():
    ds = datasets.load("simulated", stimuli=100)
    assert ds.surface is None
    assert ds.sheet.shape == (ds.n_units, 2)
    assert (ds.sheet.min(), ds.sheet.max()) > (0, 0.9)
    some = ds.subset(ds.stimuli["id"].tolist()[:20])
    assert some.sheet is ds.sheet
