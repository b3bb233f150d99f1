"""An RDM of any size in bands of whole rows, and written so to a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core import store
from core.datasets.download.space import size_text
from core.errors import InputError, NeurogalleryError
from core.memory import check_memory
from core.progress import Progress, silent
from core.rdm.metrics import METRICS, Metric, Prepared
from core.validation import check_responses

# Bytes of the rows that are held at once; as high are the tiles that they are computed in.
BAND_BYTES = 2**28
LEAST_ROWS, MOST_ROWS = 64, 1024
MARGIN_BYTES = 200 * 10**6


class MatrixFacts(NamedTuple):
    """What an RDM amounts to: pairs with a value, their range and mean, and rows without any.

    ``minimum``, ``maximum`` and ``mean`` are None where no pair has a value. ``missing`` (k,) int
    are rows that hold no value off the diagonal.
    """

    n: int
    pairs: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    missing: np.ndarray


def describe(n: int, dtype: str) -> str:
    """Size of an RDM in words, e.g. '73,000 x 73,000 float32, 21.3 GB'."""
    return f"{n:,} x {n:,} {dtype}, {size_text(n * n * np.dtype(dtype).itemsize)}"


def write_rdm(
    responses: Any,
    path: Path | None,
    metric: str = "correlation",
    dtype: str = "float32",
    progress: Progress = silent,
) -> MatrixFacts:
    """Compute an RDM band by band, into a ``.npy`` file, without ever holding all of it.

    Held are the responses twice and a band of some 256 MiB. Other processes see the file whole or
    not at all: it is written under another name and renamed.

    Parameters
    ----------
    responses : array_like of shape (n, v)
        Rows that are NaN throughout are missing.
    path : Path or None
        None where the facts alone are wanted.
    metric : str
        Any metric that needs no folds.
    dtype : {'float32', 'float16'}
        float16 keeps three digits: an error of at most 0.0005 for 1 - r.
    progress : Progress

    Returns
    -------
    MatrixFacts
        Of the values in float32. The file is symmetric with a zero diagonal, and within 1e-6 of
        ``rdm.compute``, as that is of float64.

    Raises
    ------
    InputError
        If the metric needs folds, the memory does not suffice, or float16 cannot hold a value.
    NeurogalleryError
        If the disk has too little space, or the file cannot be written.
    """
    method = METRICS[metric]
    if method.needs_folds:
        raise InputError(f"{metric} needs the whole matrix at once", remedy="Take fewer stimuli.")
    responses = check_responses(responses)
    n, v = responses.shape
    method.check_units(v)
    needed = 4.0 * n * v + 3.0 * BAND_BYTES
    check_memory(needed, f"A band of an RDM of {n:,} stimuli", "Take fewer units.")
    if path is not None:
        check_space_for(path, n, dtype)
    tally = Tally(n)
    bands = row_bands(method, method.prepare(responses), progress)
    if path is None:
        for rows, band in bands:
            tally.add(rows, band)
        return tally.facts()
    with store.replacing(path) as part, open(part, "xb") as file:
        # A map of the file would end the process on a full disk.
        header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (n, n)}
        np.lib.format.write_array_header_1_0(file, header)
        for rows, band in bands:
            tally.add(rows, band)
            file.write(as_dtype(band, dtype).data)
    return tally.facts()


def check_space_for(path: Path, n: int, dtype: str) -> None:
    """Raise NeurogalleryError unless the disk has room for an RDM of n stimuli."""
    needed = n * n * np.dtype(dtype).itemsize
    free = shutil.disk_usage(path.absolute().parent).free
    if needed + MARGIN_BYTES > free:
        raise NeurogalleryError(
            f"{size_text(free)} are free at {path.absolute().parent}",
            f"{size_text(needed)} for an RDM of {describe(n, dtype)}",
            "Free space, name a file on another disk, or take float16 or fewer stimuli.",
        )


def as_dtype(values: np.ndarray, dtype: str) -> np.ndarray:
    """Values in the precision of a file; InputError where float16 is too small for them."""
    with np.errstate(over="ignore"):
        stored = values.astype(dtype, copy=False)
    if dtype == "float16" and np.isinf(stored).any():
        raise InputError(
            f"The RDM holds {np.nanmax(values):.3g}",
            "at most 65,504 for float16",
            "Take float32, or give the responses in a larger unit.",
        )
    return stored


def row_bands(
    method: Metric, prepared: Prepared, progress: Progress = silent
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (rows, values) of an RDM from its first row on, values of shape (rows, n), float32.

    A tile and the one across the diagonal are one product, computed twice: the matrix is
    symmetric to the last bit, and a file is written from its begin to its end.
    """
    n = len(prepared.rows)
    height = min(max(LEAST_ROWS, BAND_BYTES // (4 * n)), MOST_ROWS)
    tiles = [slice(start, min(start + height, n)) for start in range(0, n, height)]
    for rows in tiles:
        band = np.empty((rows.stop - rows.start, n), dtype=np.float32)
        for columns in tiles:
            if columns.start >= rows.start:
                band[:, columns] = method.panel(prepared, rows, columns)
            else:
                band[:, columns] = method.panel(prepared, columns, rows).T
        square = band[:, rows]
        below = np.tril_indices(len(band), -1)
        square[below] = square.T[below]
        band[prepared.undefined[rows]] = np.nan
        band[:, prepared.undefined] = np.nan
        np.fill_diagonal(square, 0.0)
        yield rows, band
        progress(rows.stop / n, f"{rows.stop:,} of {n:,} rows")


class Tally:
    """Collects the facts of a matrix from its bands."""

    def __init__(self, n: int) -> None:
        self._n, self._pairs, self._total = n, 0, 0.0
        self._low, self._high = np.inf, -np.inf
        self._missing: list[int] = []

    def add(self, rows: slice, band: np.ndarray) -> None:
        for place, row in enumerate(range(rows.start, rows.stop)):
            values = band[place]
            if np.isfinite(values).sum() <= 1:  # its diagonal
                self._missing.append(row)
            upper = values[row + 1 :]
            upper = upper[np.isfinite(upper)]
            if len(upper):
                self._pairs += len(upper)
                self._low = min(self._low, float(upper.min()))
                self._high = max(self._high, float(upper.max()))
                self._total += float(upper.sum(dtype=np.float64))

    def facts(self) -> MatrixFacts:
        missing = np.array(self._missing, dtype=np.intp)
        if not self._pairs:
            return MatrixFacts(self._n, 0, None, None, None, missing)
        mean = self._total / self._pairs
        return MatrixFacts(self._n, self._pairs, self._low, self._high, mean, missing)
