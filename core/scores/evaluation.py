"""The table of measures: value, chance, interval, p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.errors import InputError
from core.scores import ranks, resampling
from core.scores.classification import Prototypes, rank_categories
from core.scores.intervals import UnitScores
from core.scores.measure import Credits, Standing, scored
from core.scores.usable import UsableQueries, prepare
from core.scores.within import within_category

TOP = (1, 5)
AMONG = 300


class Scored(NamedTuple):
    """The table of ``evaluate``, and by measure the scores of its units, to compare decoders."""

    table: pd.DataFrame
    by_unit: dict[str, UnitScores]


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
    permutations : int
        Of the p-value.
    resamples : int
        Of the bootstrap of former versions; intervals need none now.
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
        interval (NaN with fewer than two units); ``p``; ``permuted`` and ``resampled``, what
        p and the interval are over, 'categories' (their images with them) or, where fewer than
        three are known, 'images', which are then taken as independent; ``n`` queries;
        ``images`` that they are from; ``categories``; ``candidates`` that the right one is
        sought among; ``left_out`` queries without a usable embedding. Its ``attrs`` name the
        ``prototypes`` and the images left out.

        - ``top-1``, ``top-5``: the right category is the nearest prototype, or among the five
          nearest (with more than five categories). Queries of unknown category do not count.
        - ``image top-1``, ``image top-5``: the right image is the most similar of all, or among
          the five most similar (with more than five images).
        - ``two-way``: share of the other images less similar than the right one, ties half.
        - ``median-rank``: of the right image among all, 1 the best, ties their mean rank.
        - ``top-1 of 300``: the right image is the most similar among itself and 299 others
          drawn at random, in expectation (with 300 images or more).
        - ``two-way within category``: the same among the other images of the category alone:
          what the prediction tells beyond the category.

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

    The interval says where the score of other images would lie: of other categories where three
    or more are known, and of other subjects where there are several. The images stand for both
    queries and candidates.

    Source: intervals as :func:`core.scores.intervals.interval` says, of the median rank as
    :func:`core.scores.intervals.median_interval`; p = (1 + permuted values at least as good) /
    (1 + permutations) (Phipson & Smyth 2010), see :func:`core.scores.resampling.permutations`.
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

    A subject's score of an image is the mean over its queries of all runs; the interval is over
    images, categories and subjects, never over runs. Parameters, table and errors are those
    of ``evaluate``.

    Raises
    ------
    InputError
        If the usable test images of two runs differ.
    """
    return score(runs, prototypes, seed, permutations, resamples, leave_own_out, with_images).table


def score(
    runs: Sequence[Queries],
    prototypes: Mapping[str, Any] | None = None,
    seed: int = 0,
    permutations: int = 1000,
    resamples: int = 1000,
    leave_own_out: bool = True,
    with_images: bool = False,
) -> Scored:
    """What ``pooled`` gives, with the scores of single units; see ``core.scores.compare``."""
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
    rows, by_unit = [], {}
    for measure in measures:
        numbers, units = scored(measure, test, maps)
        rows.append(numbers)
        if units is not None:
            by_unit[measure.name] = units
    table = pd.DataFrame(rows)
    for column in ("resampled", "permuted"):
        table.insert(list(table.columns).index("n"), column, resampling.permuted_unit(of_seen))
    table["left_out"] = test.left_out_queries
    own = "test images, the viewed one left out" if leave_own_out else "test images"
    beside = f"given, and {own}" if with_images else "given"
    table.attrs["prototypes"] = own if prototypes is None else beside
    table.attrs["left_out"] = {
        "queries": test.left_out_queries,
        "images": test.left_out_images,
    }
    return Scored(table, by_unit)


def _measures(test: UsableQueries, prototypes: Prototypes) -> list[Credits]:
    return [
        *_classification(test, prototypes),
        *_identification(test),
        *within_category(test),
    ]


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
    first = of_runs[0]
    if len(of_runs) == 1:  # in that order already
        return first
    credit = np.concatenate([measure.credit for measure in of_runs])[order]
    standings = [measure.standing for measure in of_runs if measure.standing is not None]
    if not standings:
        return replace(first, credit=credit)
    better = np.concatenate([standing.better for standing in standings])[order]
    equal = np.concatenate([standing.equal for standing in standings])[order]
    whole = standings[0]._replace(better=better, equal=equal)
    return replace(first, credit=credit, standing=whole)


def _classification(test: UsableQueries, prototypes: Prototypes) -> list[Credits]:
    ranked = rank_categories(test, prototypes)
    if ranked is None:
        return []
    places, c = ranked.places(), len(ranked.names)
    return [
        of_places(f"top-{k}", k / c, Standing(*places, partial(_top, k), c), ranked.column)
        for k in TOP
        if k == 1 or c > k
    ]


def _identification(test: UsableQueries) -> list[Credits]:
    m = len(test.images)
    places = ranks.standings(test.predicted, test.images, test.seen)
    column = np.arange(len(test.seen))
    ranked = Standing(*places, _rank, m)
    measures = [
        of_places("two-way", 0.5, Standing(*places, _two_way, m), column),
        Credits("median-rank", (m + 1) / 2, m, ranked.credit(), column, True, ranked),
        *(
            of_places(f"image top-{k}", k / m, Standing(*places, partial(_top, k), m), column)
            for k in TOP
            if k == 1 or m > k
        ),
    ]
    if m >= AMONG:
        first = Standing(*places, partial(ranks.first_among, drawn=AMONG), m)
        among = of_places(f"top-1 of {AMONG}", 1 / AMONG, first, column)
        measures.append(replace(among, candidates=AMONG))
    return measures


def of_places(name: str, chance: float, standing: Standing, column: np.ndarray) -> Credits:
    """A measure that follows from the place of the right candidate."""
    credit = standing.credit()
    return Credits(name, chance, standing.candidates, credit, column, standing=standing)


def _rank(better: np.ndarray, equal: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    return 1.0 + better + equal / 2.0


def _two_way(better: np.ndarray, equal: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    return ranks.two_way(_rank(better, equal, candidates), candidates)


def _top(k: int, better: np.ndarray, equal: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    return ranks.top_k_credit(better, equal, k)
