"""Cross-validated (squared Mahalanobis) distances between stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from core.errors import InputError
from core.validation import check_same_length

NOISE_NORMALISATIONS = ("none", "diagonal", "full")


def crossnobis(
    responses: np.ndarray,
    folds: Sequence[Any] | np.ndarray,
    *,
    stimuli: Sequence[Any] | np.ndarray | None = None,
    noise: str = "none",
) -> np.ndarray:
    """Mean over ordered pairs of folds f != g of (x_fi - x_fj) . (x_gi - x_gj) / v.

    Parameters
    ----------
    responses : np.ndarray of shape (trials, v)
    folds, stimuli : array_like of shape (trials,)
        Fold and stimulus of each row; several rows of one stimulus in one fold are
        averaged. A pair uses the folds that hold both stimuli; with fewer than two
        it is NaN.
    noise : {'none', 'diagonal', 'full'}
        Responses are divided by the standard deviation of the noise of each unit
        ('diagonal') or whitened by its covariance with Ledoit-Wolf shrinkage
        ('full'). The noise is what is left of each fold after the mean over folds.

    Returns
    -------
    np.ndarray of shape (n, n), float32
        Rows in the order of first appearance of the stimuli. May be negative.

    Source: Walther et al. (2016), NeuroImage 137, eq. 10; Nili et al. (2014).
    """
    if noise not in NOISE_NORMALISATIONS:
        raise InputError(f"noise is {noise!r}", choices=NOISE_NORMALISATIONS)
    patterns = _fold_means(responses, np.asarray(folds), stimuli)
    present = np.isfinite(patterns).all(axis=2)
    patterns = np.where(present[:, :, None], patterns, 0.0)
    centre = patterns.sum(axis=1) / np.maximum(present.sum(axis=1), 1)[:, None]
    patterns = np.where(present[:, :, None], patterns - centre[:, None, :], 0.0)
    total, count = _sum_over_fold_pairs(_whiten(patterns, present, noise), present)
    defined = count > 0
    matrix = np.full(total.shape, np.nan, dtype=np.float32)
    matrix[defined] = total[defined] / (count[defined] * patterns.shape[2])
    np.fill_diagonal(matrix, 0.0)
    return matrix


def _sum_over_fold_pairs(
    patterns: np.ndarray, present: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sum of (x_fi - x_fj) . (x_gi - x_gj) over f < g that hold i and j, and their number."""
    n = patterns.shape[1]
    total, count = np.zeros((n, n)), np.zeros((n, n))
    for f, g in combinations(range(len(patterns)), 2):
        both = present[f] & present[g]
        x, y = patterns[f][both], patterns[g][both]
        across = x @ y.T
        own = np.diagonal(across)
        where = np.ix_(both, both)
        total[where] += own[:, None] + own[None, :] - across - across.T
        count[where] += 1.0
    return total, count


def _fold_means(
    responses: np.ndarray, folds: np.ndarray, stimuli: Sequence[Any] | np.ndarray | None
) -> np.ndarray:
    """(trials, v) -> (folds, n, v) float64, NaN where a stimulus lacks a fold."""
    check_same_length(len(folds), len(responses), "The list of folds", "the response array")
    fold_names, fold = np.unique(folds, return_inverse=True)
    if len(fold_names) < 2:
        raise InputError("All rows belong to one fold", "at least two folds (runs or repeats)")
    stimulus, n = _stimulus_numbers(fold, stimuli)
    check_same_length(len(stimulus), len(responses), "The list of stimuli", "the response array")
    sums = np.zeros((len(fold_names), n, responses.shape[1]))
    counts = np.zeros((len(fold_names), n, 1))
    usable = np.isfinite(responses).all(axis=1)
    np.add.at(sums, (fold[usable], stimulus[usable]), responses[usable].astype(np.float64))
    np.add.at(counts, (fold[usable], stimulus[usable]), 1.0)
    return np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)


def _stimulus_numbers(
    fold: np.ndarray, stimuli: Sequence[Any] | np.ndarray | None
) -> tuple[np.ndarray, int]:
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


def _whiten(patterns: np.ndarray, present: np.ndarray, noise: str) -> np.ndarray:
    if noise == "none":
        return patterns
    folds = present.sum(axis=0)
    repeated = folds > 1
    mean = patterns.sum(axis=0) / np.maximum(folds, 1)[:, None]
    correction = np.sqrt(folds / np.maximum(folds - 1, 1))[:, None]
    residuals = ((patterns - mean) * correction)[present & repeated]
    if noise == "diagonal":
        deviation = residuals.std(axis=0)
        return patterns / np.where(deviation > 0, deviation, 1.0)
    from sklearn.covariance import ledoit_wolf

    covariance, _ = ledoit_wolf(residuals, assume_centered=True)
    values, vectors = np.linalg.eigh(covariance)
    whitener = vectors / np.sqrt(np.maximum(values, values.max() * 1e-12))
    return np.asarray(patterns @ whitener)
