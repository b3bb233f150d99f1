"""Banded ridge: every band of features with an alpha of its own, for every unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import ridge
from core.encoding.solvers.ridge import checked
from core.encoding.solvers.search import InnerFolds, Rows, by_features, spectrum
from core.validation import check_same_length

DRAWS = 10


@dataclass(frozen=True, eq=False)
class BandedRidge:
    """A fitted banded ridge regression of many units.

    Attributes
    ----------
    weights : dict of str to np.ndarray of shape (p, v), float32
    intercept : np.ndarray of shape (v,), float64
    alphas : dict of str to np.ndarray of shape (v,)
        Infinite where a unit takes nothing of a band; NaN of a unit that does not vary.
    """

    weights: dict[str, np.ndarray]
    intercept: np.ndarray
    alphas: dict[str, np.ndarray]

    def predict(self, bands: Mapping[str, Any], only: Iterable[str] | None = None) -> np.ndarray:
        """Predict every unit, from some bands alone where they are named. (m, v) float32"""
        names = list(self.weights if only is None else only)
        parts = [np.asarray(bands[b], dtype=np.float32) @ self.weights[b] for b in names]
        return np.asarray(np.sum(parts, axis=0) + self.intercept, dtype=np.float32)


def shares_of(bands: int, draws: int, seed: int) -> np.ndarray:
    """Shares of the bands to compare: each alone, all alike, then drawn. (., bands), sum 1

    Source: Dupré la Tour et al. (2022), NeuroImage 264:119728 (Dirichlet, random search).
    """
    drawn = np.random.default_rng([seed, 4]).dirichlet(np.ones(bands), draws)
    return np.concatenate([np.eye(bands), np.full((1, bands), 1 / bands), drawn])


def fit_bands(
    bands: Mapping[str, Any],
    y: Any,
    alphas: Sequence[float],
    inner: Sequence[Rows],
    draws: int = DRAWS,
    seed: int = 0,
    shares: np.ndarray | None = None,
) -> BandedRidge:
    """Fit a banded ridge regression with an intercept to every unit.

    The regularisation of band b is alpha / share_b; shares and alpha are those of the least mean
    squared error over inner folds, of random shares and of the alphas.

    Parameters
    ----------
    bands : mapping of str to array_like of shape (n, p)
        Finite features.
    y : array_like of shape (n, v)
        Finite responses.
    alphas : sequence of float
    inner : sequence of (int array, int array)
        Inner folds, rows to fit on and rows to compare on.
    draws : int
        How many shares are drawn beside each band alone and all alike.
    seed : int
    shares : np.ndarray of shape (k, bands), optional
        Instead of drawn ones.

    Returns
    -------
    BandedRidge

    Source: Nunez-Elizalde, Huth & Gallant (2019), NeuroImage 197:482-492; the search is that of
    himalaya's ``GroupRidgeCV(solver="random_search")``.
    """
    features = {name: ridge.complete(rows, name) for name, rows in bands.items()}
    y = ridge.complete(y, "y")
    for name, rows in features.items():
        check_same_length(len(rows), len(y), name, "y")
    grid = ridge.checked_alphas(alphas)
    tried = shares_of(len(bands), draws, seed) if shares is None else np.asarray(shares)
    folds = InnerFolds(features, checked(inner, len(y)))
    place, alpha = _search(folds, y, tried, grid)
    alpha = np.where(y.max(axis=0) > y.min(axis=0), alpha, np.nan)
    (fitted,) = _fit_at(features, [y], tried[place], alpha)
    return fitted


def refit(
    bands: Mapping[str, Any], responses: Iterable[Any], alphas: Mapping[str, np.ndarray]
) -> Iterator[BandedRidge]:
    """Fit other responses to the same features, with the alphas of each band that are known.

    Parameters
    ----------
    bands : mapping of str to array_like of shape (n, p)
    responses : iterable of array_like of shape (n, v)
    alphas : mapping of str to np.ndarray of shape (v,)
        As of a ``BandedRidge``.
    """
    features = {name: ridge.complete(rows, name) for name, rows in bands.items()}
    # 1 / alpha of a band is its share over the alpha of all.
    inverse = np.stack([1.0 / alphas[name] for name in features], axis=1)
    total = inverse.sum(axis=1)
    unknown = ~np.isfinite(total) | (total == 0)
    shares = np.where(
        unknown[:, None], 1 / len(features), inverse / np.where(unknown, 1, total)[:, None]
    )
    alpha = np.where(unknown, np.nan, 1.0 / np.where(unknown, 1, total))
    yield from _fit_at(features, [ridge.complete(y, "y") for y in responses], shares, alpha)


def _fit_at(
    features: Mapping[str, np.ndarray],
    responses: Sequence[np.ndarray],
    shares: np.ndarray,
    alpha: np.ndarray,
) -> Iterator[BandedRidge]:
    """Fit each of some responses at the shares (v, bands) and alphas (v,) of every unit."""
    final = _Final(features)
    strength = np.where(np.isfinite(alpha), alpha, 1.0)
    weights = final.weights(responses, shares, strength)
    with np.errstate(divide="ignore"):
        alphas = {name: alpha / shares[:, k] for k, name in enumerate(features)}
    ends = np.cumsum([0, *(rows.shape[1] for rows in features.values())])
    for y, own in zip(responses, weights, strict=True):
        intercept = y.mean(axis=0, dtype=np.float64) - final.mean @ own
        parts = {name: own[ends[k] : ends[k + 1]] for k, name in enumerate(features)}
        yield BandedRidge(parts, intercept, alphas)


def _search(
    folds: InnerFolds, y: np.ndarray, tried: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Place of the shares, and alpha, of the least error of each unit. Two (v,)"""
    # All units at once: a decomposition for each of the shares serves every one.
    with_units = folds.of_units(y, np.float32)
    least = np.full(y.shape[1], np.inf)
    place, alpha = np.zeros(y.shape[1], dtype=np.intp), np.full(y.shape[1], grid[0])
    for number, shares in enumerate(tried):
        errors = np.mean([fold.errors(shares, grid) for fold in with_units], axis=0)
        best = errors.argmin(axis=0)
        lowest = errors[best, np.arange(len(best))]
        better = lowest < least
        place[better], alpha[better] = number, grid[best[better]]
        least[better] = lowest[better]
    return place, alpha


