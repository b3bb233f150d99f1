"""The score when only the first components of the responses get through."""

from __future__ import annotations

import numpy as np

from core.decoders import Run
from core.decoders.training.data import Data
from core.trust.identification import two_way

WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def bottleneck(run: Run, data: Data) -> list[dict[str, float]]:
    """Two-way identification from the first principal components of the responses.

    Components are those of the standardised responses to training images; test responses are
    projected on them and given to the decoder as it is. For one that is linear with the same
    shrinkage of every component, such as ridge, that is what training through the
    bottleneck gives; for others it is a lower bound.

    Returns
    -------
    list of dict
        ``components``, the share of ``variance`` of the training responses, and ``value``.

    Source: Mayo et al. (2024), BrainBits, arXiv:2411.02783, with principal components.
    """
    trials = run.config.training["trials"]
    training = data.rows(data.fold.train, trials, run.scaling)
    test = data.rows(data.fold.test, "mean", run.scaling)
    mean = training.x.mean(axis=0, dtype=np.float64)
    axes, variance = principal_axes(training.x - mean)
    reached = np.cumsum(variance) / variance.sum()
    rows = []
    for width in sorted({*(w for w in WIDTHS if w < len(axes)), len(axes)}):
        through = (test.x - mean) @ axes[:width].T @ axes[:width] + mean
        predicted = run.predict(through.astype(np.float32), test.subject)
        value = float(np.nanmean(two_way(run, data, predicted)))
        rows.append({"components": width, "variance": float(reached[width - 1]), "value": value})
    return rows


def principal_axes(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Principal axes (k, v) of centred rows (n, v), and what varies along each (k,).

    From the smaller of both matrices of products; axes along which nothing varies are left out.
    """
    centred = np.asarray(centred, dtype=np.float64)
    n, v = centred.shape
    products = centred @ centred.T if n < v else centred.T @ centred
    variance, vectors = np.linalg.eigh(products)
    kept = np.flatnonzero(variance > variance[-1] * max(n, v) * np.finfo(float).eps)[::-1]
    variance, vectors = variance[kept], vectors[:, kept]
    axes = (centred.T @ vectors / np.sqrt(variance)).T if n < v else vectors.T
    return axes, variance


def needed(rows: list[dict[str, float]], whole: float, chance: float, share: float = 0.9) -> int:
    """The fewest components that reach such a share of the score above chance."""
    enough = [row for row in rows if row["value"] - chance >= share * (whole - chance)]
    return int(enough[0]["components"]) if enough else int(rows[-1]["components"])
