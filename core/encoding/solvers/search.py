"""Errors of ridge regressions over inner folds, for every unit and alpha, from products alone.

With the training rows of a fold centred, X = U S V', and A = V'X'Y, the weights at an alpha are
V A / (S^2 + alpha). The squared error over the validation rows (less the means of the training
rows) is then y'y - 2 z'B + z'H z with z = A / (S^2 + alpha), H = V'X_v'X_v V, B = V'X_v'Y_v: all
of the size of the features, not of the images. Where there are more features than images it is
the squares of Y_v - X_v V z. Bands enter with their features times the root of their share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

Rows = tuple[np.ndarray, np.ndarray]
# Units at once: their products with all features stay in some 100 MB.
UNITS_AT_ONCE = 2048


class GramSpectrum(NamedTuple):
    """Squared singular values (r,) and singular vectors (., r) of a Gram matrix, rank r."""

    power: np.ndarray
    vectors: np.ndarray


class FeatureFold(NamedTuple):
    """A fold by its products over features: of training and of validation rows.

    ``gram``, ``held_gram`` (p, p), ``cross``, ``held_cross`` (p, v), ``squares`` (v,), of
    ``held`` validation rows; ``band`` (p,) is the number of the band of each feature.
    """

    gram: np.ndarray
    cross: np.ndarray
    held_gram: np.ndarray
    held_cross: np.ndarray
    squares: np.ndarray
    held: int
    band: np.ndarray

    def errors(self, shares: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        """Mean squared errors of every unit. (alphas, v)"""
        scale = np.sqrt(shares)[self.band]
        power, vectors = spectrum(self.gram * np.outer(scale, scale))
        axes = (scale[:, None] * vectors).astype(self.cross.dtype)
        along, held = axes.T @ self.cross, axes.T @ self.held_cross
        inner = (axes.T @ self.held_gram.astype(axes.dtype)) @ axes
        errors = np.empty((len(alphas), self.cross.shape[1]))
        for row, alpha in enumerate(alphas):
            z = along / (power + alpha).astype(axes.dtype)[:, None]
            quadratic = np.einsum("ij,ij->j", z, inner @ z - 2 * held)
            errors[row] = (self.squares + quadratic) / self.held
        return errors


class ImageFold(NamedTuple):
    """A fold by its products over images.

    ``kernels`` (bands, n, n) of all rows, ``train`` and ``rest`` rows of the fold, ``y`` and
    ``held`` (., v) their responses, less the means of the training rows.
    """

    kernels: np.ndarray
    train: np.ndarray
    rest: np.ndarray
    y: np.ndarray
    held: np.ndarray

    def errors(self, shares: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        """Mean squared errors of every unit. (alphas, v)"""
        kernel = np.tensordot(shares, self.kernels, 1)
        own, across = centred_kernel(kernel, self.train, self.rest)
        power, vectors = spectrum(own)
        along = vectors.T.astype(self.y.dtype) @ self.y
        across = (across @ vectors).astype(self.y.dtype)
        errors = np.empty((len(alphas), self.y.shape[1]))
        for row, alpha in enumerate(alphas):
            left = self.held - across @ (along / (power + alpha).astype(self.y.dtype)[:, None])
            errors[row] = np.einsum("ij,ij->j", left, left) / len(left)
        return errors


def centred_kernel(
    kernel: np.ndarray, train: np.ndarray, rest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Products of features less their mean over training rows: (n, n) and (m, n)."""
    own = kernel[np.ix_(train, train)]
    mean, whole = own.mean(axis=0), own.mean()
    across = kernel[np.ix_(rest, train)]
    across = across - across.mean(axis=1, keepdims=True) - mean + whole
    return own - mean - mean[:, None] + whole, across


def spectrum(gram: np.ndarray) -> GramSpectrum:
    """Of a Gram matrix, what is above rounding."""
    power, vectors = np.linalg.eigh(gram)
    kept = power > max(power[-1], 0.0) * np.finfo(np.float64).eps * len(power)
    return GramSpectrum(power[kept], vectors[:, kept])


def by_features(bands: Mapping[str, np.ndarray]) -> bool:
    """Whether products over features are smaller than products over images."""
    widths = [rows.shape[1] for rows in bands.values()]
    return sum(widths) <= len(next(iter(bands.values())))


class InnerFolds:
    """What inner folds have of the features, for any units.

    Parameters
    ----------
    bands : mapping of str to np.ndarray of shape (n, p)
    inner : sequence of (int array, int array)
        Rows to fit on and rows to compare on.
    """

    def __init__(self, bands: Mapping[str, np.ndarray], inner: Sequence[Rows]) -> None:
        self.inner, self.is_by_features = list(inner), by_features(bands)
        self.features = [np.asarray(rows, dtype=np.float64) for rows in bands.values()]
        widths = [rows.shape[1] for rows in self.features]
        self.band = np.repeat(np.arange(len(widths)), widths)
        if self.is_by_features:
            self.whole = np.hstack(self.features)
            self.grams = [self._grams(*rows) for rows in self.inner]
        else:
            centred = [rows - rows.mean(axis=0) for rows in self.features]
            self.kernels = np.stack([rows @ rows.T for rows in centred])

    def _grams(self, train: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, other = self._rows(train, held)
        return x.T @ x, other.T @ other

    def _rows(self, train: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = self.whole[train].mean(axis=0)
        return self.whole[train] - mean, self.whole[held] - mean

    def of_units(self, y: np.ndarray, dtype: type[np.floating]) -> list[FeatureFold | ImageFold]:
        """The folds with the responses of some units (n, v), in single or double precision."""
        folds: list[FeatureFold | ImageFold] = []
        for number, (train, held) in enumerate(self.inner):
            mean = y[train].mean(axis=0, dtype=np.float64)
            fitted, other = ((y[rows] - mean).astype(dtype) for rows in (train, held))
            if not self.is_by_features:
                folds.append(ImageFold(self.kernels, train, held, fitted, other))
                continue
            x, x_held = self._rows(train, held)
            cross, held_cross = x.T.astype(dtype) @ fitted, x_held.T.astype(dtype) @ other
            squares = np.einsum("ij,ij->j", other, other, dtype=np.float64)
            gram, held_gram = self.grams[number]
            folds.append(
                FeatureFold(gram, cross, held_gram, held_cross, squares, len(held), self.band)
            )
        return folds

    def errors(
        self,
        y: np.ndarray,
        shares: np.ndarray,
        alphas: np.ndarray,
        dtype: type[np.floating] = np.float32,
    ) -> np.ndarray:
        """Mean over folds of the mean squared errors. (alphas, v)"""
        return np.asarray(
            np.mean([fold.errors(shares, alphas) for fold in self.of_units(y, dtype)], axis=0)
        )
