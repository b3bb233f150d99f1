"""Ridge regression whose predictions are whitened by what it fails to predict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import ridge
from core.errors import InputError
from core.validation import check_same_length
from core.vectors import unit_rows

SHRINKAGES: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
FOLDS = 5
# So many rows of a fold, drawn at random, are identified among their images.
MOST_HELD = 1000
FEWEST_GROUPS = 4


@dataclass(frozen=True, eq=False)
class WhitenedRidge:
    """A fitted whitened ridge.

    Attributes
    ----------
    weights : np.ndarray of shape (v, d), float32
    intercept : np.ndarray of shape (d,), float64
    alpha, shrinkage : float
        Those with the best identification.
    scores : np.ndarray of shape (alphas, shrinkages), float64
        Two-way identification over the folds, chance .5.
    """

    weights: np.ndarray
    intercept: np.ndarray
    alpha: float
    shrinkage: float
    scores: np.ndarray


def fit(
    x: Any,
    y: Any,
    groups: Any,
    alphas: Sequence[float] = ridge.ALPHAS,
    shrinkages: Sequence[float] = SHRINKAGES,
) -> WhitenedRidge:
    """Fit a ridge regression and multiply its predictions by the inverse residual covariance.

    Where targets given responses are Gaussian, y ~ N(f(x), S), candidates are told apart by the
    log density ratio log p(y|x) - log p(y), whose part that joins x and y is f(x)' S^-1 y. S is
    the covariance of the leave-one-out residuals R, shrunk to a multiple of the identity,
    S = (1 - l) R'R/n + l tr(R'R)/(nd) I; at l = 1 directions are those of ridge. A residual leaves
    out one row: other trials of its image stay, as they do when ridge chooses alpha. Alpha and l
    are those of the best two-way identification by cosine over folds of the rows themselves, each
    with a regression and a covariance of its own. Predictions point to the target; they do not
    estimate it.

    Parameters
    ----------
    x : array_like of shape (n, v)
        Finite responses.
    y : array_like of shape (n, d)
        Finite targets; rows of length one where cosine is to compare them.
    groups : array_like of shape (n,)
        Rows of one group, such as trials of an image, stay in one fold and are not told apart.
    alphas : sequence of float
        Strengths of the regularisation, positive.
    shrinkages : sequence of float
        Above 0, at most 1.

    Returns
    -------
    WhitenedRidge

    Raises
    ------
    InputError
        As ``core.ridge.fit``; with fewer than four groups; if a shrinkage is out of range.

    Source: the density ratio is what InfoNCE estimates, van den Oord et al. (2018),
    arXiv:1807.03748, Eq. 5; shared covariance as in linear discriminant analysis, shrunk as by
    Friedman (1989), J. Am. Stat. Assoc. 84:165-175, Eq. 18.
    """
    x, y = ridge.complete(x, "x"), ridge.complete(y, "y")
    check_same_length(len(y), len(x), "y", "x")
    grid, levels = ridge.checked_alphas(alphas), _checked(shrinkages)
    groups = np.unique(np.asarray(groups), return_inverse=True)[1]
    check_same_length(len(groups), len(x), "groups", "x")
    if groups.max() + 1 < FEWEST_GROUPS:
        raise InputError(
            f"The rows are of {groups.max() + 1} groups, too few to choose the shrinkage",
            f"at least {FEWEST_GROUPS} images",
            "Take ridge, or more training images.",
        )
    scores = np.zeros((len(grid), len(levels)))
    for held in _held_out(groups):
        scores += _identified(x, y, groups, held, grid, levels)
    row, column = np.unravel_index(scores.argmax(), scores.shape)
    alpha, shrinkage = float(grid[row]), float(levels[column])
    x, x_mean = ridge.centred(x)
    y, y_mean = ridge.centred(y)
    spectrum = ridge.decompose(x, y)
    values, axes = _covariance(spectrum.residuals(alpha))
    whitening = (axes / _shrunk(values, shrinkage)) @ axes.T
    weights = (ridge.weights_at(x, spectrum, alpha) @ whitening).astype(np.float32)
    intercept = y_mean @ whitening - x_mean @ weights
    return WhitenedRidge(weights, intercept, alpha, shrinkage, scores / len(groups))


def _checked(shrinkages: Sequence[float]) -> np.ndarray:
    levels = np.asarray(shrinkages, dtype=np.float64)
    if levels.ndim != 1 or not levels.size or not ((levels > 0) & (levels <= 1)).all():
        raise InputError(f"shrinkages are {shrinkages}", "numbers above 0 and at most 1")
    return levels


def _held_out(groups: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of each fold, whole groups of them; two groups or more in each. Always the same."""
    count = groups.max() + 1
    fold = np.random.default_rng(0).permutation(count) % min(FOLDS, count // 2)
    for number in range(fold.max() + 1):
        yield fold[groups] == number


def _identified(
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    held: np.ndarray,
    alphas: np.ndarray,
    shrinkages: np.ndarray,
) -> np.ndarray:
    """Two-way identification of held-out rows, times their number. (alphas, shrinkages)"""
    rest_x, x_mean = ridge.centred(x[~held])
    rest_y, y_mean = ridge.centred(y[~held])
    spectrum = ridge.decompose(rest_x, rest_y)
    rows = np.flatnonzero(held)
    chosen = np.random.default_rng(0).permutation(rows)[:MOST_HELD]
    _, first, right = np.unique(groups[chosen], return_index=True, return_inverse=True)
    projected = _onto(x[chosen] - x_mean, rest_x, spectrum)
    candidates = unit_rows(y[chosen[first]])
    scores = np.empty((len(alphas), len(shrinkages)))
    for place, alpha in enumerate(alphas):
        shrunk = spectrum.projected / (spectrum.power[:, None] + alpha)
        values, axes = _covariance(spectrum.residuals(alpha))
        predicted = (projected @ shrunk + y_mean) @ axes
        seen = (candidates @ axes).astype(np.float32)
        for column, shrinkage in enumerate(shrinkages):
            similarity = (predicted / _shrunk(values, shrinkage)).astype(np.float32) @ seen.T
            scores[place, column] = _two_way(similarity, right)
    return scores * len(rows)


def _onto(x: np.ndarray, rest: np.ndarray, spectrum: ridge.Spectrum) -> np.ndarray:
    """Inner products of rows (q, v) with the directions of a decomposition. (q, r)"""
    if spectrum.axes is None:
        return np.asarray((x @ rest.T) @ spectrum.left)
    return np.asarray((x @ spectrum.axes) * np.sqrt(spectrum.power))


def _covariance(residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (d,), their mean 1, and axes (d, d) of the covariance of residuals around 0."""
    values, axes = np.linalg.eigh(residuals.T @ residuals)
    values = np.maximum(values, 0.0)
    mean = values.mean()
    return (values / mean if mean else np.ones_like(values)), axes


def _shrunk(values: np.ndarray, shrinkage: float) -> np.ndarray:
    return (1.0 - shrinkage) * values + shrinkage


def _two_way(similarity: np.ndarray, right: np.ndarray) -> float:
    """Mean share of the other candidates that are less similar than the right one, ties half.

    Chance where there is no other, as when thousands of trials of few images are drawn from.
    """
    if similarity.shape[1] < 2:
        return 0.5
    own = similarity[np.arange(len(right)), right][:, None]
    beaten = (own > similarity).sum() + ((own == similarity).sum() - len(right)) / 2
    return float(beaten) / len(right) / (similarity.shape[1] - 1)
