"""Identification among images of the same category: what is left when the category is known."""

from __future__ import annotations

import numpy as np

from core.scores import ranks
from core.scores.measure import Credits
from core.scores.usable import UsableQueries

NAME = "two-way within category"
CHANCE = 0.5


def within_category(test: UsableQueries) -> list[Credits]:
    """Two-way identification with the other test images of the own category as candidates.

    Returns
    -------
    list of Credits
        One measure; none where no seen image shares its category with another test image, or
        all test images are of one category.
        ``candidates`` is the median over the images that count. Images that are alone in their
        category, or whose category is unknown, do not count.
    """
    of_seen = test.category[test.seen]
    names, sizes = np.unique(test.category[test.category != ""], return_counts=True)
    shared = names[sizes > 1]
    column = np.where(np.isin(of_seen, shared), np.arange(len(of_seen)), -1)
    # Of one category alone it is two-way identification.
    if not (column >= 0).any() or (test.category == shared[0]).all():
        return []
    # An image that does not count may become the right one of others when permuted: the last.
    lonely = int((column < 0).any())
    credit = np.full((len(test.predicted), len(of_seen) + lonely), CHANCE)
    for name in shared:
        members = np.flatnonzero(test.category == name)
        viewed = np.flatnonzero(of_seen == name)
        similarity = (test.predicted @ test.images[members].T).astype(np.float32)
        better, equal = ranks.places(similarity)
        rank = 1.0 + better + equal / 2.0
        places = np.searchsorted(members, test.seen[viewed])
        credit[:, viewed] = ranks.two_way(rank, len(members))[:, places]
    counted = dict(zip(names, sizes, strict=True))
    candidates = int(np.median([counted[name] for name in of_seen[column >= 0]]))
    return [Credits(NAME, CHANCE, candidates, credit, column)]
