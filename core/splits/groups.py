"""What stays together in one set: images with their copies, categories, clusters."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.registry import renamed
from core.splits.pool import Pool, linked, numbered
from core.vectors import unit_rows
from core.words import counted


@renamed(one="singular", many="plural")
@dataclass(frozen=True)
class Groups:
    """Group of each usable row, numbered as they come, and what a group is.

    ``codes`` (m,) int is -1 where a row has no group and is left out of every set;
    ``singular`` and ``plural`` name the groups in messages.
    """

    codes: np.ndarray
    singular: str
    plural: str

    @property
    def count(self) -> int:
        """Number of groups."""
        return int(self.codes.max(initial=-1)) + 1

    def counted(self, count: int | None = None) -> str:
        """Their number in words: '1 category', '20 clusters'."""
        count = self.count if count is None else count
        return counted(count, self.singular, self.plural)


def images(pool: Pool) -> Groups:
    """An image and its copies."""
    return Groups(pool.images, "image", "images")


def categories(pool: Pool) -> Groups:
    """A category; two that hold copies of one image are one group. Rows without are -1.

    Raises
    ------
    InputError
        If no usable stimulus has a category.
    """
    known = pool.texts("category") != ""
    if not known.any():
        raise InputError(
            f"None of the {len(pool.rows):,} usable stimuli has a category",
            "a column 'category' in the stimulus list",
            "Choose the split 'image' or 'cluster'.",
        )
    inside = pool.part(known)
    codes = np.full(len(known), -1, dtype=np.intp)
    codes[known] = linked(numbered(inside.texts("category")), inside.images)
    return Groups(codes, "category", "categories")


def clusters(pool: Pool, k: int, seed: int) -> Groups:
    """A k-means cluster of images, by Euclidean distance of features of length 1.

    Raises
    ------
    InputError
        If there are no features, or fewer different images than clusters.
    """
    rows = image_directions(pool, "cluster")
    return Groups(numbered(_kmeans(rows, k, seed)[pool.images]), "cluster", "clusters")


def image_directions(pool: Pool, kind: str) -> np.ndarray:
    """Features of each image at length 1; of its copies, the mean direction.

    Parameters
    ----------
    pool : Pool
    kind : str
        Of split, for the message.

    Returns
    -------
    np.ndarray of shape (images, d), float32

    Raises
    ------
    InputError
        If there are no features.
    """
    if pool.features is None:
        raise InputError(
            f"A split by {kind} was asked for without features",
            "features of the stimuli, (n, d)",
            "Give the embeddings of an encoder as features.",
        )
    return _means(_directions(pool.features[pool.rows]), pool.images)


def _means(rows: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean direction of each image, of length 1. (m, d) -> (images, d)."""
    count = int(codes.max()) + 1
    if count == len(rows):
        return rows
    order = np.argsort(codes, kind="stable")
    sums = np.add.reduceat(rows[order], np.searchsorted(codes[order], np.arange(count)), axis=0)
    return _directions(sums)


def _directions(rows: np.ndarray) -> np.ndarray:
    """Unit rows in single precision: k-means needs no more. (m, d) float32."""
    return unit_rows(rows).astype(np.float32)


def _kmeans(rows: np.ndarray, k: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    count = len(rows)
    if count >= k:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels: np.ndarray = KMeans(k, random_state=seed, n_init=4).fit_predict(rows)
        count = len(np.unique(labels))
    if count < k:
        raise InputError(
            f"The features tell {count:,} different images apart, fewer than {k:,} clusters",
            "at least as many as clusters",
            "Choose fewer clusters.",
        )
    return labels
