"""Ridge regression of many units at once, each with an alpha of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import ridge
from core.encoding.solvers.search import UNITS_AT_ONCE, InnerFolds, Rows
from core.errors import InputError
from core.validation import check_same_length

# Errors this close to the least, as a share of it and of the responses' squares in single
# precision, are compared again in double.
NEAR, NEAR_SQUARES = 1e-4, 1e-5
ONLY = "features"


@dataclass(frozen=True, eq=False)
class UnitRidge:
    """A fitted ridge regression of many units.

    Attributes
    ----------
    weights : np.ndarray of shape (p, v), float32
    intercept : np.ndarray of shape (v,), float64
    alpha : np.ndarray of shape (v,)
        NaN of a unit that does not vary, whose weights are 0.
    """

    weights: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray

    def predict(self, x: Any) -> np.ndarray:
        """Predict every unit. (m, p) -> (m, v) float32"""
        predicted = np.asarray(x, dtype=np.float32) @ self.weights + self.intercept
        return np.asarray(predicted, dtype=np.float32)


def fit_units(
    x: Any, y: Any, alphas: Sequence[float] = ridge.ALPHAS, inner: Sequence[Rows] | None = None
) -> UnitRidge:
    """Fit a ridge regression with an intercept to every unit, with the alpha of least error.

    Parameters
    ----------
    x : array_like of shape (n, p)
        Finite features.
    y : array_like of shape (n, v)
        Finite responses; taken a block of units at a time.
    alphas : sequence of float
        Strengths of the regularisation; of equal errors the one that stands first is kept.
    inner : sequence of (int array, int array), optional
        Inner folds, rows to fit on and rows to compare on: the error is the mean over folds of
        the mean squared error. Without them it is that of leave-one-out, exactly.

    Returns
    -------
    UnitRidge

    Raises
    ------
    InputError
        On missing or infinite values, x and y of different lengths, or alphas that are not
        positive.

    Source: Dupré la Tour et al. (2022), NeuroImage 264:119728 (alphas by unit, inner folds; as
    himalaya's ``RidgeCV``); Rifkin & Lippert (2007), MIT-CSAIL-TR-2007-025 (leave-one-out; as
    scikit-learn's ``RidgeCV(alpha_per_target=True)``).
    """
    x, y = ridge.complete(x, "x"), ridge.complete(y, "y")
    check_same_length(len(y), len(x), "y", "x")
    grid = ridge.checked_alphas(alphas)
    centre, x_mean = ridge.centred(x)
    folds = None if inner is None else InnerFolds({ONLY: x}, checked(inner, len(x)))
    axes, power = _rotation(centre)
    weights = np.empty((x.shape[1], y.shape[1]), dtype=np.float32)
    alpha, intercept = np.full(y.shape[1], np.nan), np.empty(y.shape[1])
    for start in range(0, y.shape[1], UNITS_AT_ONCE):
        block = slice(start, start + UNITS_AT_ONCE)
        own, mean = ridge.centred(y[:, block])
        varies = own.any(axis=0)
        chosen = _choose(centre, own, grid) if folds is None else _choose_by(folds, own, grid)
        alpha[block] = np.where(varies, chosen, np.nan)
        along = axes.T @ (centre.T @ own) / (power[:, None] + chosen)
        weights[:, block] = axes @ along
        intercept[block] = mean - x_mean @ weights[:, block]
    return UnitRidge(weights, intercept, alpha)


def refit(x: Any, responses: Iterable[Any], alpha: np.ndarray) -> Iterator[UnitRidge]:
    """Fit other responses to the same features, with alphas that are known.

    Parameters
    ----------
    x : array_like of shape (n, p)
    responses : iterable of array_like of shape (n, v)
    alpha : np.ndarray of shape (v,)
        NaN of a unit that does not vary.
    """
    centre, x_mean = ridge.centred(ridge.complete(x, "x"))
    axes, power = _rotation(centre)
    strength = np.where(np.isfinite(alpha), alpha, 1.0)
    for y in responses:
        own, mean = ridge.centred(ridge.complete(y, "y"))
        weights = axes @ (axes.T @ (centre.T @ own) / (power[:, None] + strength))
        yield UnitRidge(weights.astype(np.float32), mean - x_mean @ weights, alpha)


def checked(inner: Sequence[Rows], rows: int) -> list[Rows]:
    """Inner folds, or InputError where one is empty or names rows that there are not."""
    folds = [(np.asarray(train, np.intp), np.asarray(held, np.intp)) for train, held in inner]
    for each in (rows_of for fold in folds for rows_of in fold):
        if len(each) < 1 or each.min() < 0 or each.max() >= rows:
            raise InputError(
                f"An inner fold has rows {each[:5].tolist()}", f"some of 0 to {rows - 1}"
            )
    if not folds:
        raise InputError("There is no inner fold", "one or more, or None for leave-one-out")
    return folds


def _rotation(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Right singular vectors (p, r) and squared singular values (r,) of centred features."""
    n, p = x.shape
    if p <= n:
        power, vectors = np.linalg.eigh(x.T @ x)
        kept = power > max(power[-1], 0.0) * np.finfo(np.float64).eps * n
        return vectors[:, kept], power[kept]
    power, vectors = np.linalg.eigh(x @ x.T)
    kept = power > max(power[-1], 0.0) * np.finfo(np.float64).eps * p
    return x.T @ (vectors[:, kept] / np.sqrt(power[kept])), power[kept]


def _choose(x: np.ndarray, y: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Alpha of the least leave-one-out error of each unit. (v,)"""
    decomposed = ridge.decompose(x, y)
    least, chosen = np.full(y.shape[1], np.inf), np.full(y.shape[1], grid[0])
    for alpha in grid:
        residuals = decomposed.residuals(alpha)
        errors = np.einsum("ij,ij->j", residuals, residuals)
        better = errors < least * (1 - ridge.EQUAL)
        chosen[better], least[better] = alpha, errors[better]
    return chosen


def _choose_by(folds: InnerFolds, y: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Alpha of the least error over inner folds of each unit. (v,)"""
    shares = np.ones(1)
    errors = folds.errors(y, shares, grid)
    tolerance = NEAR * errors.min(axis=0) + NEAR_SQUARES * np.mean(y**2, axis=0)
    unclear = ((errors <= errors.min(axis=0) + tolerance).sum(axis=0) > 1).nonzero()[0]
    if len(unclear):
        errors[:, unclear] = folds.errors(y[:, unclear], shares, grid, np.float64)
    return grid[errors.argmin(axis=0)]
