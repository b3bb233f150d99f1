"""Representational similarity analysis: compare RDMs, with their noise ceiling."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.rdm.comparisons import COMPARISONS, Cells, RdmComparison
from core.rdm.comparisons.vectors import (
    FEWEST_PAIRS,
    check_form,
    check_room,
    check_same_stimuli,
    condense,
    condense_all,
    paired_blocks,
    stimuli_of,
)
from core.rdm.comparisons.whitening import check_covariance
from core.validation import enumerate_names


class NoiseCeiling(NamedTuple):
    """Range in which the best possible model would correlate with the subjects' RDMs."""

    lower: float
    upper: float


def compare(
    a: Any, b: Any, method: str = "spearman", *, covariance: np.ndarray | None = None
) -> float:
    """Similarity of two RDMs over the pairs that both define.

    Parameters
    ----------
    a, b : array_like of shape (n, n) or (p,)
        Matrices, or their cells above the diagonal row by row, of the same stimuli in one order
        (``match_stimuli``). NaN marks missing pairs.
    method : str
        An id of ``COMPARISONS``: 'spearman', 'pearson', 'kendall' (tau-a), 'rho-a' (the expected
        Spearman correlation under random breaking of ties), 'cosine', 'whitened-cosine' or
        'whitened-pearson'.
    covariance : np.ndarray of shape (n,) or (n, n), optional
        For whitened methods: variances of the pattern estimates of the stimuli, or their
        covariance. Equal variances without it.

    Returns
    -------
    float
        NaN where it is undefined because an RDM is constant (zero, for cosines).

    Raises
    ------
    InputError
        If the RDMs are of fewer than 4 stimuli, or of different numbers; are not symmetric or
        have a diagonal; share fewer than two defined pairs; or do not fit into the memory.

    Warns
    -----
    UserWarning
        With the reason, where the value is NaN.

    Notes
    -----
    rsatoolbox 0.3.2 gives the same values, and for a constant RDM 0 instead of NaN. It refuses
    RDMs that miss different pairs. With variances its 'cosine_cov' and 'corr_cov' centre before
    they weight, and agree with its own values for the same numbers as a diagonal matrix only
    where all variances are equal; here both are the latter.

    Source: Nili et al. (2014), PLoS Comput. Biol. 10(4); Schütt et al. (2023), eLife 12;
    Diedrichsen et al. (2020), arXiv:2007.02789.
    """
    check_room(2, stimuli_of(a))
    a, b = check_form(a, "The first RDM"), check_form(b, "The second RDM")
    check_same_stimuli(b, a, "The second RDM", "the first")
    comparison = COMPARISONS[method]
    cells = _cells_of(comparison, stimuli_of(a), covariance)
    streamed = comparison.stream(paired_blocks(a, b))
    if streamed is not None:
        return streamed
    x, y = condense(a, "The first RDM"), condense(b, "The second RDM")
    value = float(_compare_groups(comparison, x[None], y[None], cells)[0, 0])
    if np.isnan(value):
        _warn(comparison, x[None], "the first RDM")
        _warn(comparison, y[None], "the second RDM")
    return value


def compare_many(
    models: Sequence[Any] | np.ndarray,
    others: Sequence[Any] | np.ndarray | None = None,
    method: str = "spearman",
    *,
    covariance: np.ndarray | None = None,
) -> np.ndarray:
    """Similarities of several RDMs with several others, each as of ``compare``.

    Each RDM is checked, ranked and normalised once. Where pairs are missing, every two RDMs are
    compared over those that both define.

    Parameters
    ----------
    models, others : sequence of array_like of shape (n, n) or (p,)
        Also arrays of shape (m, n, n) or (m, p). Without others, all models with all.
    method, covariance
        As of ``compare``.

    Returns
    -------
    np.ndarray of shape (m, s), float64
        Symmetric without others; NaN where a value is undefined.

    Raises
    ------
    InputError
        As of ``compare``.

    Warns
    -----
    UserWarning
        With the RDMs that have no value.
    """
    count = len(models) + (0 if others is None else len(others))
    check_room(count, stimuli_of(models[0]) if count else 0, 24.0)
    rows = condense_all(models, "RDM" if others is None else "model")
    comparison = COMPARISONS[method]
    cells = _cells_of(comparison, stimuli_of(rows[0]), covariance)
    columns = rows
    if others is not None:
        columns = condense_all(others)
        check_same_stimuli(columns[0], rows[0], "RDM 0", "model 0")
    values = _compare_groups(comparison, rows, columns, cells)
    if np.isnan(values).any():
        _warn(comparison, rows, "RDM" if others is None else "model")
        _warn(comparison, columns if others is not None else rows[:0], "RDM")
    return values


