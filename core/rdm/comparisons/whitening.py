"""Whitening of RDMs: cells of the same stimulus share its noise, and count less for that.

The covariance V of the cells is (p, p); for what its inverse gives, matrices (n, n) suffice. A
squared distance is c' G c, with G the second moments of the patterns and c the contrast of two
stimuli. With S the covariance of the pattern estimates, the product d' V^-1 e is, up to a factor
that cancels, that of the smallest S^-1/2 G S^-1/2 that give d and e: -D / 2, centred.
"""

from __future__ import annotations

import numpy as np

from core.errors import InputError
from core.rdm.comparisons.vectors import count_stimuli, square

SQRT_2 = float(np.sqrt(2.0))


def whiten(
    vectors: np.ndarray, defined: np.ndarray | None, covariance: np.ndarray | None
) -> np.ndarray:
    """Vectors whose products are those of the RDMs under the inverse covariance of their cells.

    Parameters
    ----------
    vectors : np.ndarray of shape (k, d), float64
        RDMs over the defined cells.
    defined : bool array of shape (p,), or None
        Which of all cells these are; None for all.
    covariance : np.ndarray of shape (n,) or (n, n), or None
        Of the pattern estimates: their variances, or all of it; None for the identity.

    Returns
    -------
    np.ndarray of shape (k, d + n), float64

    Raises
    ------
    InputError
        If cells are missing under a full covariance: then no small matrix suffices.

    Source: Diedrichsen, Berlot, Mur, Schuett, Shahbazi & Kriegeskorte (2020), 'Comparing
    representational geometries using whitened unbiased-distance-matrix similarity', eqs. 9-14;
    equal to linear CKA without a covariance.
    """
    if defined is not None and not defined.all():
        return _whiten_defined(vectors, defined, covariance)
    pairs, n = vectors.shape[1], count_stimuli(vectors.shape[1])
    root, direction = _root_of(n, covariance)
    whitened = np.empty((len(vectors), pairs + n))
    for row, vector in zip(whitened, vectors, strict=True):
        row[:pairs], row[pairs:] = vector, 0.0
        matrix = square(vector)
        if root is not None:
            matrix = root @ matrix @ root.T if root.ndim == 2 else matrix * root[:, None] * root
            row[pairs:] = np.diagonal(matrix)
            row[:pairs] = square(matrix)
        along = matrix @ direction
        along -= (direction @ along / 2) * direction
        _subtract(row[:pairs], along, direction)
        row[:pairs] *= SQRT_2
        row[pairs:] -= 2.0 * along * direction
    return whitened


def _root_of(n: int, covariance: np.ndarray | None) -> tuple[np.ndarray | None, np.ndarray]:
    """Inverse root of the covariance, (n,) or (n, n), and the unit vector of its centring (n,).

    What is centred is P M P with P = 1 - u u': of equal variances, means of rows and columns.
    """
    if covariance is None:
        return None, np.full(n, n**-0.5)
    if covariance.ndim == 1:
        root = 1.0 / np.sqrt(covariance)
        return root, root / np.linalg.norm(root)
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    shares = root.sum(axis=1)
    return root, shares / np.linalg.norm(shares)


def _subtract(vector: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """Subtract x_i y_j + x_j y_i, in place, from each cell (i, j) above the diagonal. (p,)"""
    start = 0
    for i in range(len(x) - 1):
        stop = start + len(x) - 1 - i
        vector[start:stop] -= x[i] * y[i + 1 :] + y[i] * x[i + 1 :]
        start = stop


def _whiten_defined(
    vectors: np.ndarray, defined: np.ndarray, covariance: np.ndarray | None
) -> np.ndarray:
    """The same where cells are missing: these may hold whatever makes the rest smallest.

    What is taken out of rows and columns solves n linear equations.
    """
    from scipy.linalg import cho_factor, cho_solve

    n, pairs = count_stimuli(len(defined)), vectors.shape[1]
    if covariance is not None and covariance.ndim == 2:
        raise InputError(
            f"The RDMs miss {np.count_nonzero(~defined)} single cells",
            "all cells of the stimuli, where their covariance is a matrix",
            "Give the variances of the stimuli alone, or leave these stimuli out.",
        )
    precision = np.ones(n) if covariance is None else 1.0 / covariance
    weights = square(np.outer(precision, precision))
    system = square(np.where(defined, weights, 0.0))
    system.flat[:: n + 1] = system.sum(axis=1) + 2.0 * precision**2
    factor = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
    whitened = np.empty((len(vectors), pairs + n))
    cells = np.zeros(len(defined))
    for row, vector in zip(whitened, vectors, strict=True):
        cells[:] = 0.0
        cells[defined] = vector
        sides = square(cells * weights).sum(axis=1)
        shares = cho_solve(factor, sides, check_finite=False)
        _subtract(cells, shares, np.ones(n))
        row[:pairs] = SQRT_2 * (np.sqrt(weights) * cells)[defined]
        row[pairs:] = -2.0 * precision * shares
    return whitened


def check_covariance(covariance: object, n: int) -> np.ndarray | None:
    """The covariance of the pattern estimates, (n,) or (n, n) float64, or None.

    Raises
    ------
    InputError
        If it has another shape, or is not positive definite.
    """
    if covariance is None:
        return None
    array = np.asarray(covariance, dtype=np.float64)
    if array.shape not in ((n,), (n, n)):
        raise InputError(
            f"The covariance has the shape {array.shape}", f"({n},), variances, or ({n}, {n})"
        )
    if not np.isfinite(array).all():
        raise InputError("The covariance holds NaN or infinite values", "finite values")
    is_symmetric = array.ndim == 1 or np.allclose(array, array.T, rtol=1e-6)
    least = array.min() if array.ndim == 1 else np.linalg.eigvalsh(array)[0]
    if not is_symmetric or least <= 0:
        raise InputError(
            "The covariance is not positive definite"
            if is_symmetric
            else "The covariance is not symmetric",
            "that of pattern estimates, none of them without variance",
        )
    return array
