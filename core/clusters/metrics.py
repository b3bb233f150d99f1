"""Distances of k-means: each says how rows are prepared and what a centroid is.

Spherical k-means (correlation, cosine) works on rows of length 1, where the distance to a
centroid of length 1 is half their squared Euclidean distance; so all distances share one
descent over products of rows and centroids.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from core.registry import Registry
from core.validation import check_responses, complete_rows, narrowed, row_blocks
from core.vectors import check_directions, unit_rows

NOTHING_LEFT = 1e-12


@dataclass(frozen=True)
class PreparedRows:
    """The usable rows, ready for products.

    Attributes
    ----------
    rows : np.ndarray of shape (m, v), float32
    kept : np.ndarray of shape (m,), int
        Their places among all rows.
    count : int
        Number of all rows.
    missing, undefined : int
        Rows left out: NaN throughout; without a direction (constant or zero).
    total : float
        Sum of the squares of ``rows``.
    offset : np.ndarray of shape (v,)
        What was subtracted from every response.
    scale : float
        Power of two by which the responses were divided.
    """

    rows: np.ndarray
    kept: np.ndarray
    count: int
    missing: int
    undefined: int
    total: float
    offset: np.ndarray
    scale: float = 1.0

    def part(self, places: np.ndarray) -> PreparedRows:
        """Some of the prepared rows; a row may be drawn more than once."""
        rows = self.rows[places]
        total = float(np.sum(np.square(rows, dtype=np.float64)))
        return replace(self, rows=rows, kept=self.kept[places], total=total)


@dataclass(frozen=True)
class CentroidDistance(ABC):
    """A distance between a response and a centroid.

    Attributes
    ----------
    id, label, help : str
        Id of the contract; text of the widget; one explaining sentence.
    distance : str
        Name and range of the distance, for axes and tables.
    """

    id: str
    label: str
    help: str
    distance: str

    def prepare(self, responses: np.ndarray) -> PreparedRows:
        """Check responses (n, v) and prepare the usable rows."""
        responses = check_responses(complete_rows(responses), minimum_rows=1)
        missing = np.isnan(responses[:, 0])
        undefined = np.zeros(len(responses), dtype=bool)
        for block in row_blocks(*responses.shape):
            undefined[block] = self._without_direction(responses[block]) & ~missing[block]
        kept = np.flatnonzero(~(missing | undefined))
        offset, scale = self._frame(responses, kept)
        rows = np.empty((len(kept), responses.shape[1]), dtype=np.float32)
        total = 0.0
        for block in row_blocks(*rows.shape):
            rows[block] = self._ready((responses[kept[block]] - offset) / scale)
            total += float(np.sum(np.square(rows[block], dtype=np.float64)))
        left_out = int(missing.sum()), int(undefined.sum())
        return PreparedRows(rows, kept, len(responses), *left_out, total, offset, scale)

    @abstractmethod
    def bias(self, centroids: np.ndarray) -> np.ndarray:
        """What the product of a row with each centroid is lowered by, to order distances. (k,)"""

    @abstractmethod
    def centre(self, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Centroids (k, v) float64 from the sums (k, v) and counts (k,) of their rows."""

    @abstractmethod
    def objective(self, total: float, sums: np.ndarray, counts: np.ndarray) -> float:
        """Sum of the distances (Euclidean: squared) to the centroids, from sums of rows."""

    @abstractmethod
    def apart(self, rows: np.ndarray, centroids: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Distance (Euclidean: squared) of each row to its own centroid, float64. (m,)"""

    def shown(self, apart: np.ndarray, scale: float) -> np.ndarray:
        """Distances as they are shown, from ``apart``."""
        return apart

    def restore(self, centroids: np.ndarray, prepared: PreparedRows) -> np.ndarray:
        """Centroids in the units of the responses. (k, v)"""
        return narrowed(centroids * prepared.scale + prepared.offset)

    def _without_direction(self, block: np.ndarray) -> np.ndarray:
        return np.zeros(len(block), dtype=bool)

    def _frame(self, responses: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, float]:
        return np.zeros(responses.shape[1]), 1.0

    def _ready(self, block: np.ndarray) -> np.ndarray:
        return block


@dataclass(frozen=True)
class AngularDistance(CentroidDistance):
    """One minus the cosine of the angle between rows, centred or not."""

    centred: ClassVar[bool] = False

    def bias(self, centroids: np.ndarray) -> np.ndarray:
        return np.zeros(len(centroids))

    def centre(self, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Where rows cancel, every direction is as good: the first unit's, centred."""
        squares = np.einsum("kv,kv->k", sums, sums)
        if (squares > (2 * NOTHING_LEFT * np.maximum(counts, 1)) ** 2).all():
            return np.asarray(sums * (1.0 / np.sqrt(squares))[:, None])
        norms = np.linalg.norm(sums, axis=1)
        cancelled = norms <= NOTHING_LEFT * np.maximum(counts, 1)
        if cancelled.any():
            anywhere = np.eye(1, sums.shape[1])
            sums = np.where(cancelled[:, None], self._ready(anywhere), sums)
        return unit_rows(sums)

    def objective(self, total: float, sums: np.ndarray, counts: np.ndarray) -> float:
        return total - float(np.sqrt(np.einsum("kv,kv->k", sums, sums)).sum())

    def apart(self, rows: np.ndarray, centroids: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return _squares(rows, centroids, labels) / 2.0

    def _without_direction(self, block: np.ndarray) -> np.ndarray:
        check_directions(block.shape[1], self.centred)
        reference = block[:, :1] if self.centred else 0.0
        return np.asarray((block == reference).all(axis=1))

    def _ready(self, block: np.ndarray) -> np.ndarray:
        return unit_rows(block, self.centred)


class CorrelationDistance(AngularDistance):
    """1 - Pearson correlation over the response units."""

    centred = True


class EuclideanDistance(CentroidDistance):
    """Euclidean distance; the sum of its squares is minimised."""

    def bias(self, centroids: np.ndarray) -> np.ndarray:
        return np.einsum("kv,kv->k", centroids, centroids) / 2.0

    def centre(self, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return sums / counts[:, None]

    def objective(self, total: float, sums: np.ndarray, counts: np.ndarray) -> float:
        return total - float(np.sum(np.einsum("kv,kv->k", sums, sums) / counts))

    def apart(self, rows: np.ndarray, centroids: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return _squares(rows, centroids, labels)

    def shown(self, apart: np.ndarray, scale: float) -> np.ndarray:
        return np.sqrt(apart) * scale

    def _frame(self, responses: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, float]:
        """The mean, and the size of the largest difference, so that squares stay in float32."""
        offset, largest = np.zeros(responses.shape[1]), 0.0
        for block in row_blocks(len(kept), responses.shape[1]):
            offset += responses[kept[block]].sum(axis=0, dtype=np.float64) / len(kept)
        for block in row_blocks(len(kept), responses.shape[1]):
            largest = max(largest, float(np.abs(responses[kept[block]] - offset).max()))
        return offset, 2.0 ** math.floor(math.log2(largest)) if largest > 0 else 1.0


def _squares(rows: np.ndarray, centroids: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Squared Euclidean distance of each row to its own centroid."""
    squares = np.empty(len(rows))
    for block in row_blocks(*rows.shape):
        difference = rows[block] - centroids[labels[block]]
        squares[block] = np.einsum("ij,ij->i", difference, difference)
    return squares


METRICS: Registry[CentroidDistance] = Registry("distance")
for _distance in (
    CorrelationDistance(
        "correlation",
        "Correlation (1 − r)",
        "Compares the shape of responses over the units; their mean and size do not count.",
        "correlation distance 1 − r (0 to 2)",
    ),
    AngularDistance(
        "cosine",
        "Cosine",
        "Compares the direction of responses from zero; their size does not count.",
        "cosine distance (0 to 2)",
    ),
    EuclideanDistance(
        "euclidean",
        "Euclidean",
        "Compares responses unit by unit; strong responses part from weak ones.",
        "Euclidean distance",
    ),
):
    METRICS.register(_distance.id, _distance)