def noise_ceiling(rdms: Sequence[Any] | np.ndarray, method: str = "spearman") -> NoiseCeiling:
    """Noise ceiling of several subjects' RDMs.

    Each subject's RDM is compared with the mean of all (upper) and with the mean
    of the others (lower); under rank methods the RDMs are ranked before the mean.

    Parameters
    ----------
    rdms : sequence of array_like of shape (n, n) or (p,), one a subject
    method : str
        As in ``compare``.

    Raises
    ------
    InputError
        As of ``compare``; with fewer than two subjects, or where the RDM of one is constant.
    """
    if len(rdms) < 2:
        raise InputError(f"{len(rdms)} RDM was given", "at least two subjects")
    check_room(len(rdms), stimuli_of(rdms[0]), 24.0)
    vectors = condense_all(rdms)
    for number, vector in enumerate(vectors):
        if np.nanmin(vector) == np.nanmax(vector):
            raise InputError(f"RDM {number} is constant", "dissimilarities that differ")
    subjects = COMPARISONS[method].scaled(vectors)
    total = subjects.sum(axis=0)
    upper = compare_many(subjects, total[None] / len(subjects), method)
    lower = [compare(own, (total - own) / (len(subjects) - 1), method) for own in subjects]
    return NoiseCeiling(float(np.mean(lower)), float(np.mean(upper)))


def _cells_of(comparison: RdmComparison, n: int, covariance: np.ndarray | None) -> Cells:
    if covariance is not None and not comparison.is_whitened:
        whitened = [name for name in COMPARISONS if COMPARISONS[name].is_whitened]
        raise InputError(f"{comparison.id} takes no covariance", choices=whitened)
    return Cells(None, check_covariance(covariance, n))


def _compare_groups(
    comparison: RdmComparison, rows: np.ndarray, columns: np.ndarray, cells: Cells
) -> np.ndarray:
    """Similarities over common cells; RDMs that miss the same ones are taken together."""
    values = np.empty((len(rows), len(columns)))
    column_groups = list(_groups(columns))
    row_groups = column_groups if rows is columns else list(_groups(rows))
    for i, defined_i in row_groups:
        for j, defined_j in column_groups:
            both = defined_i if defined_j is None else defined_j
            if defined_i is not None and defined_j is not None:
                both = defined_i & defined_j
            shared = Cells(both, cells.covariance)
            values[np.ix_(i, j)] = _compare_complete(comparison, rows, columns, (i, j), shared)
    return values


def _groups(vectors: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yield the rows that miss the same cells, and which they define (None: all)."""
    is_complete = ~np.isnan(vectors.sum(axis=1))
    if is_complete.any():
        yield np.flatnonzero(is_complete), None
    rest = np.flatnonzero(~is_complete)
    if len(rest):
        patterns, number = np.unique(~np.isnan(vectors[rest]), axis=0, return_inverse=True)
        for group, pattern in enumerate(patterns):
            yield rest[number.ravel() == group], pattern


def _compare_complete(
    comparison: RdmComparison,
    rows: np.ndarray,
    columns: np.ndarray,
    places: tuple[np.ndarray, np.ndarray],
    cells: Cells,
) -> np.ndarray:
    """Similarities of some rows with some columns over cells that all of them define."""
    if cells.defined is not None and cells.defined.sum() < FEWEST_PAIRS:
        raise InputError(f"The RDMs share {cells.defined.sum()} defined pairs", "at least 2")
    prepared: list[tuple[np.ndarray, np.ndarray]] = []
    for vectors, place in zip((rows, columns), places, strict=True):
        if rows is columns and prepared and np.array_equal(*places):
            prepared.append(prepared[0])
            continue
        part = vectors if len(place) == len(vectors) else vectors[place]
        part = part if cells.defined is None else part[:, cells.defined]
        kept = ~comparison.is_undefined(part)
        prepared.append((kept, part if kept.all() else part[kept]))
    values = np.full((len(places[0]), len(places[1])), np.nan)
    (kept_rows, left), (kept_columns, right) = prepared
    if len(left) and len(right):
        left = comparison.rows(left, cells)
        right = left if right is prepared[0][1] else comparison.rows(right, cells)
        values[np.ix_(kept_rows, kept_columns)] = comparison.products(left, right)
    return values


def _warn(comparison: RdmComparison, vectors: np.ndarray, name: str) -> None:
    """Say which RDMs have no value, and why."""
    names = []
    for number, vector in enumerate(vectors):
        defined = vector[np.isfinite(vector)]
        if len(defined) and comparison.is_undefined(defined[None])[0]:
            names.append(name if name.startswith("the ") else f"{name} {number}")
    if names:
        what = "is constant" if comparison.centred else "is zero"
        warnings.warn(
            f"{comparison.label} is undefined (NaN): {enumerate_names(names)} {what}", stacklevel=3
        )
