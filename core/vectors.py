"""Rows as directions: the one place where vectors are scaled to length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import InputError

# Squared lengths beyond which squares of single numbers leave the range of float64.
TINY, HUGE = 1e-200, 1e200
# Share of a row's own square below which its variance may be rounding: the row is then constant.
UNCLEAR = 1e-24


def check_directions(units: int, centred: bool) -> None:
    """Raise InputError where no row can have a direction: of one unit, less its mean, is left 0."""
    if centred and units == 1:
        raise InputError(
            "1 − r is undefined over one unit, for it compares the shape of responses",
            "at least two units",
            "Choose 'euclidean', or more units.",
        )


def describe_directions(units: int, centred: bool) -> str:
    """What a reader must know where so few units leave two directions only; else ''."""
    if centred and units == 2:
        return "Over two units r is +1 or −1 only: 'euclidean' tells more."
    if not centred and units == 1:
        return "Over one unit the cosine is +1 or −1 only: 'euclidean' tells more."
    return ""


def unit_rows(rows: Any, centred: bool = False) -> np.ndarray:
    """Scale each row to length 1, in double precision.

    One rule wherever directions are compared: a row without a direction (all zero; with
    ``centred``, constant) stays zero, so that its cosine with anything is 0; a row that
    holds NaN or infinity is NaN throughout, so that nothing is mistaken for a value.

    Parameters
    ----------
    rows : array_like of shape (n, d)
        Any real numbers, as small as 1e-200 or as large as 1e200.
    centred : bool
        Whether the mean of each row is removed first; cosines are Pearson correlations then.

    Returns
    -------
    np.ndarray of shape (n, d), float64
    """
    scaled = np.array(rows, dtype=np.float64)
    if scaled.shape[1] == 0:
        return scaled
    squares = _centre_and_square(scaled, centred)
    if squares is None:
        return _carefully(np.array(rows, dtype=np.float64), centred)
    scaled *= (1.0 / np.sqrt(squares))[:, None]
    return scaled


def _centre_and_square(rows: np.ndarray, centred: bool) -> np.ndarray | None:
    """Squared lengths (n,) of rows, centred in place; None where one needs care."""
    with np.errstate(all="ignore"):
        limit = TINY
        if centred:
            means = np.add.reduce(rows, axis=1, keepdims=True) / rows.shape[1]
            rows -= means
            limit = np.maximum(TINY, UNCLEAR * rows.shape[1] * means[:, 0] ** 2)
        squares = np.einsum("ij,ij->i", rows, rows)
        is_clear = (squares > limit) & (squares < HUGE)
    return squares if is_clear.all() else None


def _carefully(scaled: np.ndarray, centred: bool) -> np.ndarray:
    """Scale rows, in place, of which some are without direction, missing, tiny or huge."""
    lowest, highest = (end(axis=1, keepdims=True) for end in (scaled.min, scaled.max))
    largest = np.maximum(highest, -lowest)
    directionless = (lowest == highest if centred else largest == 0.0)[:, 0]
    scaled[~np.isfinite(largest[:, 0])] = np.nan
    # Squares of very large and very small numbers would leave the range of float64; a power
    # of two changes no digit.
    np.ldexp(scaled, -np.frexp(largest)[1], out=scaled)
    if centred:
        scaled -= scaled.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
    scaled *= 1.0 / np.where(lengths == 0, 1.0, lengths)[:, None]
    scaled[directionless] = 0.0
    return scaled


def has_direction(rows: Any) -> np.ndarray:
    """Mark the rows to which ``unit_rows`` gives length 1: finite and not all zero.

    Parameters
    ----------
    rows : array_like of shape (n, d)
        May be memory-mapped; no copy is made.

    Returns
    -------
    np.ndarray of shape (n,), bool
    """
    rows = np.asarray(rows)
    if rows.shape[1] == 0:
        return np.zeros(len(rows), dtype=bool)
    smallest, largest = rows.min(axis=1), rows.max(axis=1)
    finite = np.isfinite(smallest) & np.isfinite(largest)
    return finite & ((smallest != 0) | (largest != 0))
