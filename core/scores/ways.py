"""Accuracy against the number of candidates, and which category each prediction is nearest to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from core.errors import InputError
from core.scores import ranks, resampling
from core.scores.classification import Prototypes, rank_categories
from core.scores.evaluation import Queries, of_places
from core.scores.measure import Standing, row
from core.scores.usable import UsableQueries, prepare

OVER = ("images", "categories")
COLUMNS = ("n_way", "value", "chance", "low", "high", "p", "n", "images", "categories")
OF_IMAGES = Prototypes()
Ranked = tuple[np.ndarray, np.ndarray, np.ndarray, int]


def n_way(
    queries: Queries,
    over: str,
    ways: Sequence[int],
    prototypes: Prototypes = OF_IMAGES,
    seed: int = 0,
    permutations: int = 1000,
    resamples: int = 1000,
) -> pd.DataFrame:
    """Share of responses whose right candidate is first among n, against n.

    Parameters
    ----------
    queries : Queries
    over : {'images', 'categories'}
        Whether the candidates are test images (identification) or prototypes of the test
        categories (classification).
    ways : sequence of int
        Numbers n of candidates, the right one and n - 1 drawn at random; those above the
        number of candidates are left out.
    prototypes : Prototypes
    seed, permutations, resamples : int
        As in ``core.scores.evaluate``.

    Returns
    -------
    pd.DataFrame
        A row for each n: ``n_way``, and the columns of ``core.scores.evaluate``. Empty where
        ``over`` is 'categories' and fewer than two are known. The value is the expectation
        over all draws of n - 1 others, exactly; ``chance`` is 1 / n where categories have
        equally many images, and else what the same predictions score on average for each
        viewed image.

    Raises
    ------
    InputError
        As ``core.scores.evaluate``, or if ``over`` is neither.

    Source: with b better ones among m the right one is first with the hypergeometric probability
    of drawing none of them, C(m - 1 - b, n - 1) / C(m - 1, n - 1); ties broken at random. At
    n = 2 it is two-way identification.
    """
    if over not in OVER:
        raise InputError(f"over is {over!r}", choices=OVER)
    test = prepare(*queries)
    ranked = _images(test) if over == "images" else _categories(test, prototypes)
    if ranked is None:
        return pd.DataFrame(columns=[*COLUMNS, "candidates", "permuted", "resampled"])
    better, equal, column, count = ranked
    maps = resampling.permutations(test.category[test.seen], permutations, seed)
    rows = []
    for n in (n for n in ways if 2 <= n <= count):
        first = Standing(better, equal, partial(ranks.first_among, drawn=n), count)
        measure = of_places(over, 1 / n, first, column)
        rows.append({"n_way": n, **row(measure, test, maps)})
    table = pd.DataFrame(rows, columns=[*COLUMNS, "candidates"])
    unit = resampling.permuted_unit(test.category[test.seen])
    return table.assign(permuted=unit, resampled=unit)


def draws(queries: Queries, among: int = 300, count: int = 30, seed: int = 0) -> np.ndarray:
    """Top-1 among images drawn at random, draw by draw.

    Parameters
    ----------
    queries : Queries
    among : int
        Seen images in a draw; they are the candidates, and their responses the queries.
    count : int
    seed : int

    Returns
    -------
    np.ndarray of shape (count,)
        Share of the images first among those of the draw, ties broken at random; empty where
        fewer images than ``among`` were seen.

    Source: Takagi & Nishimoto (2023) and later studies on NSD report the mean of 30 draws of
    300 images; its expectation is ``n_way`` at 300.
    """
    test = prepare(*queries)
    if len(test.seen) < among:
        return np.empty(0)
    rng = np.random.default_rng([seed, 3])
    return np.array([_one_draw(test, rng, among) for _ in range(count)])


def nearest_categories(queries: Queries, prototypes: Prototypes = OF_IMAGES) -> pd.DataFrame:
    """The category that each prediction is nearest to.

    Returns
    -------
    pd.DataFrame
        A row for each usable query of known category: ``query`` and ``image``, its rows in
        ``queries``; ``category``, the right one; ``predicted``, the nearest, of equally near
        ones the first by name. Empty with fewer than two categories.
    """
    test = prepare(*queries)
    ranked = rank_categories(test, prototypes)
    if ranked is None:
        return pd.DataFrame(columns=["query", "image", "category", "predicted"])
    known = ranked.column[test.image] >= 0
    right = ranked.column[test.image[known]]
    return pd.DataFrame(
        {
            "query": test.query_row[known],
            "image": test.image_row[test.right[known]],
            "category": ranked.names[right],
            "predicted": ranked.names[ranked.similarity[known].argmax(axis=1)],
        }
    )


def _images(test: UsableQueries) -> Ranked:
    better, equal = ranks.standings(test.predicted, test.images, test.seen)
    return better, equal, np.arange(len(test.seen)), len(test.images)


def _categories(test: UsableQueries, prototypes: Prototypes) -> Ranked | None:
    ranked = rank_categories(test, prototypes)
    if ranked is None:
        return None
    return *ranked.places(), ranked.column, len(ranked.names)


def _one_draw(test: UsableQueries, rng: np.random.Generator, among: int) -> float:
    drawn = np.sort(rng.choice(len(test.seen), among, replace=False))
    queried = np.flatnonzero(np.isin(test.image, drawn))
    column = np.searchsorted(drawn, test.image[queried])
    similarity = test.predicted[queried] @ test.images[test.seen[drawn]].T
    similarity = similarity.astype(np.float32)
    own = similarity[np.arange(len(column)), column, None]
    ties = (similarity == own).sum(axis=1)
    first = np.where((similarity > own).any(axis=1), 0.0, 1.0 / ties)
    sums = np.bincount(column, first, minlength=among)
    return float(np.mean(sums / np.bincount(column, minlength=among)))
