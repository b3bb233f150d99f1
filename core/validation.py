"""The one door for arrays: shape, finiteness and type are checked where data enters."""

from __future__ import annotations

import functools
import re
import stat
from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path
from tokenize import TokenError
from typing import Any, NoReturn
from zipfile import BadZipFile

import numpy as np

from core.errors import CorruptDataError, InputError
from core.words import counted

BLOCK_ELEMENTS = 1_000_000
TILE = 256
LARGEST, LARGER_UNIT = 1e15, "Use a larger unit of measurement."
LARGEST_SINGLE = float(np.finfo(np.float32).max)
# Rounding that is no more than this share of what differs, and on how many numbers it is seen.
HARMLESS = 3e-7
LOOKED_AT, FEWEST_ROWS = 1_000_000, 64
FORMATS = {
    b"\x89HDF": "an HDF5 file, as MATLAB 7.3 saves too",
    b"MATLAB": "a MATLAB file",
    b"\x1f\x8b": "a gzip archive",
}
KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}
# What numpy says of files that hold less than their header announces.
CUT = ("mmap length", "could only read", "Failed to read all data", "EOF", "bytes got")
# What numpy raises on truncated, garbled and oversized headers.
NPY_ERRORS = (ValueError, OSError, EOFError, SyntaxError, TokenError, BadZipFile, MemoryError)
# What str.splitlines breaks a line at, and tabulators; those around them go along.
_BREAKS = re.compile(r"\s*[\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029]\s*")


def row_blocks(n_rows: int, row_elements: int) -> Iterator[slice]:
    """Slices of rows that hold about ``BLOCK_ELEMENTS`` elements each."""
    step = max(1, BLOCK_ELEMENTS // max(1, row_elements))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def check_responses(
    responses: Any, name: str = "responses", minimum_rows: int = 2, ids: Sequence[str] = ()
) -> np.ndarray:
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
    ids : sequence of str
        What messages call the rows; their numbers where there are none.

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
        _check_finite(array[block], name, block.start, ids)
    return array


def complete_rows(rows: Any) -> np.ndarray:
    """Rows that lack a value made NaN throughout, as ``check_responses`` takes missing ones.

    Profiles over regions lack the regions in which a trial was lost. Whatever is no matrix of
    floats comes back as it is, and so do infinite values, for ``check_responses`` to refuse.
    """
    rows = np.asarray(rows)
    if rows.ndim != 2 or rows.dtype.kind != "f":
        return rows
    with np.errstate(all="ignore"):
        suspects = np.flatnonzero(np.isnan(rows.sum(axis=1)))
    is_missing = np.isnan(rows[suspects])
    is_partial = is_missing.any(axis=1) & ~is_missing.all(axis=1)
    partial = suspects[is_partial & ~np.isinf(rows[suspects]).any(axis=1)]
    if len(partial):
        rows = rows.copy()
        rows[partial] = np.nan
    return rows


def check_rdm(matrix: Any, name: str = "RDM", ids: Sequence[str] = ()) -> np.ndarray:
    """Check a dissimilarity matrix: square, symmetric, zero diagonal; NaN marks missing pairs.

    Messages call rows by ``ids``, by their numbers where there are none.

    Returns
    -------
    np.ndarray of shape (n, n)
        float32; float64 where that would lose what differs beside a large offset.
    """
    array = np.asarray(matrix)
    _check_shape(array, name)
    array = _in_precision(array)
    beyond = np.argwhere(np.abs(array) > LARGEST_SINGLE)
    if len(beyond):
        i, j = beyond[0]
        at = f"at [{_called(i, ids)}, {_called(j, ids)}]"
        refuse_beyond_single(float(np.asarray(matrix)[i, j]), name, at)
    _check_symmetric(array, name, ids)
    np.fill_diagonal(array, 0.0)
    return array


def check_square(matrix: np.ndarray, name: str = "RDM", ids: Sequence[str] = ()) -> None:
    """Check shape, type, symmetry and diagonal as ``check_rdm`` does, without a copy.

    One pass in tiles that stay in the cache, for what is compared thousands of times.
    """
    _check_shape(matrix, name)
    _check_symmetric(matrix, name, ids)


