"""Lloyd's descent on prepared rows: many starts, of which the best go on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.clusters.metrics import CentroidDistance, PreparedRows
from core.progress import Progress
from core.words import counted

STARTS = 10
BLOCK_ROWS = 8192
SEEDED_ROWS = 3000
RELAXATION = 1.9
# Share of the starts that go on, and for how many steps; the last goes on to the end.
STAGES = ((1.0, 15), (0.4, 40), (0.2, 100), (0.0, 1000))
TOLERANCE = 1e-6
END_TOLERANCE = 1e-9


class Partition(NamedTuple):
    """A partition of prepared rows.

    ``centroids`` (k, v) float64 are those of ``labels`` (m,); ``counts`` (k,) rows each;
    ``refilled`` clusters had lost all rows and took the farthest ones.
    """

    centroids: np.ndarray
    labels: np.ndarray
    counts: np.ndarray
    objective: float
    refilled: int = 0


def partition(
    prepared: PreparedRows,
    k: int,
    distance: CentroidDistance,
    rng: np.random.Generator,
    starts: int = STARTS,
    progress: Progress | None = None,
) -> Partition:
    """Partition prepared rows into k clusters.

    Every start (k-means++) goes a few steps, the best go on, and the best of these goes
    on until the objective no longer falls.
    """
    if k == 1:
        return step(prepared, prepared.rows[:1].astype(np.float64), distance)
    seeding = Seeding(prepared.rows, k)
    places = [seeding.draw(rng) for _ in range(starts)]
    for stage, (share, steps) in enumerate(STAGES):
        last = stage == len(STAGES) - 1
        tolerance = END_TOLERANCE if last else TOLERANCE
        kept = places[: max(1, round(share * starts))]
        ended = []
        for number, place in enumerate(kept):
            if progress is not None:
                done = (stage + number / len(kept)) / len(STAGES)
                progress(done, f"{counted(k, 'cluster')}, start {number + 1} of {len(kept)}")
            ended.append(descend(prepared, place, distance, steps, tolerance))
        ended.sort(key=lambda end: end.objective)
        places = [end.centroids for end in ended]
    return ended[0]


def descend(
    prepared: PreparedRows,
    centroids: np.ndarray,
    distance: CentroidDistance,
    steps: int,
    tolerance: float,
) -> Partition:
    """Lloyd steps that go further than the new centroids, by ``RELAXATION``.

    Steps of Lloyd's are short where clusters overlap. A longer step that does not lower
    the objective is taken back, and a plain one tried; where that fails too, it ends.
    """
    sums = ClusterSums(prepared.rows, len(centroids))
    best = step(prepared, centroids, distance, sums)
    at, plain = _further(centroids, best, distance), False
    for _ in range(steps - 1):
        new = step(prepared, at, distance, sums)
        if best.objective - new.objective > max(0.0, tolerance * best.objective):
            at, plain = _further(at, new, distance), False
            best = new
        elif plain:
            return min(best, new, key=lambda either: either.objective)
        else:
            at, plain = best.centroids, True
    return best


def step(
    prepared: PreparedRows,
    centroids: np.ndarray,
    distance: CentroidDistance,
    sums_of: ClusterSums | None = None,
) -> Partition:
    """Give each row to its nearest centroid, and compute the centroids anew."""
    labels = assign(prepared.rows, centroids, distance)
    counts = np.bincount(labels, minlength=len(centroids))
    refilled = int(np.sum(counts == 0))
    if refilled:
        labels, counts = _refill(prepared, labels, counts, centroids, distance)
    sums = (sums_of or ClusterSums(prepared.rows, len(centroids)))(labels)
    objective = distance.objective(prepared.total, sums, counts)
    return Partition(distance.centre(sums, counts), labels, counts, objective, refilled)


def assign(rows: np.ndarray, centroids: np.ndarray, distance: CentroidDistance) -> np.ndarray:
    """Nearest centroid of each row. (m, v), (k, v) -> (m,) int."""
    k = len(centroids)
    labels = np.empty(len(rows), dtype=np.int8 if k < 128 else np.int32)
    numbers = np.arange(k, dtype=labels.dtype)[:, None]
    directions = centroids.astype(np.float32)
    bias = distance.bias(centroids).astype(np.float32)[:, None]
    for start in range(0, len(rows), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        scores = directions @ rows[block].T
        scores -= bias
        # numpy's argmax takes three times as long as comparing with the maximum.
        np.max((scores == scores.max(axis=0)) * numbers, axis=0, out=labels[block])
    return labels


class Seeding:
    """k-means++ on the same rows many times.

    The rows of scikit-learn's ``kmeans_plusplus``, to the same draw the same; what that checks and
    converts anew for every centre is here done once.

    Parameters
    ----------
    rows : np.ndarray of shape (m, v), float32 or float64
    k : int

    Source: Arthur & Vassilvitskii (2007), SODA; several candidates for each centre.
    """

    def __init__(self, rows: np.ndarray, k: int) -> None:
        self.rows, self.k = rows, k
        self.most = max(SEEDED_ROWS, 10 * k)
        self.trials = 2 + int(np.log(k))
        if len(rows) <= self.most:
            self._prepare(rows)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """k rows, chosen among a part of many rows. (k, v) float64"""
        if len(self.rows) > self.most:
            drawn = rng.choice(len(self.rows), self.most, replace=False)
            self._prepare(self.rows[np.sort(drawn)])
        return self.wide[self.places(np.random.RandomState(int(rng.integers(2**31))))]

    def places(self, random: np.random.RandomState) -> list[int]:
        """Places of k rows, by the generator that scikit-learn takes."""
        m = len(self.wide)
        places = [int(random.choice(m, p=self.ones / self.ones.sum()))]
        nearest = self._squares(places)
        total = nearest @ self.ones
        nearest = nearest[0]
        for _ in range(1, self.k):
            thresholds = random.uniform(size=self.trials) * total
            candidates = np.searchsorted(np.cumsum(nearest), thresholds)
            np.minimum(candidates, m - 1, out=candidates)
            left = np.minimum(nearest, self._squares(candidates))
            totals = left @ self.ones[:, None]
            best = int(np.argmin(totals))
            total, nearest = totals[best], left[best]
            places.append(int(candidates[best]))
        return places

    def _prepare(self, rows: np.ndarray) -> None:
        self.narrow, self.wide = rows.dtype, rows.astype(np.float64)
        self.lengths = np.einsum("ij,ij->i", self.wide, self.wide)
        self.ones = np.ones(len(rows), dtype=rows.dtype)

    def _squares(self, places: list[int] | np.ndarray) -> np.ndarray:
        """Squared distances of some rows to all. (c, m)"""
        chosen = self.wide[places]
        squares = -2.0 * (chosen @ self.wide.T)
        squares += self.lengths[places][:, None]
        squares += self.lengths
        return np.maximum(squares.astype(self.narrow), 0.0)


def _further(at: np.ndarray, reached: Partition, distance: CentroidDistance) -> np.ndarray:
    beyond = at + RELAXATION * (reached.centroids - at)
    return distance.centre(beyond, np.ones(len(beyond)))


class ClusterSums:
    """Sums (k, v) float64 of the rows of each cluster; blocks are added in float32.

    The matrices that add the rows of a block are built once: that takes longer than the adding.
    """

    def __init__(self, rows: np.ndarray, k: int) -> None:
        from scipy.sparse import csc_matrix

        self.shape = (k, rows.shape[1])
        self.blocks = []
        for start in range(0, len(rows), BLOCK_ROWS):
            part = rows[start : start + BLOCK_ROWS]
            ones, first = np.ones(len(part), dtype=np.float32), np.zeros(len(part), dtype=np.int32)
            ends = np.arange(len(part) + 1, dtype=np.int32)
            adding = csc_matrix((ones, first, ends), shape=(k, len(part)))
            self.blocks.append((slice(start, start + BLOCK_ROWS), part, adding))

    def __call__(self, labels: np.ndarray) -> np.ndarray:
        sums = np.zeros(self.shape)
        for block, part, adding in self.blocks:
            adding.indices = labels[block].astype(np.int32)
            sums += adding @ part
        return sums


def _refill(
    prepared: PreparedRows,
    labels: np.ndarray,
    counts: np.ndarray,
    centroids: np.ndarray,
    distance: CentroidDistance,
) -> tuple[np.ndarray, np.ndarray]:
    """Give each empty cluster the row farthest from its centroid, never another's last row."""
    farthest = iter(np.argsort(-distance.apart(prepared.rows, centroids, labels), kind="stable"))
    for empty in np.flatnonzero(counts == 0):
        row = next(row for row in farthest if counts[labels[row]] > 1)
        counts[labels[row]] -= 1
        labels[row], counts[empty] = empty, 1
    return labels, counts
