"""A linear classifier between two groups of points on a map, scored on held-out points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.validation import check_same_length
from core.words import counted

CHANCE = 0.5
FEWEST_MEMBERS = 5
DRAWS = 1000
STEPS, CLOSE_ENOUGH = 50, 1e-8


class LinearClassifier(NamedTuple):
    """A straight boundary: the first group lies where ``normal @ point + offset`` is positive.

    ``accuracy`` is the balanced accuracy on points that were left out of the fit, with its
    95 % interval ``low`` to ``high`` (points are resampled), the level of ``chance``, the
    permutation ``p`` (groups are shuffled over the points; NaN without permutations) and
    the number of points ``n``.
    """

    normal: np.ndarray
    offset: float
    accuracy: float
    low: float
    high: float
    chance: float
    p: float
    n: int

    def ends(
        self, x_range: Sequence[float], y_range: Sequence[float]
    ) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Where the boundary enters and leaves a rectangle; None where it misses it."""
        crossings = [*self._at(0, x_range, y_range), *self._at(1, y_range, x_range)]
        if len(crossings) < 2:
            return None
        along = np.array([-self.normal[1], self.normal[0]])
        ordered = sorted(crossings, key=lambda point: float(np.dot(along, point)))
        return ordered[0], ordered[-1]

    def _at(
        self, axis: int, edges: Sequence[float], across: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Crossings with the two sides at ``edges`` of an axis."""
        other = float(self.normal[1 - axis])
        if abs(other) < 1e-12:
            return []
        crossings = []
        for edge in edges:
            place = -(self.offset + float(self.normal[axis]) * edge) / other
            if min(across) <= place <= max(across):
                crossings.append((float(edge), place) if axis == 0 else (place, float(edge)))
        return crossings


def linear_classifier(
    coordinates: Any,
    first: Any,
    second: Any,
    seed: int = 0,
    folds: int = 5,
    permutations: int = 200,
) -> LinearClassifier:
    """Tell two groups of points on a map apart by logistic regression.

    Both groups weigh the same, whatever their sizes; the coordinates are standardised on
    the training points of each fold.

    Parameters
    ----------
    coordinates : array_like of shape (n, 2)
        NaN rows are left out.
    first, second : bool array_like of shape (n,)
        The members of each group.
    seed, folds, permutations : int
        Folds of the stratified cross-validation; permutations of the test.

    Returns
    -------
    LinearClassifier

    Raises
    ------
    InputError
        If a group has fewer members than folds, or than 5, or the groups share points.
    """
    points = np.asarray(coordinates, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"The coordinates have the shape {points.shape}", "(n, 2)")
    groups = [_members(mask, points, name) for mask, name in ((first, "first"), (second, "second"))]
    if (groups[0] & groups[1]).any():
        raise InputError(
            f"The groups share {counted(int((groups[0] & groups[1]).sum()), 'point')}", "none"
        )
    if folds < 2:
        raise InputError(f"folds is {folds}", "at least 2")
    for group, name in zip(groups, ("first", "second"), strict=True):
        if group.sum() < max(folds, FEWEST_MEMBERS):
            raise InputError(
                f"The {name} group has {counted(int(group.sum()), 'point')} on the map",
                f"at least {max(folds, FEWEST_MEMBERS)}",
            )
    chosen = groups[0] | groups[1]
    return _classify(points[chosen], groups[0][chosen], seed, folds, permutations)


def _classify(
    points: np.ndarray, is_first: np.ndarray, seed: int, folds: int, permutations: int
) -> LinearClassifier:
    rng = np.random.default_rng(seed)
    weights, offset = _fit(points, is_first)
    length = float(np.linalg.norm(weights))
    if length == 0.0:
        raise InputError("The points of both groups lie in one place", "points that differ")
    right = _cross_validated(points, is_first, folds, rng)
    low, high = _interval(right, is_first, rng)
    accuracy = _balanced(right, is_first)
    at_least = 0
    for _ in range(permutations):
        shuffled = rng.permutation(is_first)
        chance = _balanced(_cross_validated(points, shuffled, folds, rng), shuffled)
        at_least += chance >= accuracy - 1e-12
    p = (1 + at_least) / (1 + permutations) if permutations else float("nan")
    normal = weights / length
    return LinearClassifier(normal, offset / length, accuracy, low, high, CHANCE, p, len(points))


def _members(mask: Any, points: np.ndarray, name: str) -> np.ndarray:
    group = np.asarray(mask)
    if group.dtype != bool or group.ndim != 1:
        raise InputError(
            f"The {name} group has the dtype {group.dtype} and the shape {group.shape}",
            "one True or False for each point",
        )
    check_same_length(len(group), len(points), f"The {name} group", "the coordinates")
    return group & np.isfinite(points).all(axis=1)


def _cross_validated(
    points: np.ndarray, is_first: np.ndarray, folds: int, rng: np.random.Generator
) -> np.ndarray:
    """Whether a classifier fitted to the other folds is right about each point. (n,) bool."""
    fold = np.empty(len(points), dtype=np.intp)
    for group in (is_first, ~is_first):
        members = np.flatnonzero(group)
        fold[rng.permutation(members)] = np.arange(len(members)) % folds
    right = np.empty(len(points), dtype=bool)
    for number in range(folds):
        held = fold == number
        weights, offset = _fit(points[~held], is_first[~held])
        right[held] = (points[held] @ weights + offset > 0) == is_first[held]
    return right


def _fit(points: np.ndarray, is_first: np.ndarray) -> tuple[np.ndarray, float]:
    """Logistic regression with a ridge of 1 on standardised points, by Newton's method.

    As scikit-learn's ``LogisticRegression(class_weight="balanced")`` after its
    ``StandardScaler``; thousands of fits for the permutations need its overhead gone.
    """
    mean, deviation = points.mean(axis=0), points.std(axis=0)
    deviation[deviation == 0] = 1.0
    rows = np.column_stack([(points - mean) / deviation, np.ones(len(points))])
    share = is_first.mean()
    balance = np.where(is_first, 0.5 / share, 0.5 / (1.0 - share))
    ridge = np.array([1.0, 1.0, 0.0])
    weights = np.zeros(3)
    for _ in range(STEPS):
        predicted = 1.0 / (1.0 + np.exp(-(rows @ weights)))
        slope = rows.T @ (balance * (predicted - is_first)) + ridge * weights
        certainty = balance * predicted * (1.0 - predicted)
        curvature = (rows * certainty[:, None]).T @ rows + np.diag(ridge)
        step = np.linalg.solve(curvature, slope)
        weights = weights - step
        if np.abs(step).max() < CLOSE_ENOUGH:
            break
    normal = weights[:2] / deviation
    return normal, float(weights[2] - normal @ mean)


def _balanced(right: np.ndarray, is_first: np.ndarray) -> float:
    return float((right[is_first].mean() + right[~is_first].mean()) / 2.0)


def _interval(
    right: np.ndarray, is_first: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """Percentiles over resampled points of each group: their counts are binomial."""
    draws = np.zeros(DRAWS)
    for group in (is_first, ~is_first):
        size = int(group.sum())
        draws += rng.binomial(size, right[group].mean(), DRAWS) / size / 2.0
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)
