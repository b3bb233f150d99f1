"""Where two RDMs disagree: the pairs that lie apart in the ranks of the one and the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.errors import InputError
from core.rdm.comparisons.ranks import rank
from core.validation import check_same_length


class Disagreement(NamedTuple):
    """A pair of stimuli, rows i < j, with its percentile in each of two RDMs, 0 to 100."""

    i: int
    j: int
    first: float
    second: float


class Disagreements(NamedTuple):
    """Pairs that are much nearer in the first RDM than in the second, and the reverse."""

    nearer: tuple[Disagreement, ...]
    further: tuple[Disagreement, ...]


def percentiles(vector: np.ndarray) -> np.ndarray:
    """Share of the defined pairs below each value, ties counted half. (pairs,) 0..100, NaN stays"""
    defined = np.isfinite(vector)
    ranks = rank(vector[defined].astype(np.float64))
    shares = np.full(len(vector), np.nan)
    shares[defined] = 100.0 * (ranks - 0.5) / max(len(ranks), 1)
    return shares


def disagreements(first: np.ndarray, second: np.ndarray, count: int = 4) -> Disagreements:
    """Pairs whose percentiles differ most, of two upper triangles (pairs,) row by row.

    No stimulus is named twice in a list, so that one odd image does not fill it.

    Raises
    ------
    InputError
        If the vectors differ in length, or that of no number of stimuli.
    """
    check_same_length(len(second), len(first), "The second RDM", "the first")
    n = round((1 + float(np.sqrt(1 + 8 * len(first)))) / 2)
    if n * (n - 1) // 2 != len(first):
        raise InputError(f"The RDMs have {len(first)} pairs", "n (n - 1) / 2")
    a, b = percentiles(first), percentiles(second)
    apart = a - b
    order = np.argsort(apart, kind="stable")
    order = order[np.isfinite(apart[order])]
    rows, columns = np.triu_indices(n, 1)

    def distinct(places: np.ndarray, sign: float) -> tuple[Disagreement, ...]:
        chosen: list[Disagreement] = []
        seen: set[int] = set()
        for place in places:
            if len(chosen) == count or sign * apart[place] <= 0:
                break
            i, j = int(rows[place]), int(columns[place])
            if not seen & {i, j}:
                seen |= {i, j}
                chosen.append(Disagreement(i, j, float(a[place]), float(b[place])))
        return tuple(chosen)

    return Disagreements(distinct(order, -1.0), distinct(order[::-1], 1.0))
