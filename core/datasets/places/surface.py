"""The place of each unit on fsaverage, the average surface of FreeSurfer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.validation import check_same_length

# Vertices of a hemisphere.
FSAVERAGE = 163_842
NOWHERE = -1
SIDES = ("left", "right")


@dataclass(frozen=True, eq=False)
class Surface:
    """Vertices of fsaverage that the units of a recording are.

    Attributes
    ----------
    hemisphere : np.ndarray of shape (units,), int8
        0 left, 1 right.
    vertex : np.ndarray of shape (units,), int32
        0 to 163,841 within the hemisphere; -1 where it is not known.

    Raises
    ------
    InputError
        If a number is out of range, or the arrays differ in length.
    """

    hemisphere: np.ndarray
    vertex: np.ndarray

    def __post_init__(self) -> None:
        check_same_length(len(self.vertex), len(self.hemisphere), "vertex", "hemisphere")
        if not np.isin(self.hemisphere, (0, 1)).all():
            raise InputError("hemisphere holds other numbers", "0 (left) and 1 (right)")
        low, high = (int(end(self.vertex, initial=0)) for end in (np.min, np.max))
        if low < NOWHERE or high >= FSAVERAGE:
            raise InputError(
                f"vertex holds {low} to {high}",
                f"vertices of fsaverage, 0 to {FSAVERAGE - 1}, or -1",
            )
        for name, kind in (("hemisphere", np.int8), ("vertex", np.int32)):
            array = np.array(getattr(self, name), dtype=kind)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @classmethod
    def of_sides(cls, sides: Sequence[tuple[int, np.ndarray]]) -> Surface:
        """Units side by side: hemisphere and vertices of each part, in the order of the units."""
        return cls(
            np.concatenate([np.full(len(vertex), side) for side, vertex in sides]),
            np.concatenate([vertex for _, vertex in sides]),
        )