class _Final:
    """All rows, to fit the weights at the shares and alphas that were chosen."""

    def __init__(self, bands: Mapping[str, np.ndarray]) -> None:
        centred = [ridge.centred(rows) for rows in bands.values()]
        self.x = np.hstack([rows for rows, _ in centred])
        self.mean = np.concatenate([mean for _, mean in centred])
        self.band = np.repeat(np.arange(len(centred)), [rows.shape[1] for rows, _ in centred])
        self.is_by_features = by_features(bands)
        if self.is_by_features:
            self.gram = self.x.T @ self.x
        else:
            self.kernels = np.stack([rows @ rows.T for rows, _ in centred])

    def weights(
        self, responses: Sequence[np.ndarray], shares: np.ndarray, alpha: np.ndarray
    ) -> list[np.ndarray]:
        """Weights of the features, band after band, for each of some responses. (p, v) float32"""
        weights = [np.zeros((len(self.band), len(alpha)), dtype=np.float32) for _ in responses]
        distinct, place = np.unique(shares.round(12), axis=0, return_inverse=True)
        for number, share in enumerate(distinct):
            units = np.flatnonzero(place.ravel() == number)
            scale = share[self.band]
            if self.is_by_features:
                root = np.sqrt(scale)
                power, vectors = spectrum(self.gram * np.outer(root, root))
                towards, back = (self.x @ (root[:, None] * vectors)).T, root[:, None] * vectors
            else:
                power, towards_images = spectrum(np.tensordot(share, self.kernels, 1))
                towards = towards_images.T
                back = scale[:, None] * (self.x.T @ towards_images)
            for own, y in zip(weights, responses, strict=True):
                centred = ridge.centred(y[:, units])[0]
                own[:, units] = back @ (towards @ centred / (power[:, None] + alpha[units]))
        return weights
