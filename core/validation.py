"""The one door for arrays: shape, finiteness and type are checked where data enters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np

from core.errors import CorruptDataError, InputError

BLOCK_ELEMENTS = 1_000_000
LARGEST = 1e15
# What numpy raises on truncated, garbled and oversized headers.
NPY_ERRORS = (ValueError, OSError, EOFError, SyntaxError, TokenError, BadZipFile, MemoryError)


def row_blocks(n_rows: int, row_elements: int) -> Iterator[slice]:
    """Slices of rows that hold about ``BLOCK_ELEMENTS`` elements each."""
    step = max(1, BLOCK_ELEMENTS // max(1, row_elements))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def check_responses(responses: Any, name: str = "responses", minimum_rows: int = 2) -> np.ndarray:
    """Check a response matrix; a row that is NaN throughout marks a missing response.

    Parameters
    ----------
    responses : array_like of shape (n, v)
        Real numbers. float64 is kept, and wide integers become it, so that large
        offsets can be removed before the precision is reduced.
    name : str
        How messages call the array.
    minimum_rows : int
        The fewest rows that make sense.

    Returns
    -------
    np.ndarray of shape (n, v), float32 or float64

    Raises
    ------
    InputError
        If the array is not 2-D, not real, too short, or holds infinite values
        or NaN in a row that is not NaN throughout.
    """
    array = np.asarray(responses)
    if array.ndim != 2 or array.shape[0] < minimum_rows or array.shape[1] < 1:
        raise InputError(
            f"{name} has the shape {array.shape}",
            f"(n stimuli, v response units) with n of at least {minimum_rows} and v of at least 1",
        )
    if array.dtype.kind in "biu":
        array = array.astype(np.float32 if array.dtype.itemsize <= 2 else np.float64)
    if array.dtype.kind != "f":
        raise InputError(f"{name} has the dtype {array.dtype}", "real numbers (float32 or float64)")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    for block in row_blocks(*array.shape):
        _check_finite(array[block], name, block.start)
    return array


def complete_rows(rows: np.ndarray) -> np.ndarray:
    """Rows that lack a value made NaN throughout, as ``check_responses`` takes missing ones."""
    return np.where(np.isfinite(rows).all(axis=1)[:, None], rows, np.float32(np.nan))


def check_rdm(matrix: Any, name: str = "RDM") -> np.ndarray:
    """Check a dissimilarity matrix: square, symmetric, zero diagonal; NaN marks missing pairs.

    Returns
    -------
    np.ndarray of shape (n, n), float32
    """
    array = np.asarray(matrix)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] < 2:
        raise InputError(f"{name} has the shape {array.shape}", "a square matrix (n, n), n >= 2")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} has the dtype {array.dtype}", "real numbers")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if np.isinf(array).any():
        raise InputError(f"{name} holds infinite values", "finite values, NaN where missing")
    scale = float(np.nanmax(np.abs(array), initial=0.0))
    if not np.allclose(array, array.T, atol=1e-5 * scale + 1e-12, equal_nan=True):
        i, j = np.argwhere(~np.isclose(array, array.T, atol=1e-5 * scale, equal_nan=True))[0]
        raise InputError(
            f"{name} is not symmetric: [{i}, {j}] is {array[i, j]:g}, [{j}, {i}] {array[j, i]:g}",
            "the same value on both sides of the diagonal",
        )
    diagonal = np.diagonal(array)
    if np.nanmax(np.abs(diagonal), initial=0.0) > 1e-5 * scale:
        worst = int(np.nanargmax(np.abs(diagonal)))
        raise InputError(f"{name} has {diagonal[worst]:g} at [{worst}, {worst}]", "a zero diagonal")
    np.fill_diagonal(array, 0.0)
    return array


def check_same_length(length: int, expected: int, what: str, against: str) -> None:
    """Raise InputError unless both lists have one length."""
    if length != expected:
        raise InputError(
            f"{what} has {length} rows, {against} has {expected}",
            "one row for each",
            "Check that both come from the same session list.",
        )


def check_unique(ids: Sequence[str], what: str) -> None:
    """Raise InputError naming the ids that occur more than once."""
    values, counts = np.unique(np.asarray(ids, dtype=object).astype(str), return_counts=True)
    double = values[counts > 1]
    if len(double):
        raise InputError(
            f"{what} has {len(double)} duplicate ids: {enumerate_names(double)}",
            "each id once",
            "Give repeats of a stimulus as rows of the trial list, not of the stimulus list.",
        )


def load_npy(path: Path, mmap: bool = False) -> np.ndarray:
    """Load a ``.npy`` file without ever unpickling.

    Raises
    ------
    CorruptDataError
        If the file needs pickle, is truncated or is no ``.npy`` file.
    """
    try:
        array: np.ndarray = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    except NPY_ERRORS as error:
        needs_pickle = any(
            word in str(error) for word in ("allow_pickle", "Python objects", "Object arrays")
        )
        raise CorruptDataError(
            f"{path.name} holds Python objects and would need pickle, which can run code"
            if needs_pickle
            else f"{path.name} could not be read as a .npy file ({error})",
            "a .npy file of numbers",
            "Save it again with numpy.save from a numeric array.",
        ) from None
    if not isinstance(array, np.ndarray):
        raise CorruptDataError(f"{path.name} is an archive of arrays", "one .npy array")
    return array


def enumerate_names(names: Sequence[Any] | np.ndarray, limit: int = 8) -> str:
    """Name the first few, count the rest: 'a, b, c and 4 more'."""
    shown = ", ".join(str(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def _check_finite(block: np.ndarray, name: str, first_row: int) -> None:
    if np.isfinite(block.sum(dtype=np.float64)):
        largest = np.abs(block).max()
        if largest > LARGEST:
            raise InputError(
                f"{name} holds values up to {largest:.3g}",
                f"at most {LARGEST:g}",
                "Use a larger unit of measurement.",
            )
        return
    finite = np.isfinite(block)
    infinite = np.argwhere(np.isinf(block))
    if len(infinite):
        row, unit = infinite[0]
        raise InputError(
            f"{name} holds infinite values, the first at row {first_row + row}, unit {unit}",
            "finite numbers; NaN marks a missing response",
        )
    partial = np.flatnonzero(finite.any(axis=1) & ~finite.all(axis=1))
    if len(partial):
        raise InputError(
            f"{name} holds NaN in part of {len(partial)} rows: "
            f"{enumerate_names(partial + first_row)}",
            "rows that are finite, or NaN throughout where the response is missing",
            "Leave out the units or the rows concerned.",
        )
