"""The audit of a split: what test images have in common with those that were trained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from core.datasets import Dataset
from core.errors import InputError
from core.progress import Progress
from core.splits.case import Case
from core.splits.checks import CHECKS
from core.splits.findings import Finding
from core.splits.fold import Fold, sorted_rows
from core.splits.kind import MOST_CLUSTERS
from core.splits.making import check_seed
from core.splits.pool import check_features
from core.words import counted


def audit(
    folds: Fold | Iterable[Fold],
    ds: Dataset,
    features: Any = None,
    fitted_on: Any = None,
    near: float = 0.95,
    progress: Progress | None = None,
    *,
    clusters: int = 20,
    seed: int = 0,
) -> list[Finding]:
    """Check what leaks from the training and validation sets to the test set.

    Every check is listed, also where nothing was found or it could not be made; counts are
    of test images, summed over the folds. An image in the validation set counts as
    known, for it chose the model.

    Parameters
    ----------
    folds : Fold or list of Fold
    ds : Dataset
        The recording that was split.
    features : array_like of shape (n, d), optional
        Embeddings of the stimuli, NaN rows where missing; without them near-duplicates and
        clusters are not checked.
    fitted_on : int array of rows, or a list of one for each fold, optional
        Rows of ``ds.stimuli`` on which scaling, components or feature selection were fitted.
    near : float
        Cosine similarity (0 to 1) from which two images are near-duplicates, where two images
        typically have 0. Where their median is m it is 1 - (1 - near) (1 - m): 20 times nearer
        than two images are, by default. They are amber at any height: a similarity proves no copy.
    progress : callable, optional
        Called with (fraction, message); may raise ``Cancelled``.
    clusters, seed : int
        Number of k-means clusters and seed of the cluster check; with those of a split by
        cluster (and its features) it finds the clusters of that split.

    Returns
    -------
    list of Finding
        'same-image', 'same-content', 'copies' (the images in a set are decoded for both),
        'near-duplicates', 'categories', 'clusters', 'fitted-on', 'validation', 'left-out'.
        Red is one image in two sets, by whatever means, and statistics fitted on test images;
        amber are near-duplicates, shared categories and validation images that were trained;
        shared clusters are green. What was not checked is 'unchecked'.

    Raises
    ------
    InputError
        If there is no fold, a fold names rows that the stimuli lack, the features have
        another length, or a parameter is out of range.

    Source: Kaufman et al. (2012), ACM Trans. Knowl. Discov. Data 6(4):15; Shirakawa et al.
    (2024), arXiv:2405.10078.
    """
    listed = [folds] if isinstance(folds, Fold) else list(folds)
    _check_folds(listed, ds)
    case = Case(
        folds=listed,
        ds=ds,
        features=None if features is None else check_features(features, ds),
        fitted_on=None if fitted_on is None else _fitted(fitted_on, len(listed), ds),
        near=_within(near, "near", 0.0, 1.0),
        clusters=int(_within(clusters, "clusters", 2, MOST_CLUSTERS)),
        seed=check_seed(seed),
        progress=progress,
        steps=len(CHECKS),
    )
    findings = []
    for case.step, check in enumerate(CHECKS):
        findings.append(check(case))
        case.tell(1.0, findings[-1].title)
    return findings


def _check_folds(folds: list[Fold], ds: Dataset) -> None:
    if not folds or not all(isinstance(fold, Fold) for fold in folds):
        raise InputError("There is no fold to audit", "the folds of splits.make")
    for number, fold in enumerate(folds):
        _check_inside(fold.rows, ds, f"Fold {number}")
        if not len(fold.test):
            raise InputError(f"Fold {number} has an empty test set", "images to test")


def _fitted(fitted_on: Any, count: int, ds: Dataset) -> list[np.ndarray]:
    """Rows on which statistics were fitted, for each fold."""
    several = isinstance(fitted_on, list | tuple) and any(np.ndim(rows) for rows in fitted_on)
    listed = list(fitted_on) if several else [fitted_on] * count
    if len(listed) != count:
        raise InputError(
            f"fitted_on is a list of {len(listed)} for {counted(count, 'fold')}",
            "one array of rows, or one for each fold",
        )
    fitted = [sorted_rows(rows, "fitted_on", repeated=True) for rows in listed]
    for rows in fitted:
        _check_inside(rows, ds, "fitted_on")
    return fitted


def _check_inside(rows: np.ndarray, ds: Dataset, what: str) -> None:
    if len(rows) and rows[-1] >= ds.n_stimuli:
        raise InputError(
            f"{what} names the row {rows[-1]:,}; {ds.info.title} has "
            f"{counted(ds.n_stimuli, 'stimulus', 'stimuli')}",
            f"rows from 0 to {ds.n_stimuli - 1}",
            "Audit the folds with the recording that they were made from.",
        )


def _within(value: Any, name: str, low: float, high: float) -> float:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise InputError(f"{name} is {value!r}", f"a number from {low:g} to {high:g}")
    return float(value)
