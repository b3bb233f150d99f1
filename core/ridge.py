"""Ridge regression with its alpha (regularisation) chosen by exact leave-one-out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.validation import check_responses, check_same_length, enumerate_names, row_blocks
from core.words import counted

ALPHAS: tuple[float, ...] = tuple(float(alpha) for alpha in np.logspace(-1, 7, 13))
# Alphas this close to the best in single precision are compared again in double.
NEAR_TIE = 1e-4
# Errors closer than this differ by rounding alone.
EQUAL = 1e-12
# Below this condition the weights are computed in single precision.
TAME = 30.0


@dataclass(frozen=True, eq=False)
class Ridge:
    """A fitted ridge regression.

    Attributes
    ----------
    weights : np.ndarray of shape (v, d), float32
    intercept : np.ndarray of shape (d,), float64
    alpha : float
    errors : np.ndarray of shape (alphas,), float64
        Mean squared leave-one-out error, in the order of ``alphas``.
    alphas : tuple of float
        The alphas that were compared.
    """

    weights: np.ndarray
    intercept: np.ndarray
    alpha: float
    errors: np.ndarray
    alphas: tuple[float, ...]

    def predict(self, x: Any) -> np.ndarray:
        """Predict the targets; rows that are NaN throughout give NaN. (m, v) -> (m, d) float32.

        Raises
        ------
        InputError
            If ``x`` has another number of units than the regression was fitted to.
        """
        x = check_responses(x, "x", minimum_rows=0)
        if x.shape[1] != len(self.weights):
            raise InputError(
                f"x has {counted(x.shape[1], 'unit')}, the regression was fitted to "
                f"{len(self.weights)}",
                "the same units in the same order",
            )
        predicted = np.empty((len(x), len(self.intercept)), dtype=np.float32)
        for block in row_blocks(*x.shape):
            predicted[block] = x[block].astype(np.float64) @ self.weights + self.intercept
        return predicted


def fit(x: Any, y: Any, alphas: Sequence[float] = ALPHAS) -> Ridge:
    """Fit ridge regressions with an intercept and keep the alpha of least leave-one-out error.

    One eigendecomposition, of the Gram matrix (n, n) or of the covariance (v, v), whichever
    is smaller, serves all alphas. With the centred x = U S V' the residual of a row is
    e = y - UU'y + U a/(S^2 + a) U'y, and its residual had it been left out, its share of the
    intercept included, is e / (1 - 1/n - sum_j U_ij^2 S_j^2/(S_j^2 + a)).

    Parameters
    ----------
    x : array_like of shape (n, v)
        Finite responses. Columns need not be scaled; constant ones get the weight 0.
    y : array_like of shape (n, d)
        Finite targets, such as embeddings.
    alphas : sequence of float
        Strengths of the regularisation, positive; of equals the one that stands first is kept.

    Returns
    -------
    Ridge

    Raises
    ------
    InputError
        On missing or infinite values, fewer than two rows, x and y of different lengths,
        no alpha, or alphas that are not positive.

    Source: Rifkin & Lippert (2007), MIT-CSAIL-TR-2007-025; the alphas, errors and weights
    are those of scikit-learn's ``RidgeCV(alphas)``.
    """
    x, y = complete(x, "x"), complete(y, "y")
    check_same_length(len(y), len(x), "y", "x")
    grid = checked_alphas(alphas)
    x, x_mean = centred(x)
    y, y_mean = centred(y)
    scale = np.abs(y).max(axis=0)
    scale[scale == 0] = 1.0
    y /= scale
    spectrum = decompose(x, y)
    errors = _leave_one_out(spectrum, grid, scale)
    alpha = float(grid[(errors <= errors.min() * (1 + EQUAL)).argmax()])
    weights = (weights_at(x, spectrum, alpha) * scale).astype(np.float32)
    intercept = y_mean - x_mean @ weights
    return Ridge(weights, intercept, alpha, errors, tuple(grid.tolist()))


class Spectrum(NamedTuple):
    """Left singular vectors (n, r) of x, its squared singular values (r,), U'y (r, d).

    ``axes`` (v, r) are the right singular vectors where the covariance was decomposed.
    ``outside`` (n, d) is the part of y beyond the span of x, ``freedom`` (n,) is what the
    full span leaves of each row; both are 0 (``outside`` None) where x spans everything.
    """

    left: np.ndarray
    power: np.ndarray
    projected: np.ndarray
    axes: np.ndarray | None
    outside: np.ndarray | None
    freedom: np.ndarray

    def residuals(self, alpha: float) -> np.ndarray:
        """Leave-one-out residuals at an alpha. (n, d) float64."""
        shrinkage = alpha / (self.power + alpha)
        residual = self.left @ (shrinkage[:, None] * self.projected)
        if self.outside is not None:
            residual += self.outside
        return residual / (self.freedom + self.left**2 @ shrinkage)[:, None]


def complete(array: Any, name: str) -> np.ndarray:
    """Rows (n, k) in which nothing is missing, checked.

    Raises
    ------
    InputError
        As ``core.validation.check_responses``; if a value is missing.
    """
    array = check_responses(array, name)
    missing = np.flatnonzero(np.isnan(array[:, 0]))
    if len(missing):
        raise InputError(
            f"{name} holds NaN in {counted(len(missing), 'row')}: {enumerate_names(missing)}",
            "finite numbers",
            "Leave these rows out of x and y.",
        )
    return array


def checked_alphas(alphas: Sequence[float]) -> np.ndarray:
    """Alphas as an array (a,) float64; InputError unless all are positive and there is one."""
    grid = np.atleast_1d(np.asarray(alphas, dtype=np.float64))
    if grid.ndim != 1 or grid.size == 0:
        raise InputError(f"alphas has the shape {grid.shape}", "a list of at least one number")
    wrong = grid[~(np.isfinite(grid) & (grid > 0))]
    if len(wrong):
        raise InputError(f"alphas holds {enumerate_names(wrong)}", "positive finite numbers")
    return grid


def centred(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns less their means (n, k), and the means (k,), float64; constant columns are 0."""
    constant = (array == array[0]).all(axis=0)
    mean = array.mean(axis=0, dtype=np.float64)
    centred = np.subtract(array, mean, dtype=np.float64)
    centred[:, constant] = 0.0
    return centred, mean


