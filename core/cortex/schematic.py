"""A schematic of regions as tiles, for units that have no place on a cortical surface."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.datasets import Dataset

# Between tiles, as a share of the side of the largest.
GAP = 0.12
# Columns of tiles beside rows, about: wider than high, but legible on a phone.
WIDER = 1.3


class Schematic(NamedTuple):
    """Where units are drawn.

    ``xy`` (units, 2) is NaN for a unit in no region; ``boxes`` the left, lower, right and upper
    edge of each region's tile, by name.
    """

    xy: np.ndarray
    boxes: dict[str, tuple[float, float, float, float]]


def schematic(ds: Dataset) -> Schematic:
    """Lay regions out in rows, in their order, each a square as large as it has units.

    A unit stands where it is on the sheet of its region, of a simulated recording; else units
    fill the tile in their order, which says nothing of where they lie.
    """
    names = [name for name in (ds.regions or tuple(ds.rois)) if name in ds.rois]
    xy, boxes = np.full((ds.n_units, 2), np.nan), {}
    sides = {name: np.sqrt(len(ds.rois[name])) for name in names}
    largest = max(sides.values(), default=1.0)
    gap = GAP * largest
    columns = max(1, int(np.ceil(np.sqrt(WIDER * len(names)))))
    for place, name in enumerate(names):
        row, column = divmod(place, columns)
        left = column * (largest + gap) + (largest - sides[name]) / 2
        low = -row * (largest + 2.4 * gap) - sides[name]
        boxes[name] = (left, low, left + sides[name], low + sides[name])
        units = ds.rois[name]
        own = _grid(len(units)) if ds.sheet is None else ds.sheet[units]
        free = np.isnan(xy[units, 0])  # of a unit in several regions, the first one shows it
        xy[units[free]] = np.array([left, low]) + own[free] * sides[name]
    return Schematic(xy, boxes)


def _grid(count: int) -> np.ndarray:
    """Places in a square, row by row from above. (count, 2), 0 to 1"""
    side = max(1, int(np.ceil(np.sqrt(count))))
    row, column = np.divmod(np.arange(count), side)
    return np.stack([(column + 0.5) / side, 1 - (row + 0.5) / side], axis=1)
