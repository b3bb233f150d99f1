"""Mantel test: whether RDMs agree, permuting the stimuli of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.rdm.comparisons.comparison import COMPARISONS, Cells, RdmComparison
from core.rdm.comparisons.vectors import (
    FEWEST_PAIRS,
    FEWEST_STIMULI,
    check_room,
    check_same_stimuli,
    condense,
    condense_all,
    square,
    stimuli_of,
)
from core.words import counted

TIE = 1e-12
BATCH = 50


class Mantel(NamedTuple):
    """Observed comparison and its one-sided permutation p-value."""

    statistic: float
    p: float


class MantelMany(NamedTuple):
    """Comparisons of several models with one RDM, under the same permutations.

    ``statistics`` and one-sided ``p``, (m,) each; ``p_max`` (m,) is corrected for all of them: how
    often the largest statistic of a permutation reaches that of the model. ``stimuli`` is the
    number that was permuted.
    """

    statistics: np.ndarray
    p: np.ndarray
    p_max: np.ndarray
    stimuli: int


def mantel(
    a: Any, b: Any, permutations: int = 1000, seed: int = 0, method: str = "spearman"
) -> Mantel:
    """Test whether two RDMs agree, permuting the stimuli (rows and columns together).

    Parameters
    ----------
    a, b : array_like of shape (n, n) or (p,)
        Stimuli without any defined pair in either RDM are left out. Where single pairs are
        missing, every permutation is compared over the pairs that both then define: missing
        pairs of the second RDM belong to its stimuli and move with them.
    permutations, seed : int
    method : str
        An id of ``COMPARISONS``; whitened ones without a covariance.

    Returns
    -------
    Mantel
        p = (1 + permuted statistics at least as large) / (1 + permutations); both
        NaN where an RDM is constant.

    Raises
    ------
    InputError
        As of ``compare``, and with fewer than 4 stimuli in common.

    Source: Mantel (1967), Cancer Res. 27:209-220; the count of p, Phipson & Smyth (2010), Stat.
    Appl. Genet. Mol. Biol. 9:39.
    """
    check_room(2, stimuli_of(a))
    x, y = condense(a, "The first RDM"), condense(b, "The second RDM")
    check_same_stimuli(y, x, "The second RDM", "the first")
    result = _permute(x[None], y, permutations, seed, method)
    return Mantel(float(result.statistics[0]), float(result.p[0]))


def mantel_many(
    models: Sequence[Any] | np.ndarray,
    rdm: Any,
    permutations: int = 1000,
    seed: int = 0,
    method: str = "spearman",
    *,
    progress: Progress | None = None,
) -> MantelMany:
    """Test several models against one RDM, whose stimuli are permuted once for all of them.

    p of Holm's step-down procedure are those of ``core.statistics.holm_levels``; ``p_max`` takes
    into account besides that models resemble each other.

    Parameters
    ----------
    models : sequence of m array_like of shape (n, n) or (p,)
    rdm : array_like of shape (n, n) or (p,)
    permutations, seed, method
        As of ``mantel``, and the same numbers for one model.
    progress : callable, optional
        Called with (fraction, message); may raise ``Cancelled``.

    Raises
    ------
    InputError
        As of ``mantel``.

    Source: the largest statistic, Westfall & Young (1993), Resampling-Based Multiple Testing.
    """
    check_room(2 + len(models), stimuli_of(rdm))
    vectors, other = condense_all(models, "model"), condense(rdm, "The RDM")
    check_same_stimuli(vectors[0], other, "Model 0", "the RDM")
    return _permute(vectors, other, permutations, seed, method, progress)


def _permute(
    models: np.ndarray,
    other: np.ndarray,
    permutations: int,
    seed: int,
    method: str,
    progress: Progress | None = None,
) -> MantelMany:
    if permutations < 1:
        raise InputError(f"permutations is {permutations}", "at least 1")
    comparison = COMPARISONS[method]
    models, other, n = _whole_stimuli(models, other)
    rng = np.random.default_rng(seed)
    orders = (rng.permutation(n) for _ in range(permutations))
    observed, p, p_max = np.full((3, len(models)), np.nan)
    if np.isnan(models).any() or np.isnan(other).any():
        observed = _over_shared(comparison, models, other)
        known = ~np.isnan(observed)
        all_permuted = _shared_products(comparison, models[known], other, orders)
    else:
        known = ~(comparison.is_undefined(models) | comparison.is_undefined(other[None]))
        if known.any():
            rows, own = comparison.rows(models[known]), comparison.rows(other[None])
            observed[known] = comparison.products(rows, own)[:, 0]
            all_permuted = comparison.permuted_products(rows, own[0], n, orders)
    if not known.any():
        return MantelMany(observed, p, p_max, n)
    statistics = observed[known]
    single, largest = np.zeros((2, len(statistics)), dtype=np.int64)
    for number, permuted in enumerate(all_permuted):
        single += permuted >= statistics - TIE
        largest += permuted.max() >= statistics - TIE
        if progress and number % BATCH == 0:
            progress(number / permutations, f"{number:,} of {permutations:,} permutations")
    p[known] = (1 + single) / (1 + permutations)
    p_max[known] = (1 + largest) / (1 + permutations)
    return MantelMany(observed, p, p_max, n)


def _whole_stimuli(models: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """The RDMs without stimuli that one of them lacks, and how many are left."""
    missing = np.isnan(models).any(axis=0) | np.isnan(other)
    if not missing.any():
        return models, other, stimuli_of(other)
    matrix = square(missing.astype(np.float64))
    kept = matrix.sum(axis=1) < len(matrix) - 1
    if kept.sum() < FEWEST_STIMULI:
        raise InputError(
            f"The RDMs share {counted(int(kept.sum()), 'defined stimulus', 'defined stimuli')}",
            f"at least {FEWEST_STIMULI}",
        )
    cells = square((kept[:, None] & kept).astype(np.float64) - np.diag(kept)) > 0
    return models[:, cells], other[cells], int(kept.sum())


def _shared_products(
    comparison: RdmComparison, models: np.ndarray, other: np.ndarray, orders: Iterable[np.ndarray]
) -> Iterator[np.ndarray]:
    """Similarities with an RDM in each order, over the pairs that both define. Yields (m,)"""
    whole = square(other)
    for order in orders:
        permuted = square(whole[np.ix_(order, order)])
        # Where few pairs leave a value undefined, it counts against the model.
        yield np.nan_to_num(_over_shared(comparison, models, permuted), nan=np.inf)


def _over_shared(comparison: RdmComparison, models: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Similarity of each model with an RDM over the pairs that both define; NaN without. (m,)"""
    values = np.full(len(models), np.nan)
    for number, model in enumerate(models):
        defined = np.isfinite(model) & np.isfinite(other)
        x, y = model[defined][None], other[defined][None]
        if defined.sum() < FEWEST_PAIRS or comparison.is_undefined(np.concatenate([x, y])).any():
            continue
        rows = (comparison.rows(part, Cells(defined)) for part in (x, y))
        values[number] = comparison.products(*rows)[0, 0]
    return values
