"""Principal components and classical scaling, exact and with fixed signs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from core.validation import row_blocks

# Up to this many rows or columns the whole matrix is decomposed, beyond only its first axes.
DECOMPOSED_WHOLE = 800


class Components(NamedTuple):
    """Scores (m, k) float64 on the principal axes, and the share of the variance of each (k,)."""

    scores: np.ndarray
    shares: np.ndarray


def principal(rows: np.ndarray, k: int) -> Components:
    """First principal components; columns of zeros stand for those that do not exist. (m, d)."""
    mean = rows.mean(axis=0, dtype=np.float64)
    m, d = rows.shape
    axes = max(1, min(k, m - 1, d))
    if min(m, d) <= DECOMPOSED_WHOLE:
        values, scores, total = _by_products(rows, mean, axes)
    else:
        values, scores, total = _by_iteration(rows, mean, axes)
    padded = np.zeros((m, k))
    padded[:, :axes] = oriented(scores)
    shares = np.zeros(k)
    shares[:axes] = values / total if total > 0 else 0.0
    return Components(padded, shares)


def classical(distances: np.ndarray) -> np.ndarray:
    """Classical scaling of a distance matrix (m, m) to (m, 2).

    An axis with a negative eigenvalue, which distances that are not Euclidean can have, is 0.

    Source: Torgerson (1952), Psychometrika 17; Gower (1966), Biometrika 53.
    """
    squares = np.square(distances)
    m = len(squares)
    row_means = squares.mean(axis=1, dtype=np.float64)
    if m <= DECOMPOSED_WHOLE:
        mean = row_means.mean()
        products = -0.5 * (squares - row_means[:, None] - row_means + mean)
        values, vectors = _top_of(products, 2)
    else:
        values, vectors = _top_by_iteration(lambda v: -0.5 * _centre(squares @ _centre(v)), m, 2)
    return oriented(vectors * np.sqrt(np.maximum(values, 0.0)))


def oriented(coordinates: np.ndarray) -> np.ndarray:
    """Flip each axis so that its point farthest from 0 is on the positive side."""
    farthest = coordinates[np.abs(coordinates).argmax(axis=0), np.arange(coordinates.shape[1])]
    return np.asarray(coordinates * np.where(farthest < 0, -1.0, 1.0))


def _by_products(
    rows: np.ndarray, mean: np.ndarray, axes: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """From the smaller of the two matrices of products, summed in float64."""
    m, d = rows.shape
    if d > m:
        centred = rows - mean
        products = centred @ centred.T
        values, vectors = _top_of(products, axes)
        return values, vectors * np.sqrt(np.maximum(values, 0.0)), float(np.trace(products))
    products = np.zeros((d, d))
    for block in row_blocks(m, d):
        centred = rows[block] - mean
        products += centred.T @ centred
    values, vectors = _top_of(products, axes)
    scores = np.empty((m, axes))
    for block in row_blocks(m, d):
        scores[block] = (rows[block] - mean) @ vectors
    return values, scores, float(np.trace(products))


def _by_iteration(
    rows: np.ndarray, mean: np.ndarray, axes: int
) -> tuple[np.ndarray, np.ndarray, float]:
    m, d = rows.shape
    narrow = mean.astype(rows.dtype)
    total = sum(float(np.square(rows[block] - mean).sum()) for block in row_blocks(m, d))

    def to_rows(v: np.ndarray) -> np.ndarray:
        return np.asarray(rows @ v - narrow @ v, dtype=np.float64)

    def to_columns(u: np.ndarray) -> np.ndarray:
        return np.asarray(u @ rows - u.sum() * narrow, dtype=np.float64)

    def cast(v: np.ndarray) -> np.ndarray:
        return v.astype(rows.dtype)

    if d > m:
        values, vectors = _top_by_iteration(lambda u: to_rows(cast(to_columns(cast(u)))), m, axes)
        return values, vectors * np.sqrt(np.maximum(values, 0.0)), total
    values, vectors = _top_by_iteration(lambda v: to_columns(cast(to_rows(cast(v)))), d, axes)
    return values, np.stack([to_rows(cast(v)) for v in vectors.T], axis=1), total


def _top_of(symmetric: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalues, largest first, and their vectors."""
    from scipy.linalg import eigh

    n = len(symmetric)
    values, vectors = eigh(symmetric, subset_by_index=[n - k, n - 1])
    return values[::-1], vectors[:, ::-1]


def _top_by_iteration(multiply: Any, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = LinearOperator((n, n), matvec=lambda v: multiply(v.ravel()), dtype=np.float64)
    # A fixed start makes the result the same in every run.
    start = np.random.default_rng(0).standard_normal(n)
    values, vectors = eigsh(operator, k, which="LA", v0=start, tol=1e-7)
    order = np.argsort(values)[::-1]
    return values[order], vectors[:, order]


def _centre(v: np.ndarray) -> np.ndarray:
    return v - v.mean()
