"""What intervals and p-values are over: whole categories where they are known, else images."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from core.validation import row_blocks

FEWEST_CATEGORIES = 3


class Draws:
    """Bootstrap samples of images and, where there are several, of subjects.

    ``images`` (resamples, s) and ``subjects`` (resamples, subjects) say how often each
    was drawn; all queries of an image move together, and with ``group`` (s,), such as the
    number of its category, all images of a group.
    """

    def __init__(
        self,
        images: int,
        subjects: int,
        resamples: int,
        seed: int,
        group: np.ndarray | None = None,
    ) -> None:
        units = images if group is None else int(group.max()) + 1
        self.images, self.subjects = _counts(units, subjects, resamples, seed)
        if group is not None:
            self.images = self.images[:, group]

    def means(self, credit: np.ndarray, image: np.ndarray, subject: np.ndarray) -> np.ndarray:
        """Mean over a subject's queries of an image, over its subjects, over images.

        Returns
        -------
        np.ndarray of shape (resamples,)
            NaN where no drawn subject has a query of a drawn image.
        """
        shape = (self.images.shape[1], self.subjects.shape[1])
        cell = np.ravel_multi_index((image, subject), shape)
        sums = np.bincount(cell, credit, minlength=shape[0] * shape[1]).reshape(shape)
        counts = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        answered = (counts > 0) @ self.subjects.T
        mean = (sums / np.maximum(counts, 1)) @ self.subjects.T / np.maximum(answered, 1)
        weight = self.images.T * (answered > 0)
        total = weight.sum(axis=0)
        return np.where(total > 0, (weight * mean).sum(axis=0) / np.maximum(total, 1), np.nan)

    def medians(self, ranks: np.ndarray, image: np.ndarray, subject: np.ndarray) -> np.ndarray:
        """Median over all drawn queries. (resamples,)."""
        order = np.argsort(ranks, kind="stable")
        ordered = ranks[order]
        medians = np.full(len(self.images), np.nan)
        for block in row_blocks(len(medians), len(ranks)):
            drawn = self.images[block][:, image[order]]
            up_to = np.cumsum(drawn * self.subjects[block][:, subject[order]], axis=1)
            total = up_to[:, -1:]
            middle = [(up_to <= half).sum(axis=1) for half in ((total - 1) // 2, total // 2)]
            some = total[:, 0] > 0
            medians[block][some] = np.mean([ordered[place[some]] for place in middle], axis=0)
        return medians


@functools.lru_cache(maxsize=2)
def _counts(units: int, subjects: int, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each was drawn, read-only: measures of one test set share the draws."""
    rng = np.random.default_rng([seed, 1])
    images = rng.multinomial(units, np.full(units, 1 / units), resamples)
    people = np.ones((resamples, 1), dtype=np.int64)
    if subjects > 1:
        people = rng.multinomial(subjects, np.full(subjects, 1 / subjects), resamples)
    images.flags.writeable = people.flags.writeable = False
    return images, people


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % percentile interval of bootstrap values."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def permuted_unit(category: np.ndarray) -> str:
    """What is permuted and resampled: 'categories', or 'images' where fewer than 3 are known."""
    known = np.unique(category[category != ""])
    return "categories" if len(known) >= FEWEST_CATEGORIES else "images"


def is_one_to_one(category: np.ndarray) -> bool:
    """Whether every permutation makes each image the right one once: categories of one size."""
    sizes = np.unique(category[category != ""], return_counts=True)[1]
    return permuted_unit(category) == "images" or bool((sizes == sizes[0]).all())


def units_of(category: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The units that the interval of a score is over.

    Parameters
    ----------
    category : np.ndarray of shape (s,), str
        Of each image that has a query; '' where unknown.
    names : sequence of str
        Of these images.

    Returns
    -------
    names : np.ndarray of shape (u,), str
        Each known category is a unit, and each image of unknown category; where fewer than three
        categories are known, each image.
    unit : np.ndarray of shape (s,), intp
        Of each image.
    """
    by_image = np.char.add("image ", np.asarray(names, dtype=str))
    if permuted_unit(category) == "images":
        return np.unique(by_image, return_inverse=True)
    of_category = np.char.add("category ", category.astype(str))
    return np.unique(np.where(category == "", by_image, of_category), return_inverse=True)


def permutations(category: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Random maps of images to images that keep whole categories together.

    Each category is mapped as a whole to a category, one to one, and its images to those of that
    category in random order; where it has more images than that one these are gone through
    again. Images without a category are permuted among themselves; where fewer
    than three categories are known, so are all those with one.

    Where sizes differ, images of small categories so become the right one more often than
    they were: scores are then compared without what depends on the query alone and on
    the candidate alone (``core.scores.measure``), so that a decoder which always predicts
    the same gains nothing from guessing the largest category.

    Parameters
    ----------
    category : np.ndarray of shape (s,), str
        Of each image that has a query; '' where unknown.

    Returns
    -------
    np.ndarray of shape (count, s), intp
        The image that becomes the right one in place of each.
    """
    rng = np.random.default_rng([seed, 2])
    names, codes, sizes = np.unique(category, return_inverse=True, return_counts=True)
    if permuted_unit(category) == "images":
        codes = np.zeros(len(category), dtype=np.intp)
        names, sizes = names[:1], np.array([len(category)])
    maps = np.empty((count, len(category)), dtype=np.intp)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    order = np.argsort(codes, kind="stable")
    place = np.empty(len(codes), dtype=np.intp)
    place[order] = np.arange(len(codes)) - starts[codes[order]]
    movable = np.flatnonzero(names != "") if len(names) > 1 else np.arange(1)
    for block in row_blocks(count, len(category)):
        size = block.stop - block.start
        target = np.argsort(codes + rng.random((size, len(codes))), axis=1)
        goal = np.tile(np.arange(len(names)), (size, 1))
        goal[:, movable] = movable[np.argsort(rng.random((size, len(movable))), axis=1)]
        # The target lists images category by category, in random order within each.
        onto = goal[:, codes]
        maps[block] = np.take_along_axis(target, starts[onto] + place % sizes[onto], axis=1)
    return maps
