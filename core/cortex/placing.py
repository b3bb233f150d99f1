"""Values of units on the vertices of fsaverage5, and units where a vertex is pointed at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.cortex.fsaverage import VERTICES, cells
from core.datasets.places import FSAVERAGE, Surface
from core.errors import InputError
from core.validation import check_same_length

# How values come from the fine surface to the coarse one, as the reader is told.
VERTEX, CELL = "at the vertex", "mean of the cell"
WAYS = (VERTEX, CELL)


class PlacedValues(NamedTuple):
    """Values (2, 10242) of the left and the right hemisphere, NaN where no unit lies.

    ``unit`` (2, 10242) int is the unit at each vertex, or the one of its cell that lies
    nearest to it; -1 where there is none.
    """

    values: np.ndarray
    unit: np.ndarray


def place(surface: Surface, values: np.ndarray, way: str = VERTEX) -> PlacedValues:
    """Put values of units on fsaverage5.

    Parameters
    ----------
    surface : Surface
    values : np.ndarray of shape (units,)
        NaN where a unit has none.
    way : {'at the vertex', 'mean of the cell'}
        The first 10,242 vertices of a hemisphere of fsaverage are those of fsaverage5. Either
        their own units are shown, a sixteenth of all; or the mean over all vertices that lie
        nearest to each (those between two count half in each).

    Raises
    ------
    InputError
        If the values are not as many as the units.
    """
    check_same_length(len(values), len(surface.vertex), "values", "the units")
    if way not in WAYS:
        raise InputError(f"way is {way!r}", choices=WAYS)
    fine = np.full((2, FSAVERAGE), np.nan)
    unit = np.full((2, FSAVERAGE), -1, dtype=np.int64)
    known = np.flatnonzero(surface.vertex >= 0)
    at = surface.hemisphere[known], surface.vertex[known]
    fine[at], unit[at] = values[known], known
    coarse, own = fine[:, :VERTICES].copy(), unit[:, :VERTICES].copy()
    if way == CELL:
        coarse = np.stack([_means(side) for side in fine])
        for side in (0, 1):
            own[side] = _nearest(own[side], unit[side])
    return PlacedValues(coarse, own)


def _means(fine: np.ndarray) -> np.ndarray:
    """Weighted mean over the cell of each vertex, of the values that are there. (10242,)"""
    inside = cells()
    values = fine[inside.fine]
    known = np.isfinite(values)
    weight = inside.weight[known]
    total = np.bincount(inside.coarse[known], weight * values[known], VERTICES)
    count = np.bincount(inside.coarse[known], weight, VERTICES)
    return np.where(count > 0, total / np.maximum(count, 1e-12), np.nan)


def _nearest(own: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """The unit at the vertex, else the first one of its cell; -1 where it has none. (10242,)"""
    inside = cells()
    there = unit[inside.fine] >= 0
    first = np.full(VERTICES, -1, dtype=np.int64)
    # The last assignment stands: those nearest come last.
    first[inside.coarse[there][::-1]] = unit[inside.fine[there]][::-1]
    return np.where(own >= 0, own, first)


def labels(surface: Surface, rois: dict[str, np.ndarray], way: str = VERTEX) -> np.ndarray:
    """Number of the ROI of each vertex, from 1 in their order; 0 in none. (2, 10242) uint8

    Where ROIs overlap, the later one is shown.
    """
    number = np.zeros(len(surface.vertex))
    for place_in_list, units in enumerate(rois.values(), start=1):
        number[units] = place_in_list
    placed = place(surface, number, VERTEX)
    shown = np.nan_to_num(placed.values)
    if way == CELL:
        unit = place(surface, number, CELL).unit
        shown = np.where(unit >= 0, number[np.maximum(unit, 0)], 0)
    return shown.astype(np.uint8)