def _check_shape(array: np.ndarray, name: str) -> None:
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] < 2:
        raise InputError(f"{name} has the shape {array.shape}", "a square matrix (n, n), n >= 2")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} has the dtype {array.dtype}", "real numbers")


def _check_symmetric(array: np.ndarray, name: str, ids: Sequence[str]) -> None:
    """Refuse values that differ across the diagonal, or stand on it, by more than rounding."""
    diagonal = np.diagonal(array)
    rounding = 0.0
    for row in range(0, len(array), TILE):
        for column in range(row, len(array), TILE):
            upper = array[row : row + TILE, column : column + TILE]
            lower = array[column : column + TILE, row : row + TILE].T
            if (upper == lower).all():
                continue
            rounding = rounding or 1e-5 * _scale(array) + 1e-12
            apart = np.argwhere(~np.isclose(upper, lower, atol=rounding, equal_nan=True))
            if len(apart):
                i, j = apart[0] + (row, column)
                raise InputError(
                    f"{name} is not symmetric: [{_called(i, ids)}, {_called(j, ids)}] is "
                    f"{array[i, j]:g}, [{_called(j, ids)}, {_called(i, ids)}] {array[j, i]:g}",
                    "the same value on both sides of the diagonal",
                )
    on_diagonal = np.nanmax(np.abs(diagonal), initial=0.0)
    if on_diagonal > 0 and on_diagonal > 1e-5 * _scale(array):
        worst = int(np.nanargmax(np.abs(diagonal)))
        at = _called(worst, ids)
        raise InputError(f"{name} has {diagonal[worst]:g} at [{at}, {at}]", "a zero diagonal")


def _scale(array: np.ndarray) -> float:
    """The largest size of a value, without a copy of the whole."""
    blocks = (array[rows] for rows in row_blocks(*array.shape))
    return max(float(np.nanmax(np.abs(block), initial=0.0)) for block in blocks)


