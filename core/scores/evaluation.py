"""The table of measures: value, chance, interval, p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.errors import InputError
from core.scores import ranks, resampling
from core.scores.classification import Prototypes, rank_categories
from core.scores.measure import Credits, row
from core.scores.usable import UsableQueries, prepare

TOP = (1, 5)
AMONG = 300


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


def evaluate(
    queries: Queries,
    prototypes: Mapping[str, Any] | None = None,
    seed: int = 0,
    permutations: int = 1000,
    resamples: int = 1000,
    leave_own_out: bool = True,
    with_images: bool = False,
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
    with_images : bool
        Average the direction of each of ``prototypes`` with that of the category's test
        images, as prototypes by default are.

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
        - ``image top-1``, ``image top-5``: the right image is the most similar of all, or among
          the five most similar (with more than five images).
        - ``two-way``: share of the other images less similar than the right one, ties half.
        - ``median-rank``: of the right image among all, 1 the best, ties their mean rank.
        - ``top-1 of 300``: the right image is the most similar among itself and 299 others
          drawn at random, in expectation (with 300 images or more).

        Values are means over a subject's queries of an image, then over its subjects, then
        over images; ``median-rank`` is the median over queries. Ties in top-k count as
        broken at random.

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
    return pooled([queries], prototypes, seed, permutations, resamples, leave_own_out, with_images)


def pooled(
    runs: Sequence[Queries],
    prototypes: Mapping[str, Any] | None = None,
    seed: int = 0,
    permutations: int = 1000,
    resamples: int = 1000,
    leave_own_out: bool = True,
    with_images: bool = False,
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
    kind = Prototypes(prototypes, with_images, leave_own_out)
    each = [_measures(queries, kind) for queries in tests]
    measures = [_together(of_runs, order) for of_runs in zip(*each, strict=True)]
    of_seen = test.category[test.seen]
    maps = resampling.permutations(of_seen, permutations, seed)
    rows = [row(measure, test, maps, resamples, seed) for measure in measures]
    table = pd.DataFrame(rows)
    table.insert(list(table.columns).index("n"), "permuted", resampling.permuted_unit(of_seen))
    table["left_out"] = test.left_out_queries
    own = "test images, the viewed one left out" if leave_own_out else "test images"
    beside = f"given, and {own}" if with_images else "given"
    table.attrs["prototypes"] = own if prototypes is None else beside
    table.attrs["left_out"] = {
        "queries": test.left_out_queries,
        "images": test.left_out_images,
    }
    return table


def _measures(test: UsableQueries, prototypes: Prototypes) -> list[Credits]:
    return [*_classification(test, prototypes), *_identification(test)]


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
        query_row=np.concatenate([test.query_row for test in tests])[order],
        left_out_queries=sum(test.left_out_queries for test in tests),
    )
    return joined, order


def _together(of_runs: Sequence[Credits], order: np.ndarray) -> Credits:
    credit = np.concatenate([measure.credit for measure in of_runs])[order]
    return replace(of_runs[0], credit=credit)


def _classification(test: UsableQueries, prototypes: Prototypes) -> list[Credits]:
    ranked = rank_categories(test, prototypes)
    if ranked is None:
        return []
    better, equal = ranked.places()
    c = len(ranked.names)
    return [
        Credits(f"top-{k}", k / c, c, ranks.top_k_credit(better, equal, k), ranked.column)
        for k in TOP
        if k == 1 or c > k
    ]


def _identification(test: UsableQueries) -> list[Credits]:
    m = len(test.images)
    better, equal = ranks.standings(test.predicted, test.images, test.seen)
    rank = 1.0 + better + equal / 2.0
    column = np.arange(len(test.seen))
    measures = [
        Credits("two-way", 0.5, m, ranks.two_way(rank, m), column),
        Credits("median-rank", (m + 1) / 2, m, rank, column, is_median=True),
        *(
            Credits(f"image top-{k}", k / m, m, ranks.top_k_credit(better, equal, k), column)
            for k in TOP
            if k == 1 or m > k
        ),
    ]
    if m >= AMONG:
        credit = ranks.first_among(better, equal, m, AMONG)
        measures.append(Credits(f"top-1 of {AMONG}", 1 / AMONG, AMONG, credit, column))
    return measures
