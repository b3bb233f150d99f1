"""The table of measures: value, chance, interval, p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.errors import InputError
from core.scores import ranks, resampling
from core.scores.usable import UsableQueries, prepare, prototypes_of
from core.validation import row_blocks
from core.vectors import unit_rows

TOP = (1, 5)
AMONG = 300
# Permuted values that differ from the observed one by rounding alone count as equal.
ROUNDING = 1e-9


class Queries(NamedTuple):
    """What one decoder predicted, and the images that it was tested on.

    Attributes
    ----------
    predicted : array_like of shape (q, d)
        A predicted embedding for each query, a trial or an average of trials.
    images : array_like of shape (m, d)
        Embeddings of the test images.
    image : array_like of shape (q,), int
        Row of ``images`` that each query was made from; queries may share one.
    category : array_like of shape (m,), str
        Of each image; '' where unknown.
    subject : array_like of shape (q,), optional
        Who each query is from.
    """

    predicted: Any
    images: Any
    image: Any
    category: Any
    subject: Any = None


@dataclass(frozen=True)
class _Measure:
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


def evaluate(
    queries: Queries,
    prototypes: Mapping[str, Any] | None = None,
    seed: int = 0,
    permutations: int = 1000,
    resamples: int = 1000,
    leave_own_out: bool = True,
) -> pd.DataFrame:
    """Score predicted embeddings by cosine similarity to the embeddings of test images.

    Parameters
    ----------
    queries : Queries
    prototypes : mapping of str to array_like of shape (d,), optional
        One for each test category. By default the mean of the unit embeddings of the
        category's test images; embeddings of the category's name are the stricter,
        zero-shot form.
    seed : int
    permutations, resamples : int
        Of the p-value and of the interval.
    leave_own_out : bool
        Leave the viewed image out of its own category's default prototype, where that has
        other images. It then rests on one image less than the other prototypes, which
        makes the measure conservative.

    Returns
    -------
    pd.DataFrame
        One row a measure. ``measure``; ``value``; ``chance``; ``low`` and ``high``, the 95 %
        interval (NaN with fewer than two images); ``p``; ``permuted``, 'categories' or
        'images'; ``n`` queries; ``images`` that they are from; ``categories``;
        ``candidates`` that the right one is sought among; ``left_out`` queries without a
        usable embedding. Its ``attrs`` name the ``prototypes`` and the images left out.

        - ``top-1``, ``top-5``: the right category is the nearest prototype, or among the five
          nearest (with more than five categories). Queries of unknown category do not count.
        - ``two-way``: share of the other images less similar than the right one, ties half.
        - ``median-rank``: of the right image among all, 1 the best, ties their mean rank.
        - ``top-1 of 300``: the right image is the most similar among itself and 299 others
          drawn at random, in expectation (with 300 images or more).

        Values are means over a subject's queries of an image, then over its subjects, then
        over images; ``median-rank`` is the median over queries. Ties in top-1 and top-5
        count as broken at random.

        ``chance`` of top-k is what the same predictions score, on average, when every viewed
        image is paired with every viewed image, itself included, as the right one: the
        expected value of predictions whose distribution does not depend on the image. With
        equally many viewed images in each of the c categories it is k / c whatever is
        predicted; with sizes that differ, predictions that favour large categories stand
        higher. Chance of the other measures is that of random order.

    Raises
    ------
    InputError
        If the test set is empty, dimensions or lengths differ, image rows are out of
        range, a prototype lacks, or permutations or resamples are below 1.

    Source: the interval is the percentile bootstrap over images and, with several subjects,
    over subjects as well; p = (1 + permuted values at least as good) / (1 + permutations)
    (Phipson & Smyth 2010), see :func:`core.scores.resampling.permutations`.
    """
    return pooled([queries], prototypes, seed, permutations, resamples, leave_own_out)


def pooled(
    runs: Sequence[Queries],
    prototypes: Mapping[str, Any] | None = None,
    seed: int = 0,
    permutations: int = 1000,
    resamples: int = 1000,
    leave_own_out: bool = True,
) -> pd.DataFrame:
    """Score several decoders, such as seeds, that were tested on the same images, as one.

    A subject's score of an image is the mean over its queries of all runs; images and
    subjects, never runs, are resampled, and images permuted. Parameters, table and errors
    are those of ``evaluate``.

    Raises
    ------
    InputError
        If the usable test images of two runs differ.
    """
    for number, name in ((permutations, "permutations"), (resamples, "resamples")):
        if number < 1:
            raise InputError(f"{name} is {number}", "at least 1")
    tests = [prepare(*run) for run in runs]
    test, order = _joined(tests)
    each = [_measures(queries, prototypes, leave_own_out) for queries in tests]
    measures = [_together(of_runs, order) for of_runs in zip(*each, strict=True)]
    of_seen = test.category[test.seen]
    maps = resampling.permutations(of_seen, permutations, seed)
    rows = [_row(measure, test, maps, resamples, seed) for measure in measures]
    table = pd.DataFrame(rows)
    table.insert(list(table.columns).index("n"), "permuted", resampling.permuted_unit(of_seen))
    table["left_out"] = test.left_out_queries
    own = "test images, the viewed one left out" if leave_own_out else "test images"
    table.attrs["prototypes"] = own if prototypes is None else "given"
    table.attrs["left_out"] = {
        "queries": test.left_out_queries,
        "images": test.left_out_images,
    }
    return table


def _measures(
    test: UsableQueries, prototypes: Mapping[str, Any] | None, leave_own_out: bool
) -> list[_Measure]:
    return [*_classification(test, prototypes, leave_own_out), *_identification(test)]


def _joined(tests: Sequence[UsableQueries]) -> tuple[UsableQueries, np.ndarray]:
    """The queries of all runs, sorted by image, then subject, and that order."""
    first = tests[0]
    for other in tests[1:]:
        same = np.array_equal(first.category, other.category)
        if not (same and np.array_equal(first.seen, other.seen)):
            raise InputError(
                f"One run was tested on {len(first.seen)} images, another on {len(other.seen)}",
                "the same images in every run",
            )
    image = np.concatenate([test.image for test in tests])
    subject = np.concatenate([test.subject for test in tests])
    order = np.lexsort((subject, image))
    joined = replace(
        first,
        predicted=np.concatenate([test.predicted for test in tests])[order],
        image=image[order],
        subject=subject[order],
        left_out_queries=sum(test.left_out_queries for test in tests),
    )
    return joined, order


def _together(of_runs: Sequence[_Measure], order: np.ndarray) -> _Measure:
    credit = np.concatenate([measure.credit for measure in of_runs])[order]
    return replace(of_runs[0], credit=credit)


def _classification(
    test: UsableQueries, prototypes: Mapping[str, Any] | None, leave_own_out: bool
) -> list[_Measure]:
    names, directions = prototypes_of(test, prototypes)
    of_seen = test.category[test.seen]
    if len(names) < 2 or not (of_seen != "").any():
        return []
    column = np.where(of_seen == "", -1, np.searchsorted(names, of_seen))
    similarity = test.predicted @ directions.T
    if prototypes is None and leave_own_out:
        _leave_own_out(similarity, test, column[test.image])
    better, equal = ranks.places(similarity.astype(np.float32))
    c = len(names)
    return [
        _Measure(f"top-{k}", k / c, c, ranks.top_k_credit(better, equal, k), column)
        for k in TOP
        if k == 1 or c > k
    ]


def _leave_own_out(similarity: np.ndarray, test: UsableQueries, column: np.ndarray) -> None:
    """Take each viewed image out of its prototype, where that has another image."""
    for category in np.unique(column[column >= 0]):
        queries = np.flatnonzero(column == category)
        rows = test.right[queries]
        members = test.images[test.category == test.category[rows[0]]]
        if len(members) > 1:
            rest = unit_rows(members.sum(axis=0) - test.images[rows])
            similarity[queries, category] = np.einsum("ij,ij->i", test.predicted[queries], rest)


def _identification(test: UsableQueries) -> list[_Measure]:
    m = len(test.images)
    better, equal = ranks.standings(test.predicted, test.images, test.seen)
    rank = 1.0 + better + equal / 2.0
    column = np.arange(len(test.seen))
    measures = [
        _Measure("two-way", 0.5, m, ranks.two_way(rank, m), column),
        _Measure("median-rank", (m + 1) / 2, m, rank, column, is_median=True),
    ]
    if m >= AMONG:
        credit = ranks.first_among(better, equal, m, AMONG)
        measures.append(_Measure(f"top-1 of {AMONG}", 1 / AMONG, AMONG, credit, column))
    return measures


def _row(
    measure: _Measure, test: UsableQueries, maps: np.ndarray, resamples: int, seed: int
) -> dict[str, Any]:
    known = measure.column[test.image] >= 0
    seen, image = np.unique(test.image[known], return_inverse=True)
    credit, subject = measure.credit[known], test.subject[known]
    identity = np.arange(len(test.seen))[None]
    columns = measure.column[np.concatenate([identity, maps])][:, seen]
    own = credit[np.arange(len(credit)), columns[0][image]]
    of_images = _image_means(credit, image, subject)
    draws = resampling.Draws(len(seen), int(subject.max()) + 1, resamples, seed)
    if measure.is_median:
        values = -_medians(credit, image, columns)
        drawn = draws.medians(own, image, subject)
    else:
        values = _means(of_images, columns)
        drawn = draws.means(own, image, subject)
    low, high = resampling.interval(drawn) if len(seen) > 1 else (np.nan, np.nan)
    names = np.unique(test.category[test.category != ""])
    return {
        "measure": measure.name,
        "value": abs(float(values[0])),
        "chance": _chance(measure, of_images, columns[0]),
        "low": low,
        "high": high,
        "p": float(np.mean(values >= values[0] - ROUNDING)),
        "n": len(credit),
        "images": len(seen),
        "categories": len(names),
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


def _chance(measure: _Measure, of_images: np.ndarray, column: np.ndarray) -> float:
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
