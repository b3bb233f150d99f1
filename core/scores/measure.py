"""One measure: what each query scores were each candidate the right one; value, interval, p."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.scores import resampling
from core.scores.usable import UsableQueries
from core.validation import row_blocks

# Permuted values that differ from the observed one by rounding alone count as equal.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Credits:
    """One measure as a table of what each query scores were each column the right one.

    ``credit`` (q, columns); ``column`` (s,) is the right column for each seen image, -1
    where it has none; the median measure counts ranks, the fewer the better. ``chance`` holds
    where every column is the right one of equally many seen images.
    """

    name: str
    chance: float
    candidates: int
    credit: np.ndarray
    column: np.ndarray
    is_median: bool = False


def row(
    measure: Credits,
    test: UsableQueries,
    maps: np.ndarray,
    resamples: int,
    seed: int,
    over_categories: bool = False,
) -> dict[str, Any]:
    """The row of a measure in the table of ``core.scores.evaluate``.

    Parameters
    ----------
    measure : Credits
    test : UsableQueries
    maps : np.ndarray of shape (permutations, s), intp
        From ``core.scores.resampling.permutations``.
    resamples, seed : int
    over_categories : bool
        Resample whole categories in place of images.
    """
    known = measure.column[test.image] >= 0
    seen, image = np.unique(test.image[known], return_inverse=True)
    credit, subject = measure.credit[known], test.subject[known]
    identity = np.arange(len(test.seen))[None]
    columns = measure.column[np.concatenate([identity, maps])][:, seen]
    own = credit[np.arange(len(credit)), columns[0][image]]
    of_images = _image_means(credit, image, subject)
    names, codes = np.unique(test.category[test.seen[seen]], return_inverse=True)
    units, group = (len(names), codes) if over_categories else (len(seen), None)
    draws = resampling.Draws(len(seen), int(subject.max()) + 1, resamples, seed, group)
    if measure.is_median:
        values = -_medians(credit, image, columns)
        drawn = draws.medians(own, image, subject)
    else:
        values = _means(of_images, columns)
        drawn = draws.means(own, image, subject)
    low, high = resampling.interval(drawn) if units > 1 else (np.nan, np.nan)
    categories = np.unique(test.category[test.category != ""])
    return {
        "measure": measure.name,
        "value": abs(float(values[0])),
        "chance": _chance(measure, of_images, columns[0]),
        "low": low,
        "high": high,
        "p": float(np.mean(values >= values[0] - ROUNDING)),
        "n": len(credit),
        "images": len(seen),
        "categories": len(categories),
        "candidates": measure.candidates,
    }


def _image_means(credit: np.ndarray, image: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Mean over a subject's queries of an image, then over its subjects. (s, columns)."""
    of_subjects, starts = _group_means(credit, image * (subject.max() + 1) + subject)
    return _group_means(of_subjects, image[starts])[0]


def _group_means(rows: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the rows of each group, and where it starts; ``group`` ascends."""
    _, starts, counts = np.unique(group, return_index=True, return_counts=True)
    return np.add.reduceat(rows, starts, axis=0) / counts[:, None], starts


def _chance(measure: Credits, of_images: np.ndarray, column: np.ndarray) -> float:
    """Mean credit over all pairs of a viewed image and the right column of a viewed one."""
    share = np.bincount(column, minlength=of_images.shape[1]) / len(column)
    if (share == share[0]).all():
        return measure.chance
    return min(1.0, float(of_images.mean(axis=0) @ share))


def _means(of_images: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Mean over images, for each row of right columns."""
    rows = np.arange(len(of_images))
    values = np.empty(len(columns))
    for block in row_blocks(len(columns), len(rows)):
        values[block] = of_images[rows, columns[block]].mean(axis=1)
    return values


def _medians(ranks: np.ndarray, image: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Median over queries, for each row of right columns."""
    rows = np.arange(len(ranks))
    values = np.empty(len(columns))
    for block in row_blocks(len(columns), len(rows)):
        values[block] = np.median(ranks[rows, columns[block][:, image]], axis=1)
    return values
