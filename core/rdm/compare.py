"""Representational similarity analysis: compare RDMs, with noise ceiling and Mantel test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.memory import check_memory
from core.registry import Registry
from core.validation import check_rdm, check_same_length

Comparison = Callable[[np.ndarray, np.ndarray], float]
COMPARISONS: Registry[Comparison] = Registry("RDM comparison")


class NoiseCeiling(NamedTuple):
    """Range in which the best possible model would correlate with the subjects' RDMs."""

    lower: float
    upper: float


class Mantel(NamedTuple):
    """Observed comparison and its one-sided permutation p-value."""

    statistic: float
    p: float


def compare(a: Any, b: Any, method: str = "spearman") -> float:
    """Similarity of two RDMs over the pairs that both define.

    Parameters
    ----------
    a, b : array_like of shape (n, n)
    method : {'spearman', 'pearson', 'kendall', 'rho-a', 'cosine'}
        'kendall' is tau-a; 'rho-a' is the expected Spearman correlation under
        random breaking of ties.

    Returns
    -------
    float
        NaN where a correlation is undefined because an RDM is constant.

    Source: Nili et al. (2014), PLoS Comput. Biol. 10(4); Schütt et al. (2023), eLife 12.
    """
    _check_memory(a, 64)
    a, b = check_rdm(a, "The first RDM"), check_rdm(b, "The second RDM")
    check_same_length(len(b), len(a), "The second RDM", "the first")
    upper = np.triu_indices(len(a), 1)
    x, y = a[upper].astype(np.float64), b[upper].astype(np.float64)
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 2:
        raise InputError(f"The RDMs share {both.sum()} defined pairs", "at least 2")
    return COMPARISONS[method](x[both], y[both])


def noise_ceiling(rdms: Sequence[Any], method: str = "spearman") -> NoiseCeiling:
    """Noise ceiling of several subjects' RDMs.

    Each subject's RDM is compared with the mean of all (upper) and with the mean
    of the others (lower); under rank methods the RDMs are ranked before the mean.

    Parameters
    ----------
    rdms : sequence of (n, n) arrays, one a subject
    method : str
        As in ``compare``.

    Raises
    ------
    InputError
        With fewer than two subjects.
    """
    if len(rdms) < 2:
        raise InputError(f"{len(rdms)} RDM was given", "at least two subjects")
    _check_memory(rdms[0], 72 + 12 * len(rdms))
    checked = [check_rdm(matrix, f"RDM {number}") for number, matrix in enumerate(rdms)]
    for number, matrix in enumerate(checked):
        check_same_length(len(matrix), len(checked[0]), f"RDM {number}", "RDM 0")
        if np.ptp(matrix[np.triu_indices(len(matrix), 1)]) == 0:
            raise InputError(f"RDM {number} is constant", "dissimilarities that differ")
    subjects = [_scaled(matrix, method) for matrix in checked]
    total = np.sum(subjects, axis=0)
    upper = [compare(own, total / len(subjects), method) for own in subjects]
    lower = [compare(own, (total - own) / (len(subjects) - 1), method) for own in subjects]
    return NoiseCeiling(float(np.mean(lower)), float(np.mean(upper)))


