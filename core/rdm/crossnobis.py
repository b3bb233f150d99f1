"""Cross-validated (squared Mahalanobis) distances between stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import numpy as np

from core.errors import InputError
from core.memory import check_memory
from core.progress import Progress
from core.validation import check_same_length
from core.words import counted

NOISE_NORMALISATIONS = ("none", "diagonal", "full")
MOST_GROUPS = 6
FEWEST_RESIDUALS = 3
FEWEST_OF_FOLD = 8

Whitener = Callable[[np.ndarray], np.ndarray]


def crossnobis(
    responses: np.ndarray,
    folds: Sequence[Any] | np.ndarray,
    *,
    stimuli: Sequence[Any] | np.ndarray | None = None,
    noise: str = "none",
    progress: Progress | None = None,
) -> np.ndarray:
    """Mean over ordered pairs of folds f != g of (x_fi - x_fj) . (x_gi - x_gj) / v.

    Parameters
    ----------
    responses : np.ndarray of shape (trials, v)
    folds, stimuli : array_like of shape (trials,)
        Fold and stimulus of each row; several rows of one stimulus in one fold are
        averaged. A pair uses the folds that hold both stimuli. Where these are fewer
        than two, it uses every product of responses of different folds, less the mean
        of each fold of at least 8 stimuli. A stimulus of a single fold is NaN.
    noise : {'none', 'diagonal', 'full'}
        Responses are divided by the standard deviation of the noise of each unit
        ('diagonal') or whitened by its covariance with Ledoit-Wolf shrinkage
        ('full'). The noise is independent of what is multiplied, else distances
        would be too large: it is what rows of one stimulus differ by within folds, or
        else what it differs by between the folds outside a pair of folds. Folds are
        taken in at most 6 groups for that; one covariance serves two groups.
    progress : callable, optional
        Called with (fraction, message); may raise ``Cancelled``.

    Returns
    -------
    np.ndarray of shape (n, n), float32
        Rows in the order of first appearance of the stimuli. May be negative; its
        expectation is 0 where two stimuli do not differ.

    Raises
    ------
    InputError
        If no stimulus has rows in two folds, nothing is left to estimate the noise
        from, or the memory does not suffice.

    Source: Walther et al. (2016), NeuroImage 137, eq. 10; Nili et al. (2014); for
    stimuli of different folds Schütt et al. (2023), eLife 12.
    """
    if noise not in NOISE_NORMALISATIONS:
        raise InputError(f"noise is {noise!r}", choices=NOISE_NORMALISATIONS)
    trials = _usable_trials(responses, folds, stimuli)
    n, v = trials.n, responses.shape[1]
    check_memory(
        52.0 * n * n + 40.0 * responses.size + (32.0 * v * v if noise == "full" else 0.0),
        f"Crossnobis of {counted(n, 'stimulus', 'stimuli')} and {counted(v, 'unit')}",
        "Take fewer stimuli, or a ROI of fewer units.",
    )
    cells = _average(trials)
    steps = _steps(cells, trials, noise)
    if cells.is_complete and len(steps) == 1:
        whiten = _whitener(steps[0].residuals(), noise)
        return _complete_distances(whiten(cells.rows).reshape(cells.folds, n, v))
    products, shared = _Products(n), _Products(0 if cells.is_complete else n)
    for place, step in enumerate(steps):
        if progress:
            progress(place / len(steps), f"Multiplying {cells.folds} folds")
        whiten = _whitener(step.residuals(), noise)
        left = cells.of_folds(step.first, whiten)
        right = left if step.first is step.second else cells.of_folds(step.second, whiten)
        products.add(left, right)
        if not cells.is_complete:
            shared.add_differences(left, right)
    return _distances(products, shared, v)


class _Trials(NamedTuple):
    """The usable rows: responses (t, v), fold and stimulus (t,) as numbers, n stimuli."""

    responses: np.ndarray
    fold: np.ndarray
    stimulus: np.ndarray
    n: int


class _Fold(NamedTuple):
    """One fold: its stimuli (m,) and their responses (m, v) without their mean.

    Times ``scale`` they have their own variance again, which their mean takes a part of.
    """

    stimuli: np.ndarray
    rows: np.ndarray
    scale: float


@dataclass(frozen=True)
class _Cells:
    """Mean response to each stimulus in each fold that holds it, in the order of folds.

    ``scale`` is that of each fold; ``is_complete`` where every fold holds every stimulus.
    """

    rows: np.ndarray
    fold: np.ndarray
    stimulus: np.ndarray
    scale: np.ndarray
    is_complete: bool

    @property
    def folds(self) -> int:
        return len(self.scale)

    def of_folds(self, folds: np.ndarray, whiten: Whitener) -> list[_Fold]:
        parts = []
        for fold in folds:
            here = slice(*np.searchsorted(self.fold, [fold, fold + 1]))
            rows = whiten(self.rows[here])
            parts.append(_Fold(self.stimulus[here], rows, float(self.scale[fold])))
        return parts


class _Step(NamedTuple):
    """Folds to multiply with folds, and the noise (k, v) that both are independent of."""

    first: np.ndarray
    second: np.ndarray
    residuals: Callable[[], np.ndarray]


class _Products:
    """Sums over pairs of folds, and how many pairs they hold, for each pair of stimuli."""

    def __init__(self, n: int) -> None:
        self.total = np.zeros((n, n))
        self.count = np.zeros((n, n), dtype=np.float32)

    def add(self, left: list[_Fold], right: list[_Fold]) -> None:
        """Add x_fi . x_gj for every f of the left and other g of the right, and the reverse."""
        i, rows, counts = _sum_over(left)
        if left is right:
            self._put(i, i, rows @ rows.T, np.outer(counts, counts))
            for fold in left:
                same = fold.rows @ fold.rows.T
                self._put(fold.stimuli, fold.stimuli, -(fold.scale**2) * same, -1.0)
            return
        j, others, other_counts = _sum_over(right)
        across, pairs = rows @ others.T, np.outer(counts, other_counts)
        self._put(i, j, across, pairs)
        self._put(j, i, across.T, pairs.T)

    def add_differences(self, left: list[_Fold], right: list[_Fold]) -> None:
        """Add (x_fi - x_fj) . (x_gi - x_gj) for every pair of folds that hold i and j."""
        place = np.full(len(self.total), -1)
        for number, f in enumerate(left):
            place[f.stimuli] = np.arange(len(f.stimuli))
            for g in left[number + 1 :] if left is right else right:
                at_f = place[g.stimuli]
                at_g = np.flatnonzero(at_f >= 0)
                if len(at_g) > 1:
                    across = f.rows[at_f[at_g]] @ g.rows[at_g].T
                    own = np.diagonal(across)
                    both = g.stimuli[at_g]
                    self._put(both, both, own[:, None] + own[None, :] - across - across.T, 1.0)
            place[f.stimuli] = -1

    def _put(self, i: np.ndarray, j: np.ndarray, total: np.ndarray, count: Any) -> None:
        where = np.ix_(i, j)
        self.total[where] += total
        self.count[where] += count


def _complete_distances(patterns: np.ndarray) -> np.ndarray:
    """Distances of stimuli that every fold holds. (folds, n, v) -> (n, n) float32

    The products of all pairs of different folds are those of the sum over folds less those of each
    fold with itself. Turned to their mean and to contrasts that are free of it, F folds are F - 1
    products of the mean less those of the contrasts. In single precision: within 1e-6 of the mean
    square of the responses, which have no fold mean left.
    """
    folds, n, v = patterns.shape
    largest = max(float(patterns.max()), -float(patterns.min())) or 1.0
    unit = 2.0 ** -np.floor(np.log2(largest))
    sums = patterns[0] * unit
    contrasts = np.empty((n, folds - 1, v), dtype=np.float32)
    for k in range(1, folds):
        contrasts[:, k - 1] = (sums - (k * unit) * patterns[k]) / np.sqrt(k * (k + 1.0))
        sums += unit * patterns[k]
    mean, beside = sums.astype(np.float32), contrasts.reshape(n, -1)
    matrix = mean @ mean.T
    matrix *= (folds - 1) / folds
    matrix -= beside @ beside.T
    own = np.diagonal(matrix).copy()
    matrix *= -2.0
    matrix += own[:, None] + own  # added first: the same on both sides of the diagonal
    matrix /= folds * (folds - 1) * v
    np.fill_diagonal(matrix, 0.0)
    return matrix / np.float32(unit) / np.float32(unit) if unit != 1.0 else matrix


def _distances(products: _Products, shared: _Products, v: int) -> np.ndarray:
    """Distances from the products of responses, or of differences where a pair has some."""
    matrix, count = products.total, products.count
    with np.errstate(invalid="ignore"):
        matrix /= np.where(count > 0, count, np.float32(np.nan))
    own = np.diagonal(matrix).copy()
    matrix *= -2.0
    matrix += own[:, None]
    matrix += own[None, :]
    if len(shared.total):
        defined = shared.count > 0
        matrix[defined] = shared.total[defined] / shared.count[defined]
    matrix /= v
    np.fill_diagonal(matrix, 0.0)
    return matrix.astype(np.float32)


def _sum_over(folds: list[_Fold]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stimuli of several folds (m,), the sums (m, v) of their scaled rows, and their numbers."""
    stimuli = np.concatenate([fold.stimuli for fold in folds])
    names, place, counts = np.unique(stimuli, return_inverse=True, return_counts=True)
    sums = np.zeros((len(names), folds[0].rows.shape[1]))
    start = 0
    for fold in folds:
        sums[place[start : start + len(fold.stimuli)]] += fold.scale * fold.rows
        start += len(fold.stimuli)
    return names, sums, counts


