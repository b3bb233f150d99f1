"""Comparison of RDMs over a sample of stimuli drawn with replacement, by weights of its cells.

A sample holds stimulus i m_i times, so that the cell of i and j counts m_i * m_j times; cells
that pair a stimulus with its own copy are left out. Nothing is copied: the cells that occur
are taken once, with their weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.memory import check_memory
from core.rdm.comparisons.ranks import concordance, level
from core.validation import check_rdm, check_same_length, enumerate_names
from core.words import counted

FEWEST_STIMULI = 4
CENTRED = {"cosine": False, "pearson": True, "spearman": True, "rho-a": True, "kendall": True}
RANKED = ("spearman", "rho-a", "kendall")
# Combinations of ranks are ranked as whole numbers up to this, so that what is equal but for
# rounding ties.
LEVELS = 2**38
ROUNDING = 1e-14


class RdmStack(NamedTuple):
    """RDMs of the same stimuli over the pairs that all of them define.

    Attributes
    ----------
    values : np.ndarray of shape (r, pairs)
        float64; under methods of ranks int32, the place of each value among the distinct ones.
    first, second : np.ndarray of shape (pairs,), intp
        The two stimuli of a pair, 0 to ``stimuli`` - 1.
    stimuli, subjects : int
        The RDMs of the subjects come first.
    left_out : tuple of int
        Stimuli without any pair, and further pairs, that some RDM lacks.
    """

    values: np.ndarray
    first: np.ndarray
    second: np.ndarray
    stimuli: int
    subjects: int
    left_out: tuple[int, int]


def stack_rdms(subjects: Sequence[Any], others: Sequence[np.ndarray], method: str) -> RdmStack:
    """Take the pairs that all RDMs define.

    Parameters
    ----------
    subjects : sequence of (n, n) arrays
    others : sequence of np.ndarray of shape (n, n)
        Components of models, checked.
    method : str
        An id of ``COMPARISONS``.

    Raises
    ------
    InputError
        Where sizes differ, fewer than 4 stimuli remain, or a subject's RDM is constant.
    """
    if method not in CENTRED:
        raise InputError(f"method is {method!r}", choices=CENTRED)
    if len(subjects) == 0:
        raise InputError("There is no RDM of a subject", "at least one")
    n, r = len(subjects[0]), len(subjects) + len(others)
    check_memory(24.0 * r * n**2, f"Comparing {r} RDMs of {n:,} stimuli", "Take fewer stimuli.")
    checked = [check_rdm(rdm, f"The RDM of subject {k + 1}") for k, rdm in enumerate(subjects)]
    for k, rdm in enumerate([*checked, *others]):
        what = f"The RDM of subject {k + 1}" if k < len(checked) else "A model"
        check_same_length(len(rdm), n, what, "the first subject's")
    defined = np.logical_and.reduce([np.isfinite(rdm) for rdm in (*checked, *others)])
    np.fill_diagonal(defined, False)
    kept = np.flatnonzero(defined.any(axis=1))
    if len(kept) < FEWEST_STIMULI:
        raise InputError(
            f"The RDMs share {counted(len(kept), 'stimulus', 'stimuli')} with values",
            f"at least {FEWEST_STIMULI}",
        )
    upper = np.triu(defined[np.ix_(kept, kept)], 1)
    first, second = np.nonzero(upper)
    values = np.array([rdm[kept[first], kept[second]] for rdm in (*checked, *others)], dtype=float)
    _check_variation(values[: len(checked)], method)
    if method in RANKED:
        values = np.array([np.unique(row, return_inverse=True)[1] for row in values], np.int32)
    pairs_lost = len(kept) * (len(kept) - 1) // 2 - len(first)
    return RdmStack(values, first, second, len(kept), len(checked), (n - len(kept), pairs_lost))


def _check_variation(values: np.ndarray, method: str) -> None:
    flat = np.ptp(values, axis=1) == 0 if CENTRED[method] else ~values.any(axis=1)
    if flat.any():
        names = enumerate_names([f"{k + 1}" for k in np.flatnonzero(flat)])
        raise InputError(f"The RDM of subject {names} is constant", "dissimilarities that differ")


class CellSample:
    """RDMs over the cells of a sample, on the scale of a method.

    Parameters
    ----------
    stack : RdmStack
    multiplicities : np.ndarray of shape (stimuli,), int
        How often each stimulus is in the sample.
    method : str

    Attributes
    ----------
    scaled : np.ndarray of shape (r, cells)
        Values or weighted mean ranks; centred but under cosine.
    weights : np.ndarray of shape (cells,)
    """

    def __init__(self, stack: RdmStack, multiplicities: np.ndarray, method: str) -> None:
        m = multiplicities.astype(np.float64)
        weights = m[stack.first] * m[stack.second]
        cells = np.flatnonzero(weights)
        self.method, self.subjects = method, stack.subjects
        self.weights = weights[cells]
        self.total = float(self.weights.sum())
        # A full sample needs no copy; ranks are of the same kind as sums of them.
        rows = stack.values if len(cells) == len(weights) else stack.values[:, cells]
        if method in RANKED:
            rows = np.array([weighted_ranks(row, self.weights) for row in rows])
        self.scaled = self._centred(rows)

    def _centred(self, rows: np.ndarray) -> np.ndarray:
        if not CENTRED[self.method] or self.total == 0:
            return rows
        means = (rows @ self.weights / self.total)[:, None]
        centred = rows - means
        # What is left of a constant row is rounding.
        np.multiply(centred, np.abs(centred) > ROUNDING * np.abs(means), out=centred)
        return np.asarray(centred)

    @cached_property
    def products(self) -> np.ndarray:
        """Weighted inner products of all RDMs. (r, r)"""
        return np.asarray((self.scaled * self.weights) @ self.scaled.T)

    @cached_property
    def squares(self) -> np.ndarray:
        """Weighted sum of the squares of each subject's RDM. (subjects,)"""
        rows = self.scaled[: self.subjects]
        return np.einsum("rc,rc,c->r", rows, rows, self.weights)

    @cached_property
    def direct(self) -> np.ndarray:
        """Similarity of every RDM with each subject's; NaN where constant. (r, subjects)"""
        if self.method == "kendall":
            return self._compared(self.scaled)
        products = self.products
        return self._normalised(products[:, : self.subjects], np.diag(products))

    def similarities(self, combinations: np.ndarray) -> np.ndarray:
        """Similarity of sums of the RDMs with each subject's RDM.

        Parameters
        ----------
        combinations : np.ndarray of shape (q, r)
            Weights of the RDMs, on the scale of the method, in each sum.

        Returns
        -------
        np.ndarray of shape (q, subjects)
            NaN where a sum is constant.
        """
        if self.method not in RANKED:
            products = combinations @ self.products
            squares = np.einsum("qr,qr->q", products, combinations)
            return self._normalised(products[:, : self.subjects], squares)
        sums = combinations @ self.scaled
        ranks = np.array([weighted_ranks(_levels(row), self.weights) for row in sums])
        return self._compared(self._centred(ranks.reshape(sums.shape)))

    def _compared(self, rows: np.ndarray) -> np.ndarray:
        if self.method != "kendall":
            weighted = rows * self.weights
            squares = np.einsum("qc,qc->q", weighted, rows)
            return self._normalised(weighted @ self.scaled[: self.subjects].T, squares)
        # No sum over cells gives it: the cells are repeated as often as they count.
        times = self.weights.astype(np.intp)
        subjects = [np.repeat(row, times) for row in self.scaled[: self.subjects]]
        copies = (np.repeat(row, times) for row in rows)
        return np.array([[_tau(row, own) for own in subjects] for row in copies])

    def _normalised(self, products: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """Similarities (q, subjects) from products with subjects, and of each with itself."""
        own = self.squares
        defined = (squares[:, None] > 0) & (own > 0)
        norms = np.sqrt(np.maximum(np.outer(squares, own), 0.0))
        if self.method == "rho-a":
            norms = np.full(products.shape, (self.total**3 - self.total) / 12.0)
        return np.divide(products, norms, out=np.full(products.shape, np.nan), where=defined)


def weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean ranks that values have when each occurs as often as its weight says.

    Parameters
    ----------
    values : int array of shape (cells,)
        From 0 to below 2**39.
    weights : np.ndarray of shape (cells,), float64
        Whole numbers of at least 1.

    Returns
    -------
    np.ndarray of shape (cells,), float64
        Those of ``scipy.stats.rankdata(np.repeat(values, weights))``, once each.
    """
    count = len(values)
    bits = count.bit_length()
    # Sorting value and place as one number is several times as fast as argsort.
    packed = np.sort((values.astype(np.int64) << bits) | np.arange(count))
    order = packed & ((1 << bits) - 1)
    ordered = packed >> bits
    ends = np.cumsum(weights[order])
    begins = ends - weights[order]
    changes = ordered[1:] != ordered[:-1]
    if not changes.all():
        firsts = np.flatnonzero(np.concatenate([[True], changes]))
        lengths = np.diff(firsts, append=count)
        begins = np.repeat(begins[firsts], lengths)
        ends = np.repeat(ends[firsts + lengths - 1], lengths)
    ranks = np.empty(count)
    ranks[order] = (begins + ends + 1.0) / 2.0
    return ranks


class RankedRow:
    """Mid-ranks of one row of values as shares, 0 to 1, and what they add to a correlation.

    Parameters
    ----------
    values : np.ndarray of shape (cells,)
    """

    def __init__(self, values: np.ndarray) -> None:
        _, self.place, count = np.unique(values, return_inverse=True, return_counts=True)
        self.share = count / len(values)
        self.ranks = (np.cumsum(self.share) - self.share / 2)[self.place]
        # Ranks with ties have less variance than the twelfth of all different ones.
        cubes = float(np.sum(self.share**3))
        self.variance = (1 - cubes) / 12
        self.variance_influence = (cubes - self.share[self.place] ** 2) / 4

    def above(self, of_cells: np.ndarray) -> np.ndarray:
        """For each cell the mean of ``of_cells`` over those that are higher, ties half. (cells,)"""
        sums = np.bincount(self.place, of_cells, len(self.share)) / len(of_cells)
        return np.asarray((sums.sum() - np.cumsum(sums) + sums / 2)[self.place])


def rank_influences(first: RankedRow, second: RankedRow, method: str) -> np.ndarray:
    """How much each cell adds to the similarity of two rows by ranks, on average 0.

    Parameters
    ----------
    first, second : RankedRow
        Neither constant.
    method : {'spearman', 'rho-a', 'kendall'}
        Of tau-a that of rho-a by 2 / 3, which holds where neither is far from 0.

    Returns
    -------
    np.ndarray of shape (cells,)

    Source: the influence function of Spearman's coefficient, Croux & Dehon (2010), Statistical
    Methods & Applications 19:497-515, with ties.
    """
    u, v = first.ranks, second.ranks
    product = u * v + first.above(v) + second.above(u)
    product -= product.mean()
    if method != "spearman":
        return np.asarray((8.0 if method == "kendall" else 12.0) * product)
    correlation = (np.mean(u * v) - 0.25) / np.sqrt(first.variance * second.variance)
    scaled = product / np.sqrt(first.variance * second.variance)
    for row in (first, second):
        scaled -= correlation / 2 * row.variance_influence / row.variance
    return np.asarray(scaled)


def product_influences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How much each cell adds to the cosine of two rows, none of zeros, on average 0. (cells,)

    Of centred rows this is Pearson's correlation.

    Source: Hampel (1974), Journal of the American Statistical Association 69:383-393.
    """
    x, y = (row / np.sqrt(np.mean(row**2)) for row in (first, second))
    return np.asarray(x * y - np.mean(x * y) / 2 * (x**2 + y**2))


def _levels(values: np.ndarray) -> np.ndarray:
    """Values as whole numbers from 0 to LEVELS. (cells,)"""
    if len(values) == 0:
        return values.astype(np.int64)
    low, high = values.min(), values.max()
    return np.rint((values - low) * (LEVELS / (high - low if high > low else 1.0))).astype(np.int64)


def _tau(x: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-a; NaN where one of both is constant."""
    is_constant = len(x) == 0 or np.ptp(x) == 0 or np.ptp(y) == 0
    return float("nan") if is_constant else concordance(level(x), level(y))