def fits_single(rows: np.ndarray | StoredRows, harmless: float = HARMLESS) -> bool:
    """Whether single precision keeps what differs within the rows and within the columns.

    An offset that is large beside the differences takes their digits: 1e6 + 0.1 has none of
    them left. Compared is the rounding error (root mean square) of each row and column with
    its standard deviation; NaN entries are left out, and of a large array a part is looked at.

    Parameters
    ----------
    rows : np.ndarray of shape (n, d)
        Any real numbers, may be memory-mapped.
    harmless : float
        The largest share of the standard deviation that may be lost.
    """
    if np.can_cast(rows.dtype, np.float32):
        return True
    step = min(len(rows) // FEWEST_ROWS, rows.size // LOOKED_AT)
    sample = np.asarray(rows[:: max(1, step)], dtype=np.float64)
    if _surely_fits_single(sample, harmless):
        return True
    defined = np.isfinite(sample)
    sample = np.where(defined, sample, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        error = sample - sample.astype(np.float32)
        for axis in (0, 1):
            count = np.maximum(defined.sum(axis=axis, keepdims=True), 1)
            mean = sample.sum(axis=axis, keepdims=True) / count
            apart = np.where(defined, sample - mean, 0.0)
            lost, spread = (np.square(x).sum(axis=axis) for x in (error, apart))
            # A spread that double precision does not resolve either is rounding alone.
            varies = spread > np.square(1e-14 * mean).ravel() * count.ravel()
            if (lost > harmless**2 * spread)[varies].any():
                return False
    return True


def _surely_fits_single(rows: np.ndarray, harmless: float) -> bool:
    """Whether the largest rounding error possible is harmless: four sums say so of most rows."""
    with np.errstate(over="ignore", invalid="ignore"):
        for axis, squares in enumerate(("ij,ij->j", "ij,ij->i")):
            power = np.einsum(squares, rows, rows)
            spread = power - np.square(rows.sum(axis=axis)) / rows.shape[axis]
            # Within these bounds the error is relative, and at most half of the last digit.
            is_usual = (power > 1e-60) & (power < 1e70)
            if not (is_usual & (2.0**-48 * power <= 0.5 * harmless**2 * spread)).all():
                return False
    return True


def narrowed(rows: np.ndarray) -> np.ndarray:
    """Rows (n, d) in single precision, or in double where ``fits_single`` says that it matters."""
    return rows.astype(np.float32 if fits_single(rows) else np.float64, copy=False)


def refuse_beyond_single(value: float, name: str, place: str) -> NoReturn:
    """Raise InputError for a value that is infinite, or becomes so in single precision."""
    if np.isinf(value):
        raise InputError(f"{name} holds an infinite value {place}", "finite values, NaN if missing")
    raise InputError(
        f"{name} holds {value:.3g} {place}, which is infinite in single precision",
        f"at most {LARGEST_SINGLE:.2g}",
        LARGER_UNIT,
    )


def _in_precision(matrix: np.ndarray) -> np.ndarray:
    """A copy of a matrix in the precision that what differs off its diagonal needs."""
    if np.can_cast(matrix.dtype, np.float32):
        return matrix.astype(np.float32)
    kept = matrix.astype(np.float64)
    diagonal = np.diagonal(kept).copy()
    np.fill_diagonal(kept, np.nan)
    # Pairs are compared with all others, so that they count as one row; 1 - r lies around 1,
    # some ten standard deviations from 0.
    single = fits_single(kept.reshape(1, -1)[:, :: max(1, kept.size // LOOKED_AT)], 10 * HARMLESS)
    np.fill_diagonal(kept, diagonal)
    with np.errstate(over="ignore"):
        return kept.astype(np.float32) if single else kept


def check_same_length(length: int, expected: int, what: str, against: str) -> None:
    """Raise InputError unless both lists have one length."""
    if length != expected:
        raise InputError(
            f"{what} has {counted(length, 'row')}, {against} has {expected}",
            "one row for each",
            "Check that both come from the same session list.",
        )


def check_unique(ids: Sequence[str], what: str) -> None:
    """Raise InputError naming the ids that occur more than once."""
    if len(set(map(str, ids))) == len(ids):
        return
    values, counts = np.unique(np.asarray(ids, dtype=object).astype(str), return_counts=True)
    double = values[counts > 1]
    if len(double):
        raise InputError(
            f"{what} has {counted(len(double), 'duplicate id')}: {enumerate_names(double)}",
            "each id once",
            "Give repeats of a stimulus as rows of the trial list, not of the stimulus list.",
        )


@functools.lru_cache(maxsize=10_000)  # columns of names repeat a few
def one_line(text: str) -> str:
    """Text on one line: whatever breaks a line, or tabulates, is a space. Other spaces stay."""
    return _BREAKS.sub(" ", text).strip()


def check_regular(path: Path) -> None:
    """Raise InputError where a path is no file: a pipe would be waited for without end.

    Nothing happens where there is none.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode):
        kind = next((name for is_kind, name in KINDS.items() if is_kind(mode)), "no file")
        raise InputError(
            f"{path.parent.name}/{path.name} is {kind}",
            "a file",
            "Remove it, or put the file in its place.",
        )


def load_npy(path: Path, mmap: bool = False) -> np.ndarray:
    """Load a ``.npy`` file without ever unpickling.

    Raises
    ------
    CorruptDataError
        If the file needs pickle, is truncated or is no ``.npy`` file.
    InputError
        If it is a folder, a pipe or the like.
    """
    check_regular(path)
    try:
        array: np.ndarray = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    except NPY_ERRORS as error:
        needs_pickle = any(
            word in str(error) for word in ("allow_pickle", "Python objects", "Object arrays")
        )
        other = _other_format(path)
        raise CorruptDataError(
            f"{path.name} is {other}, whatever its name says"
            if other
            else f"{path.name} holds Python objects and would need pickle, which can run code"
            if needs_pickle
            else f"{path.name} could not be read as a .npy file ({_reason(path, error)})",
            "a .npy file of numbers",
            "Save it again with numpy.save from a numeric array.",
        ) from None
    if not isinstance(array, np.ndarray):
        raise CorruptDataError(f"{path.name} is an archive of arrays", "one .npy array")
    return array


def _reason(path: Path, error: Exception) -> str:
    """Why a file could not be read; numpy's own words name memory maps and syntax trees."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, MemoryError):
        return "it says that it holds more than fits into the memory"
    if path.stat().st_size == 0:
        return "it is empty"
    is_cut = any(words in str(error) for words in CUT)
    return "it ends before its array does" if is_cut else "it is damaged"


class StoredRows:
    """Rows of a ``.npy`` file, read when they are asked for.

    What a map of a file would show, without its end: where the file becomes shorter a map ends
    the process, and this raises CorruptDataError.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    shape, dtype, ndim, size
        As those of an array.
    is_by_column : bool
        Whether column follows column (Fortran order); the rows are then gathered.

    Raises
    ------
    CorruptDataError
        As ``load_npy``.
    """

    def __init__(self, path: Path) -> None:
        mapped: Any = load_npy(path, mmap=True)  # its header alone is read
        self._path, self._start = path, mapped.offset
        self.shape: tuple[int, ...] = mapped.shape
        self.dtype: np.dtype[Any] = mapped.dtype
        self.ndim, self.size = mapped.ndim, mapped.size
        self.is_by_column = mapped.flags.f_contiguous and not mapped.flags.c_contiguous

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Some rows (k, ...), a slice of them."""
        start, stop, step = rows.indices(len(self))
        stop = max(start, stop)
        with open(self._path, "rb", buffering=0) as file:
            if self.is_by_column:
                n, columns = self.shape
                read = [self._read(file, n * i + start, stop - start) for i in range(columns)]
                return np.stack(read, axis=1)[::step]
            width = self.size // len(self)
            if step == 1:
                values = self._read(file, start * width, (stop - start) * width)
            else:
                each = [self._read(file, row * width, width) for row in range(start, stop, step)]
                values = np.concatenate(each) if each else np.empty(0, self.dtype)
        return values.reshape(-1, *self.shape[1:])

    def transposed(self) -> StoredRows:
        """The transpose of what lies column by column, which lies row by row."""
        other = copy(self)
        other.shape, other.is_by_column = self.shape[::-1], False
        return other

    def _read(self, file: Any, first: int, count: int) -> np.ndarray:
        file.seek(self._start + first * self.dtype.itemsize)
        values = np.fromfile(file, self.dtype, count)
        if len(values) < count:
            raise CorruptDataError(
                f"{self._path.name} has become shorter while it was read",
                f"an array of the shape {self.shape}",
                "Put the whole file there.",
            )
        return values


def _other_format(path: Path) -> str:
    """What the first bytes of a file say that it is, '' where that is NumPy's or a pickle."""
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError:
        return ""
    for begin, what in FORMATS.items():
        if head.startswith(begin):
            return what
    is_known = not head or b"\x93NUMPY".startswith(head[:6]) or head.startswith(b"\x80")
    return "" if is_known else "a file of another format"


def enumerate_names(names: Sequence[Any] | np.ndarray, limit: int = 8) -> str:
    """Name the first few, count the rest: 'a, b, c and 4 more'."""
    shown = ", ".join(str(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def _check_finite(block: np.ndarray, name: str, first_row: int, ids: Sequence[str]) -> None:
    with np.errstate(over="ignore"):
        is_complete = bool(np.isfinite(block.sum(dtype=np.float64)))
    if is_complete:
        largest = max(float(block.max()), -float(block.min()))
    else:
        finite = np.isfinite(block)
        largest = float(np.abs(block).max(where=finite, initial=0.0))
    if largest > LARGEST:
        raise InputError(
            f"{name} holds values up to {largest:.3g}", f"at most {LARGEST:g}", LARGER_UNIT
        )
    if is_complete:
        return
    infinite = np.argwhere(np.isinf(block))
    if len(infinite):
        row, unit = infinite[0]
        raise InputError(
            f"{name} holds infinite values, the first at {_row(first_row + row, ids)}, unit {unit}",
            "finite numbers; NaN marks a missing response",
        )
    partial = np.flatnonzero(finite.any(axis=1) & ~finite.all(axis=1))
    if len(partial):
        raise InputError(
            f"{name} holds NaN in part of {counted(len(partial), 'row')}: "
            f"{enumerate_names([_called(first_row + int(row), ids) for row in partial])}",
            "rows that are finite, or NaN throughout where the response is missing",
            "Leave out the columns concerned, or the rows: core.validation.complete_rows makes "
            "them NaN throughout.",
        )


def _called(row: int, ids: Sequence[str]) -> str:
    return ids[row] if row < len(ids) else str(row)


def _row(row: int, ids: Sequence[str]) -> str:
    return f"row {row} ({ids[row]!r})" if row < len(ids) else f"row {row}"
