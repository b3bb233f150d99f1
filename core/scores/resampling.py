"""Intervals by resampling images and subjects, p-values by permuting whole categories."""

from __future__ import annotations

import functools

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
    """What is permuted: 'categories', or 'images' where fewer than three are known."""
    known = np.unique(category[category != ""])
    return "categories" if len(known) >= FEWEST_CATEGORIES else "images"


def permutations(category: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Random one-to-one maps of images to images that keep whole categories together.

    Categories are put in a random order, the images of each in a random order within it;
    twice, and the k-th image of the first list is mapped to the k-th of the second. With
    categories of one size each category is so mapped as a whole to a category. Sizes that
    differ break categories at the seams, but every image and every category stays the right
    one as often as it was, so that a decoder which always predicts the same gains nothing
    from guessing the largest category. Images without a category are permuted among
    themselves; where fewer than three categories are known, so are all those with one.

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
    names, codes = np.unique(category, return_inverse=True)
    if permuted_unit(category) == "images":
        codes = np.zeros(len(category), dtype=np.intp)
        names = names[:1]
    maps = np.empty((count, len(category)), dtype=np.intp)
    for block in row_blocks(count, len(category)):
        source, target = (
            _shuffled(codes, len(names), category == "", block.stop - block.start, rng)
            for _ in range(2)
        )
        np.put_along_axis(maps[block], source, target, axis=1)
    return maps


def _shuffled(
    codes: np.ndarray, groups: int, unknown: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Random orders of the images in which groups stay together, unknown ones last."""
    place = np.argsort(rng.random((count, groups)), axis=1).astype(np.float64)
    key = place[:, codes] + rng.random((count, len(codes)))
    key[:, unknown] += groups
    return np.argsort(key, axis=1)
