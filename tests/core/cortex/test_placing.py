"""Values of units on fsaverage5: at the vertex, over the cell, and back to the unit."""

from __future__ import annotations

import numpy as np
import pytest

from core import cortex
from core.cortex.fsaverage import VERTICES, cells
from core.datasets.places import FSAVERAGE, Surface
from core.errors import InputError


def test_a_value_stands_at_its_vertex_on_its_side():
    surface = Surface(np.array([0, 1, 1, 0]), np.array([5, 5, 20_000, -1]))
    placed = cortex.place(surface, np.array([1.0, 2.0, 3.0, 4.0]))
    assert placed.values[0, 5] == 1.0
    assert placed.values[1, 5] == 2.0
    assert np.isfinite(placed.values).sum() == 2
    assert placed.unit[1, 5] == 1
    assert (placed.unit >= 0).sum() == 2


def test_a_cell_has_the_weighted_mean_of_what_is_there():
    inside = cells()
    own = np.flatnonzero(inside.coarse == 77)
    vertices, weight = inside.fine[own], inside.weight[own]
    value = np.arange(float(len(vertices)))
    value[2] = np.nan
    surface = Surface(np.ones(len(vertices)), vertices)
    placed = cortex.place(surface, value, cortex.CELL)
    known = np.isfinite(value)
    assert placed.values[1, 77] == pytest.approx(np.average(value[known], weights=weight[known]))
    assert np.isnan(placed.values[0]).all()
    assert placed.unit[1, 77] == np.flatnonzero(vertices == 77)[0]
    only = cortex.place(Surface(np.zeros(1), vertices[-1:]), np.ones(1), cortex.CELL)
    assert only.unit[0, 77] == 0  # the only one of the cell


def test_constant_values_stay_constant_over_cells():
    surface = Surface(np.zeros(FSAVERAGE), np.arange(FSAVERAGE))
    placed = cortex.place(surface, np.full(FSAVERAGE, 2.5), cortex.CELL)
    np.testing.assert_allclose(placed.values[0], 2.5)
    np.testing.assert_array_equal(placed.unit[0], np.arange(VERTICES))


def test_regions_are_numbered_in_their_order_and_the_later_one_shows():
    surface = Surface(np.zeros(4), np.array([3, 4, 5, 30_000]))
    rois = {"A": np.array([0, 1]), "B": np.array([1, 2, 3])}
    numbers = cortex.labels(surface, rois)
    assert numbers[0, [3, 4, 5, 6]].tolist() == [1, 2, 2, 0]
    coarse = cells().coarse[np.flatnonzero(cells().fine == 30_000)]
    assert (cortex.labels(surface, rois, cortex.CELL)[0, coarse] == 2).all()


def test_what_does_not_fit_is_refused():
    surface = Surface(np.zeros(2), np.arange(2))
    with pytest.raises(InputError, match="3"):
        cortex.place(surface, np.zeros(3))
    with pytest.raises(InputError, match="way is 'median'"):
        cortex.place(surface, np.zeros(2), "median")