def decompose(x: np.ndarray, y: np.ndarray) -> Spectrum:
    """What serves every alpha, from centred responses (n, v) and targets (n, d), float64."""
    n, v = x.shape
    wide = n <= v
    power, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    kept = power > power[-1] * np.finfo(np.float64).eps * max(n, v)
    kept &= power > 0
    if wide and kept.sum() == n:
        kept[0] = False
    power, vectors = power[kept], vectors[:, kept]
    left = vectors if wide else (x @ vectors) / np.sqrt(power)
    projected = left.T @ y
    axes = None if wide else vectors
    if len(power) == n - 1:
        return Spectrum(left, power, projected, axes, None, np.zeros(n))
    freedom = 1.0 - 1.0 / n - np.einsum("ij,ij->i", left, left)
    outside = y - left @ projected
    return Spectrum(left, power, projected, axes, outside, np.maximum(freedom, 0.0))


def _leave_one_out(spectrum: Spectrum, grid: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Mean squared leave-one-out errors of targets times ``scale``. (alphas,) float64."""
    squares = spectrum.left**2
    shrinkage = grid / (spectrum.power[:, None] + grid)
    leverage = spectrum.freedom[:, None] + squares @ shrinkage
    del squares
    errors = _squared_errors(spectrum, shrinkage, leverage, scale, np.float32)
    near = errors <= errors.min() * (1 + NEAR_TIE)
    if near.sum() > 1:
        tied = (shrinkage[:, near], leverage[:, near])
        errors[near] = _squared_errors(spectrum, *tied, scale, np.float64)
    return errors


def _squared_errors(
    spectrum: Spectrum,
    shrinkage: np.ndarray,
    leverage: np.ndarray,
    scale: np.ndarray,
    dtype: type[np.floating],
) -> np.ndarray:
    """Mean over rows and targets, for each column of ``shrinkage``. (a,) float64."""
    left = spectrum.left.astype(dtype, copy=False)
    outside = None if spectrum.outside is None else spectrum.outside.astype(dtype, copy=False)
    projected = spectrum.projected.astype(dtype, copy=False)
    residual = np.empty((len(left), projected.shape[1]), dtype=dtype)
    errors = np.empty((shrinkage.shape[1], projected.shape[1]))
    shrinkage, freedom = shrinkage.astype(dtype), (1.0 / leverage).astype(dtype)
    for row, (shrunk, free) in enumerate(zip(shrinkage.T, freedom.T, strict=True)):
        np.matmul(left, shrunk[:, None] * projected, out=residual)
        if outside is not None:
            residual += outside
        residual *= free[:, None]
        errors[row] = np.einsum("ij,ij->j", residual, residual) / len(left)
    return (errors * scale**2).mean(axis=1)


def weights_at(x: np.ndarray, spectrum: Spectrum, alpha: float) -> np.ndarray:
    """Weights (v, d) at an alpha."""
    power = spectrum.power[:, None]
    if spectrum.axes is not None:
        return spectrum.axes @ (np.sqrt(power) / (power + alpha) * spectrum.projected)
    # Rounding grows by the largest over the smallest regularised power.
    tame = power.max(initial=0) < TAME * (power.min(initial=np.inf) + alpha)
    dtype: type[np.floating] = np.float32 if tame else np.float64
    dual = (spectrum.projected / (power + alpha)).astype(dtype)
    return x.T.astype(dtype) @ (spectrum.left.astype(dtype) @ dual)