def _usable_trials(
    responses: np.ndarray, folds: Sequence[Any] | np.ndarray, stimuli: Any
) -> _Trials:
    """Trials with a response, in the order of folds and stimuli."""
    folds = np.asarray(folds)
    check_same_length(len(folds), len(responses), "The list of folds", "the response array")
    names, fold = np.unique(folds, return_inverse=True)
    if len(names) < 2:
        raise InputError("All rows belong to one fold", "at least two folds (runs or repeats)")
    stimulus, n = _stimulus_numbers(fold, stimuli)
    check_same_length(len(stimulus), len(responses), "The list of stimuli", "the response array")
    order = np.lexsort((stimulus, fold))
    order = order[np.isfinite(responses[order]).all(axis=1)]
    stimulus = stimulus[order]
    # A fold without any response is none.
    present, fold = np.unique(fold[order], return_inverse=True)
    cells = np.unique(np.stack([stimulus, fold]), axis=1)
    if np.bincount(cells[0]).max(initial=0) < 2:
        raise InputError(
            f"No stimulus has responses in two folds ({len(present)} in all)",
            "stimuli that are repeated in another fold",
            "Choose a metric without folds.",
        )
    return _Trials(responses[order], fold, stimulus, n)


def _stimulus_numbers(fold: np.ndarray, stimuli: Any) -> tuple[np.ndarray, int]:
    if stimuli is not None:
        names, first, number = np.unique(
            np.asarray(stimuli), return_index=True, return_inverse=True
        )
        order_of_appearance = np.argsort(np.argsort(first))
        return order_of_appearance[number], len(names)
    sizes = np.bincount(fold)
    if len(set(sizes.tolist())) != 1:
        raise InputError(
            f"The folds have {', '.join(map(str, sizes))} rows",
            "every stimulus once in each fold, in one order",
            "Pass the stimulus of each row as `stimuli` otherwise.",
        )
    number = np.empty(len(fold), dtype=np.intp)
    for label in range(len(sizes)):
        number[fold == label] = np.arange(sizes[label])
    return number, int(sizes[0])


