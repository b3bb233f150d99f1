"""Categories as candidates: how each prediction ranks the prototypes of the test categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from core.scores import ranks
from core.scores.usable import UsableQueries, prototypes_of
from core.vectors import unit_rows


class Prototypes(NamedTuple):
    """What stands for a category.

    Attributes
    ----------
    vectors : mapping of str to array_like of shape (d,), optional
        One for each test category, such as embeddings of its name. By default the mean of
        the unit embeddings of its test images.
    with_images : bool
        Whether the directions of ``vectors`` and of the test images are averaged.
    leave_own_out : bool
        Leave the viewed image out of its own category's images, where that has others. They
        then are one less than those of the other prototypes, which makes the measure
        conservative.
    """

    vectors: Mapping[str, Any] | None = None
    with_images: bool = False
    leave_own_out: bool = True


class RankedCategories(NamedTuple):
    """The test categories as each query ranks them.

    Attributes
    ----------
    names : np.ndarray of shape (c,), str
    column : np.ndarray of shape (s,), intp
        The right category of each seen image, -1 where unknown.
    similarity : np.ndarray of shape (q, c), float32
    """

    names: np.ndarray
    column: np.ndarray
    similarity: np.ndarray

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """How many categories are more similar than each, and how many equal. Two (q, c)."""
        return ranks.places(self.similarity)


def rank_categories(test: UsableQueries, prototypes: Prototypes) -> RankedCategories | None:
    """Compare predictions with the prototypes; None with fewer than two categories.

    Raises
    ------
    InputError
        If a prototype lacks or has no direction.
    """
    of_images = prototypes.vectors is None or prototypes.with_images
    names, directions = prototypes_of(test, prototypes.vectors)
    of_seen = test.category[test.seen]
    if len(names) < 2 or not (of_seen != "").any():
        return None
    named = None
    if prototypes.vectors is not None and of_images:
        named = directions
        directions = unit_rows(named + prototypes_of(test, None)[1])
    column = np.where(of_seen == "", -1, np.searchsorted(names, of_seen))
    similarity = test.predicted @ directions.T
    if of_images and prototypes.leave_own_out:
        _leave_own_out(similarity, test, column[test.image], named)
    return RankedCategories(names, column, similarity.astype(np.float32))


def _leave_own_out(
    similarity: np.ndarray, test: UsableQueries, column: np.ndarray, beside: np.ndarray | None
) -> None:
    """Take each viewed image out of its prototype, where that has another image."""
    for category in np.unique(column[column >= 0]):
        queries = np.flatnonzero(column == category)
        rows = test.right[queries]
        members = test.images[test.category == test.category[rows[0]]]
        if len(members) > 1:
            rest = unit_rows(members.sum(axis=0) - test.images[rows])
            if beside is not None:
                rest = unit_rows(rest + beside[category])
            similarity[queries, category] = np.einsum("ij,ij->i", test.predicted[queries], rest)
