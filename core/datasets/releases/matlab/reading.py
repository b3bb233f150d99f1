"""MATLAB files of any version as plain Python: arrays, text, lists of cells, dicts of structs."""

from __future__ import annotations

import io
import math
import warnings
import zlib
from collections.abc import Collection
from pathlib import Path
from struct import error as struct_error
from typing import Any

import numpy as np
from numpy.exceptions import ComplexWarning

from core.datasets.releases.matlab.tags import Checked, checked
from core.datasets.releases.matlab.version73 import (
    EXPECTED,
    NUMBERS,
    OTHERS,
    MatValue,
    as_list,
    as_structs,
    as_text,
    read_variables,
    refused,
)
from core.errors import CorruptDataError, NeurogalleryError, NotFoundError
from core.memory import check_memory
from core.store.stamps import enter

# What scipy.io.loadmat raises on truncated, overwritten and newer files beside its own
# MatReadError, found by trying.
MAT_ERRORS = (
    zlib.error,
    OSError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    NotImplementedError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
    struct_error,
    ComplexWarning,
)
SIGNATURE, USER_BLOCK = b"\x89HDF\r\n\x1a\n", 512


def read_mat(path: Path, names: Collection[str] | None = None) -> dict[str, MatValue]:
    """Read variables of a MATLAB file, of v4 to v7.2 or of v7.3 (HDF5).

    Parameters
    ----------
    path : Path
    names : collection of str, optional
        Only these are read, and given where they are there; every one where None is given.

    Returns
    -------
    dict
        By name: arrays with the axes that MATLAB shows (two at least), doubles as float64 and
        logicals as bool; text as str (a list of str where it has several rows); cells as
        lists (of rows where they have rows and columns); structs as dicts, or as a list of
        dicts where there are several.

    Raises
    ------
    NotFoundError
        If there is no such file.
    CorruptDataError
        If it is no MATLAB file or is damaged, or if one of these is a function handle, an
        object, a table, sparse or complex.
    InputError
        If it claims more than the free memory.
    """
    from scipy.io.matlab import MatReadError, matfile_version

    if not path.is_file():
        raise NotFoundError(f"There is no {path.name} in {path.parent}", "a MATLAB file")
    enter(path)
    try:
        with open(path, "rb") as file:
            head = file.read(USER_BLOCK + len(SIGNATURE))
        if SIGNATURE in (head[: len(SIGNATURE)], head[USER_BLOCK:]):
            return read_variables(path, names)
        is_v5 = matfile_version(path)[0] == 1
        known = checked(path, names) if is_v5 else Checked(path, _wanted(path, names), {})
        rest = [name for name in known.names if name not in known.arrays]
        stored = _stored(known.source, rest) if rest else {}
        return {
            name: known.arrays[name] if name in known.arrays else _plain(stored[name], path, name)
            for name in known.names
        }
    except NeurogalleryError:
        raise
    except (MatReadError, *MAT_ERRORS) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CorruptDataError(
            f"{path.name} could not be read ({reason})", EXPECTED, "Download it again."
        ) from None


def row(values: MatValue) -> np.ndarray:
    """The values of a vector, which MATLAB stores as 1 x N or N x 1. (N,)

    Raises
    ------
    CorruptDataError
        If it is a matrix.
    """
    array = np.asarray(values)
    if array.size > max(array.shape, default=1):
        raise CorruptDataError(f"A MATLAB array has the shape {array.shape}", "a vector, 1 x N")
    return array.reshape(-1)


def item(values: MatValue) -> Any:
    """The value of an array or a cell that holds one; text and structs as they are.

    Raises
    ------
    CorruptDataError
        If it holds several or none.
    """
    if isinstance(values, (str, dict)):
        return values
    count = len(values) if isinstance(values, list) else values.size
    if count != 1:
        raise CorruptDataError(f"A MATLAB array or cell holds {count} values", "a single value")
    return values[0] if isinstance(values, list) else values.item()


def _stored(source: Path | io.BytesIO, names: list[str]) -> dict[str, Any]:
    from scipy.io import loadmat

    with warnings.catch_warnings():
        # With `mat_dtype`, by which logicals are bool, scipy drops imaginary parts.
        warnings.simplefilter("error", ComplexWarning)
        return dict(loadmat(source, variable_names=names, mat_dtype=True))


def _wanted(path: Path, names: Collection[str] | None) -> list[str]:
    """Variables of a v4 file to read, by their headers alone: numbers and text, not too large."""
    from scipy.io import whosmat

    selected = []
    for name, shape, kind in whosmat(path):
        if names is None or name in names:
            if kind not in (*NUMBERS, *OTHERS):
                raise refused(path, name, kind)
            size = math.prod(shape) * np.dtype(NUMBERS["double"]).itemsize
            check_memory(size, f"{name} of {path.name}, {shape}", "Check the file.")
            selected.append(name)
    return selected


def _plain(value: Any, path: Path, name: str) -> MatValue:
    """What scipy read, as plain Python."""
    if type(value) is not np.ndarray:
        raise refused(path, name, type(value).__name__)
    if value.dtype.kind == "U":
        return as_text([str(line) for line in value.ravel()])
    if value.dtype.names:
        fields = value.dtype.names
        return as_structs(
            [{f: _plain(each[f], path, f"{name}.{f}") for f in fields} for each in value.ravel()]
        )
    if value.dtype.hasobject:
        cells = np.empty(value.shape, dtype=object)
        for place, cell in np.ndenumerate(value):
            # A struct without fields arrives as None.
            cells[place] = {} if cell is None else _plain(cell, path, f"{name}{{…}}")
        return as_list(cells)
    return value.astype(value.dtype.newbyteorder("="), copy=False)