def _average(trials: _Trials) -> _Cells:
    """Mean of the rows of a stimulus in a fold, less the mean of its fold.

    Where folds lack stimuli, the mean of the few of a fold would take their own responses away;
    from these the mean of all is taken.
    """
    cell, first = _cell_of_trial(trials)
    counts = np.diff(np.r_[first, len(cell)])
    rows = trials.responses.astype(np.float64)
    if len(first) < len(cell):
        rows = np.add.reduceat(rows, first, axis=0) / counts[:, None]
    fold, stimulus = trials.fold[first], trials.stimulus[first]
    sizes = np.bincount(fold)
    is_complete = len(fold) == len(sizes) * trials.n
    has_mean = (sizes >= FEWEST_OF_FOLD) | is_complete
    means = np.add.reduceat(rows, np.cumsum(sizes) - sizes, axis=0) / sizes[:, None]
    means[~has_mean] = rows.mean(axis=0)
    rows -= np.repeat(means, sizes, axis=0)
    scale = np.ones(len(sizes))
    if not is_complete:
        scale[has_mean] = np.sqrt(sizes[has_mean] / (sizes[has_mean] - 1.0))
    return _Cells(rows, fold, stimulus, scale, is_complete)


def _cell_of_trial(trials: _Trials) -> tuple[np.ndarray, np.ndarray]:
    """Number of the (fold, stimulus) of each trial, and the first trial of each."""
    new = (np.diff(trials.fold) != 0) | (np.diff(trials.stimulus) != 0)
    starts = np.r_[True, new]
    return np.cumsum(starts) - 1, np.flatnonzero(starts)


