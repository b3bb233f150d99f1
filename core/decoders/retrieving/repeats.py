"""What a decoder makes of single trials, and of the average of more and more repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core import scores
from core.decoders.retrieving.decoded import Decoded
from core.decoders.scoring.score_table import over
from core.decoders.training.data import rows_of
from core.vectors import has_direction

# An interval over fewer images says little.
FEWEST = 10


@dataclass(frozen=True, eq=False)
class Repeats:
    """Predictions from the repeats of every test image.

    Attributes
    ----------
    stimulus : np.ndarray of shape (t,), intp
        Row of ``stimuli`` of each trial, in the order of the trials of a stimulus.
    number : np.ndarray of shape (t,), intp
        Which usable repeat of its image a trial is, 1 the first.
    single : np.ndarray of shape (t, d), float32
        Predicted from each trial alone.
    averaged : np.ndarray of shape (t, d), float32
        Predicted from the mean of that trial and those of the image before it.
    """

    stimulus: np.ndarray
    number: np.ndarray
    single: np.ndarray
    averaged: np.ndarray

    def of_image(self, stimulus: int) -> np.ndarray:
        """Places of the trials of one image."""
        return np.flatnonzero(self.stimulus == stimulus)


class RepeatScore(NamedTuple):
    """Two-way identification among test images from the average of ``repeats`` trials.

    ``low`` and ``high`` are the 95 % interval, see ``core.scores.evaluate``; ``over`` says
    over what, such as '20 categories'. ``images`` are the same for every number of repeats.
    """

    repeats: int
    two_way: float
    low: float
    high: float
    images: int
    over: str


def decode_repeats(decoded: Decoded) -> Repeats:
    """Predict from every trial of the test set, and from the average of the first r repeats.

    The mean of all repeats gives what ``decode`` gives, up to rounding.
    """
    run, data = decoded.run, decoded.data
    rows = rows_of(
        decoded.ds, decoded.subject, data.layout, run.scaling, data.fold.test, trials="all"
    )
    order = np.argsort(rows.stimulus, kind="stable")
    x, stimulus = rows.x[order], rows.stimulus[order]
    starts = np.searchsorted(stimulus, stimulus)
    number = np.arange(len(stimulus)) - starts + 1
    single = run.predict(x, rows.subject[order])
    averaged = run.predict(_running_means(x, number), rows.subject[order])
    return Repeats(stimulus, number, single, averaged)


def score_repeats(decoded: Decoded, repeats: Repeats) -> list[RepeatScore]:
    """Two-way identification from the average of 1, 2, ... repeats.

    Images with as many repeats as at least half of the repeated ones have are scored, for every
    number of repeats the same. Empty where these are fewer than ten.
    """
    counts = np.bincount(repeats.stimulus)
    depth = int(np.median(counts[counts > 1])) if (counts > 1).any() else 0
    targets = decoded.targets()
    test = np.sort(decoded.data.fold.test)
    test = test[has_direction(targets[test])]
    scored = test[np.isin(test, np.flatnonzero(counts >= max(1, depth)))]
    if depth == 0 or len(scored) < FEWEST:
        return []
    right = np.searchsorted(test, scored)
    starts = np.searchsorted(repeats.stimulus, scored)
    category = np.array([*decoded.data.names, ""])[decoded.data.category[test]]
    curve = []
    for number in range(1, depth + 1):
        predicted = repeats.averaged[starts + number - 1]
        queries = scores.Queries(predicted, targets[test], right, category)
        table = scores.evaluate(queries, permutations=1, resamples=1)
        row = table[table["measure"] == "two-way"].iloc[0]
        interval = float(row["low"]), float(row["high"])
        point = RepeatScore(
            number, float(row["value"]), *interval, len(scored), over(row, "resampled")
        )
        curve.append(point)
    return curve


def _running_means(x: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Mean of each row and those before it down to number 1. (t, V) float32"""
    means = np.empty_like(x)
    total = np.zeros(x.shape[1])
    for row, count in enumerate(number):
        total = x[row].astype(np.float64) if count == 1 else total + x[row]
        means[row] = total / count
    return means
