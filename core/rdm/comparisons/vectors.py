"""RDMs as vectors: the cells above the diagonal, row by row, checked in one pass."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.errors import InputError
from core.memory import check_memory
from core.validation import LARGEST_SINGLE, check_square, refuse_beyond_single

FEWEST_STIMULI, FEWEST_PAIRS = 4, 2
# Bytes that need no question; asking takes as long as comparing 90 stimuli.
SURELY_FREE = 4 * 2.0**20
# Cells taken at once: they stay in the cache, and BLAS sets no second thread on so few.
BLOCK_CELLS = 8_192
CONDENSED = "n (n - 1) / 2 values, the cells above the diagonal of n stimuli"


def condense(matrix: Any, name: str = "RDM") -> np.ndarray:
    """Check an RDM and give its cells above the diagonal, in the order of scipy's squareform.

    Parameters
    ----------
    matrix : array_like of shape (n, n) or (p,)
        Symmetric (to rounding) with a zero diagonal, or condensed already. NaN marks missing
        cells.
    name : str
        How messages call it.

    Returns
    -------
    np.ndarray of shape (p,), float64
        p = n (n - 1) / 2. A condensed float64 vector comes back as it is.

    Raises
    ------
    InputError
        On another shape, fewer than 4 stimuli, a matrix that is not symmetric or has a
        diagonal, infinite values, or text.
    """
    array = check_form(matrix, name)
    if array.ndim == 2:
        array = square(array)
    vector = array.astype(np.float64, copy=False)
    _check_range(vector, name)
    return vector


def check_form(matrix: Any, name: str = "RDM") -> np.ndarray:
    """Check an RDM as ``condense`` does, but for infinite values; nothing is copied.

    Returns
    -------
    np.ndarray of shape (n, n) or (p,)
        The RDM itself.
    """
    array = np.asarray(matrix)
    if array.ndim == 1:
        stimuli = count_stimuli(len(array), name)
        if array.dtype.kind not in "biuf":
            raise InputError(f"{name} has the dtype {array.dtype}", "real numbers")
    else:
        check_square(array, name)
        stimuli = len(array)
    if stimuli < FEWEST_STIMULI:
        raise InputError(
            f"{name} is of {stimuli} stimuli", f"at least {FEWEST_STIMULI}: fewer say nothing"
        )
    return array


def paired_blocks(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the same cells above the diagonal of two checked RDMs, some rows at a time.

    Both arrays, float64, are overwritten by the next: memory that is new for every comparison
    would take longer than what is done with it.
    """
    n = stimuli_of(a)
    buffers = np.empty((2, max(BLOCK_CELLS, n)))
    row = start = 0
    while row < n - 1:
        size, first = 0, row
        while row < n - 1 and (row == first or size + n - 1 - row <= BLOCK_CELLS):
            size += n - 1 - row
            row += 1
        for rdm, buffer in zip((a, b), buffers, strict=True):
            if rdm.ndim == 1:
                buffer[:size] = rdm[start : start + size]
                continue
            place = 0
            for i in range(first, row):
                buffer[place : place + n - 1 - i] = rdm[i, i + 1 :]
                place += n - 1 - i
        yield buffers[0, :size], buffers[1, :size]
        start += size


def condense_all(rdms: Sequence[Any] | np.ndarray, names: str = "RDM") -> np.ndarray:
    """Condensed RDMs of the same stimuli, one a row. (k, p) float64

    Parameters
    ----------
    rdms : sequence of array_like, each as ``condense`` takes it
        Also an array (k, n, n), or (k, p).
    names : str
        Of one of them; its number follows.

    Raises
    ------
    InputError
        As of ``condense``, and where sizes differ.
    """
    if isinstance(rdms, np.ndarray) and rdms.ndim < 2:
        raise InputError(f"The {names}s have the shape {rdms.shape}", "a sequence of RDMs")
    if len(rdms) == 0:
        raise InputError(f"There is no {names}", "at least one")
    vectors: np.ndarray | None = None
    for number, matrix in enumerate(rdms):
        vector = condense(matrix, f"{names} {number}")
        if vectors is None:
            vectors = np.empty((len(rdms), len(vector)))
        check_same_stimuli(vector, vectors[0], f"{names} {number}", f"{names} 0")
        vectors[number] = vector
    return np.asarray(vectors)


def check_same_stimuli(rdm: np.ndarray, other: np.ndarray, name: str, other_name: str) -> None:
    """Raise InputError unless two checked RDMs are of the same number of stimuli."""
    rows, others = stimuli_of(rdm), stimuli_of(other)
    if rows != others:
        raise InputError(
            f"{name} has {rows} rows, {other_name} has {others}",
            "the same stimuli in the same order",
            "Match them by id: core.rdm.match_stimuli.",
        )


def count_stimuli(pairs: int, name: str = "RDM") -> int:
    """Number of stimuli of so many pairs; InputError where no number has them."""
    stimuli = (1 + math.isqrt(1 + 8 * pairs)) // 2
    if pairs < 1 or stimuli * (stimuli - 1) // 2 != pairs:
        raise InputError(f"{name} has {pairs} values", f"a matrix (n, n), or {CONDENSED}")
    return stimuli


def square(vector: np.ndarray) -> np.ndarray:
    """The matrix (n, n) of a condensed RDM (p,), or a matrix condensed; nothing is checked."""
    from scipy.spatial.distance import squareform

    return np.asarray(squareform(vector, checks=False))


def check_room(rdms: int, stimuli: int, bytes_a_cell: float = 40.0) -> None:
    """Refuse what would not fit: vectors, ranks and the like take more than the RDMs do.

    Parameters
    ----------
    rdms, stimuli : int
    bytes_a_cell : float
        Of the whole matrix: for each RDM, 4 are one float64 vector.
    """
    what = f"Comparing RDMs of {stimuli:,} stimuli"
    remedy = "Take fewer stimuli, or compare blocks of them that are kept on disk."
    needed = rdms * bytes_a_cell * float(stimuli) ** 2
    if needed > SURELY_FREE:
        check_memory(needed, what, remedy)


def stimuli_of(rdm: Any) -> int:
    """Number of stimuli of a matrix or vector that is not checked yet; 0 where it is neither."""
    shape = np.shape(rdm)
    return (1 + math.isqrt(1 + 8 * shape[0])) // 2 if len(shape) == 1 else shape[0] if shape else 0


def _check_range(vector: np.ndarray, name: str) -> None:
    """Refuse infinite values, and those that are so in the single precision of RDMs."""
    low, high = vector.min(), vector.max()
    if np.isnan(low):
        low, high = np.nanmin(vector, initial=0.0), np.nanmax(vector, initial=0.0)
    worst = high if high >= -low else low
    if abs(worst) > LARGEST_SINGLE:
        place = np.argmax(np.abs(vector) == abs(worst))
        i, j = (int(x[place]) for x in np.triu_indices(count_stimuli(len(vector)), 1))
        refuse_beyond_single(float(worst), name, f"at [{i}, {j}]")