def _steps(cells: _Cells, trials: _Trials, noise: str) -> list[_Step]:
    """Which folds are multiplied with which, and where their noise is taken from."""
    every = np.arange(cells.folds)
    if noise == "none":
        return [_Step(every, every, lambda: np.empty((0, 0)))]
    cell = _cell_of_trial(trials)[0]
    within = len(cell) - (int(cell[-1]) + 1)
    groups = np.array_split(every, min(MOST_GROUPS, cells.folds))
    steps, left = [], []
    for first, second in combinations_with_replacement(groups, 2):
        if first is second and len(first) < 2:
            continue
        outside = ~np.isin(cells.fold, np.r_[first, second])
        repeats = np.bincount(cells.stimulus[outside])
        left.append(int(np.maximum(repeats - 1, 0).sum()))

        def residuals(outside: np.ndarray = outside) -> np.ndarray:
            return _contrasts(cells.rows[outside], cells.stimulus[outside])

        steps.append(_Step(first, second, residuals))
    if within >= max(FEWEST_RESIDUALS, min(left)):
        return [_Step(every, every, lambda: _contrasts(trials.responses, cell))]
    if min(left) < FEWEST_RESIDUALS:
        raise InputError(
            f"Noise {noise!r} has to come from other responses than the two folds that are "
            f"multiplied, and {cells.folds} folds leave {min(left)} residuals for it",
            f"at least {FEWEST_RESIDUALS}: four folds that repeat stimuli, or stimuli that are "
            "repeated within a fold",
            "Choose noise 'none'.",
        )
    return steps


def _contrasts(rows: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Differences within groups that are free of their means, each of the variance of a row.

    The t-th row of a group gives (mean of those before - row) sqrt(t / (t + 1)): Helmert
    contrasts, as many as there are degrees of freedom. (rows, v) -> (k, v) float64.
    """
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    sizes = np.diff(np.r_[starts, len(order)])
    before = rows[order[starts]].astype(np.float64)
    contrasts = []
    for t in range(1, int(sizes.max(initial=0))):
        longer = sizes > t
        row = rows[order[starts[longer] + t]]
        contrasts.append((before[longer] / t - row) * np.sqrt(t / (t + 1.0)))
        before[longer] += row
    return np.concatenate(contrasts) if contrasts else np.empty((0, rows.shape[1]))


def _whitener(residuals: np.ndarray, noise: str) -> Whitener:
    """What gives every unit, or every direction, noise of variance 1."""
    if noise == "none":
        return lambda rows: rows
    if noise == "diagonal":
        deviation = np.sqrt(np.mean(residuals**2, axis=0))
        weights = 1.0 / np.where(deviation > 0, deviation, 1.0)
        return lambda rows: np.asarray(rows * weights)
    from scipy.linalg import solve_triangular
    from sklearn.covariance import ledoit_wolf

    covariance, _ = ledoit_wolf(residuals, assume_centered=True)
    floor = 1e-10 * np.trace(covariance) / len(covariance)
    # Without any noise the responses stay as they are.
    covariance.flat[:: len(covariance) + 1] += floor or 1.0
    root = np.linalg.cholesky(covariance)
    return lambda rows: np.asarray(solve_triangular(root, rows.T, lower=True).T)
