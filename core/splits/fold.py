"""A fold: the rows to train on, to stop early by, and to test on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError

# Attribute of a fold, and what the set is called.
SETS = {"train": "training set", "validation": "validation set", "test": "test set"}


@dataclass(frozen=True, eq=False)
class Fold:
    """Row indices into ``ds.stimuli``, sorted and read-only.

    The sets of a fold are disjoint, except in the split ``pair``, which leaks on purpose;
    ``splits.make`` checks it, and ``splits.audit`` reports it for folds made elsewhere.

    Attributes
    ----------
    train, validation, test : np.ndarray of shape (rows of the set,), intp

    Raises
    ------
    InputError
        If a set is not a list of row indices, each once.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        for name, label in SETS.items():
            object.__setattr__(self, name, sorted_rows(getattr(self, name), f"The {label}"))

    @property
    def rows(self) -> np.ndarray:
        """Every row in a set, sorted, each once. (m,) intp."""
        return np.unique(np.concatenate([self.train, self.validation, self.test]))

    @property
    def is_disjoint(self) -> bool:
        """Whether no row is in two sets."""
        return len(self.rows) == len(self.train) + len(self.validation) + len(self.test)


def sorted_rows(rows: Any, what: str, repeated: bool = False) -> np.ndarray:
    """Row indices, sorted, each once, and read-only. (m,) intp.

    Raises
    ------
    InputError
        If they are no whole numbers from 0, or one stands twice unless ``repeated``.
    """
    array = np.asarray(rows)
    if array.ndim == 1 and array.size == 0:
        array = array.astype(np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"{what} is an array of shape {array.shape} and dtype {array.dtype}",
            "a list of row indices (whole numbers)",
            "Give np.flatnonzero(mask) in place of a mask.",
        )
    array = array.astype(np.intp)
    array = np.unique(array) if repeated else np.sort(array)
    if array.size and array[0] < 0:
        raise InputError(f"{what} holds the row {array[0]}", "row indices from 0")
    double = array[1:][array[1:] == array[:-1]]
    if double.size:
        raise InputError(f"{what} holds the row {double[0]} twice", "each row once")
    array.flags.writeable = False
    return array