def mantel(
    a: Any, b: Any, permutations: int = 1000, seed: int = 0, method: str = "spearman"
) -> Mantel:
    """Test whether two RDMs agree, permuting the stimuli (rows and columns together).

    Parameters
    ----------
    a, b : array_like of shape (n, n)
        Stimuli without any defined pair in either RDM are left out.
    permutations, seed : int
    method : {'spearman', 'pearson'}

    Returns
    -------
    Mantel
        p = (1 + permuted statistics at least as large) / (1 + permutations); both
        NaN where an RDM is constant.
    """
    if method not in ("spearman", "pearson"):
        raise InputError(f"method is {method!r}", choices=("spearman", "pearson"))
    _check_memory(a, 64)
    a, b = check_rdm(a, "The first RDM"), check_rdm(b, "The second RDM")
    check_same_length(len(b), len(a), "The second RDM", "the first")
    if permutations < 1:
        raise InputError(f"permutations is {permutations}", "at least 1")
    defined = ~np.isnan(a + b + np.diag(np.full(len(a), np.nan))).all(axis=1)
    if defined.sum() < 3:
        raise InputError(f"The RDMs share {defined.sum()} defined stimuli", "at least 3")
    x, y = (_standardised(matrix[np.ix_(defined, defined)], method) for matrix in (a, b))
    observed = float(np.sum(x * y))
    if np.isnan(observed):
        return Mantel(observed, float("nan"))
    rng = np.random.default_rng(seed)
    as_large = 0
    for _ in range(permutations):
        order = rng.permutation(len(x))
        as_large += float(np.sum(x[np.ix_(order, order)] * y)) >= observed - 1e-12
    return Mantel(observed, (1 + as_large) / (1 + permutations))


def _check_memory(rdm: Any, bytes_a_cell: float) -> None:
    """Refuse what would not fit; ranks and indices take many times what an RDM does."""
    what = f"Comparing RDMs of {len(rdm):,} stimuli"
    check_memory(bytes_a_cell * len(rdm) ** 2, what, "Take fewer stimuli.")


def _ranks(values: np.ndarray) -> np.ndarray:
    """Mean ranks; NaN stays NaN. scipy.stats is imported late, for it takes long."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values, nan_policy="omit"))


def _scaled(matrix: np.ndarray, method: str) -> np.ndarray:
    """Bring a subject's RDM to the scale on which subjects are averaged."""
    upper = np.triu_indices(len(matrix), 1)
    values = matrix[upper].astype(np.float64)
    if method in ("spearman", "kendall", "rho-a"):
        values = _ranks(values)
    elif method == "pearson":
        values = (values - np.nanmean(values)) / np.nanstd(values)
    else:
        values = values / np.sqrt(np.nanmean(values**2))
    scaled = np.zeros(matrix.shape)
    scaled[upper] = values
    return scaled + scaled.T


def _standardised(matrix: np.ndarray, method: str) -> np.ndarray:
    """Centre and scale the upper triangle to unit norm, so that products sum to r."""
    upper = np.triu_indices(len(matrix), 1)
    values = matrix[upper].astype(np.float64)
    if np.isnan(values).any():
        raise InputError("The RDM misses single pairs", "whole stimuli that are defined or missing")
    values = _ranks(values) if method == "spearman" else values
    values = values - values.mean()
    scaled = np.zeros(matrix.shape)
    norm = np.sqrt(2.0 * np.sum(values**2))
    scaled[upper] = values / norm if norm > 0 else np.nan
    return scaled + scaled.T


def _pearson(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    return _cosine(x, y)


def _cosine(x: np.ndarray, y: np.ndarray) -> float:
    norms = np.sqrt(np.sum(x * x) * np.sum(y * y))
    return float(np.sum(x * y) / norms) if norms > 0 else float("nan")


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    return _pearson(_ranks(x), _ranks(y))


def _tau_a(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import kendalltau

    pairs = len(x) * (len(x) - 1) / 2.0
    ties = [np.unique(z, return_counts=True)[1] for z in (x, y)]
    untied = [pairs - float(np.sum(k * (k - 1.0))) / 2.0 for k in ties]
    return float(kendalltau(x, y).statistic * np.sqrt(untied[0] * untied[1]) / pairs)


def _rho_a(x: np.ndarray, y: np.ndarray) -> float:
    n = len(x)
    x, y = _ranks(x) - (n + 1) / 2.0, _ranks(y) - (n + 1) / 2.0
    return float(12.0 * np.sum(x * y) / (n**3 - n))


COMPARISONS.register("spearman", _spearman)
COMPARISONS.register("pearson", _pearson)
COMPARISONS.register("kendall", _tau_a)
COMPARISONS.register("rho-a", _rho_a)
COMPARISONS.register("cosine", _cosine)
