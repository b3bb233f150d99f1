"""Predictions and the test images that they are compared with, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.validation import check_same_length, enumerate_names
from core.vectors import has_direction, unit_rows


@dataclass(frozen=True)
class UsableQueries:
    """Usable predictions and test images, unit rows in double precision.

    Queries are sorted by image, then subject, so that their order in the input means nothing.

    Attributes
    ----------
    predicted : np.ndarray of shape (q, d)
    images : np.ndarray of shape (m, d)
    seen : np.ndarray of shape (s,), intp
        The images that have a query, ascending.
    image : np.ndarray of shape (q,), intp
        Place of each query's image in ``seen``.
    category : np.ndarray of shape (m,), str
    subject : np.ndarray of shape (q,), intp
    query_row, image_row : np.ndarray of shapes (q,) and (m,), intp
        Row of each in what was given.
    left_out_queries, left_out_images : int
        Rows without a usable embedding, and queries of such images.
    """

    predicted: np.ndarray
    images: np.ndarray
    seen: np.ndarray
    image: np.ndarray
    category: np.ndarray
    subject: np.ndarray
    query_row: np.ndarray
    image_row: np.ndarray
    left_out_queries: int
    left_out_images: int

    @property
    def right(self) -> np.ndarray:
        """Row of each query's image among the images. (q,)."""
        return self.seen[self.image]


def prepare(predicted: Any, images: Any, image: Any, category: Any, subject: Any) -> UsableQueries:
    """Check predictions and images against each other and leave out what has no embedding.

    Raises
    ------
    InputError
        See :func:`core.scores.evaluate`.
    """
    predicted, images = _embeddings(predicted, "predicted"), _embeddings(images, "images")
    if predicted.shape[1] != images.shape[1]:
        raise InputError(
            f"predicted has {predicted.shape[1]} dimensions, images has {images.shape[1]}",
            "embeddings of one encoder",
        )
    image = _rows(image, len(predicted), len(images))
    names = pd.Series(category, dtype=object).fillna("").to_numpy().astype(str)
    check_same_length(len(names), len(images), "category", "images")
    subject = np.zeros(len(predicted), dtype=int) if subject is None else np.asarray(subject)
    check_same_length(len(subject), len(predicted), "subject", "predicted")
    kept, directed = has_direction(images), has_direction(predicted)
    queried = directed & kept[image]
    _check_collapsed(directed)
    if not queried.any() or kept.sum() < 2:
        raise InputError(
            f"The test set has {queried.sum()} usable predictions and {kept.sum()} usable images",
            "at least 1 prediction of an image with an embedding, and 2 images",
            "Choose a split with a larger test set, or encode the missing images.",
        )
    place = np.cumsum(kept) - 1
    codes = np.unique(subject, return_inverse=True)[1]
    rows = np.flatnonzero(queried)
    rows = rows[np.lexsort((codes[rows], image[rows]))]
    seen, of_query = np.unique(place[image[rows]], return_inverse=True)
    return UsableQueries(
        predicted=unit_rows(predicted[rows]),
        images=unit_rows(images[kept]),
        seen=seen,
        image=of_query,
        category=names[kept],
        subject=np.unique(codes[rows], return_inverse=True)[1],
        query_row=rows,
        image_row=np.flatnonzero(kept),
        left_out_queries=int(len(queried) - queried.sum()),
        left_out_images=int(len(kept) - kept.sum()),
    )


def prototypes_of(
    queries: UsableQueries, prototypes: Mapping[str, Any] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Names (c,) of the test categories and their prototypes (c, d), unit rows."""
    names = np.unique(queries.category[queries.category != ""])
    shape = (len(names), queries.images.shape[1])
    if prototypes is None:
        sums = [queries.images[queries.category == name].sum(axis=0) for name in names]
        return names, unit_rows(np.reshape(sums, shape))
    lacking = [str(name) for name in names if name not in prototypes]
    if lacking:
        raise InputError(
            f"No prototype for {len(lacking)} test categories: {enumerate_names(lacking)}",
            "one for each category of the test images",
        )
    rows = [np.asarray(prototypes[name], dtype=np.float64) for name in names]
    for name, row in zip(names, rows, strict=True):
        if row.shape != shape[1:] or not has_direction(row[None])[0]:
            raise InputError(
                f"The prototype of {name} has the shape {row.shape}, NaN or no direction",
                f"({shape[1]},), finite numbers that are not all zero",
            )
    return names, unit_rows(np.reshape(rows, shape))


def _check_collapsed(directed: np.ndarray) -> None:
    """Refuse predictions none of which has a direction."""
    if len(directed) and not directed.any():
        raise InputError(
            "Every prediction is zero or not a number, and has no direction to be scored by",
            "predictions that differ from zero",
            "The decoder has collapsed: lower its regularisation or its learning rate.",
        )


def _embeddings(array: Any, name: str) -> np.ndarray:
    array = np.asarray(array)
    if array.ndim != 2 or array.shape[1] < 1 or array.dtype.kind not in "biuf":
        raise InputError(
            f"{name} has the shape {array.shape} and the dtype {array.dtype}",
            "real numbers (rows, d)",
        )
    return array


def _rows(image: Any, queries: int, images: int) -> np.ndarray:
    rows = np.asarray(image)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise InputError(
            f"image has the shape {rows.shape} and the dtype {rows.dtype}",
            "one row number of images for each prediction",
        )
    check_same_length(len(rows), queries, "image", "predicted")
    outside = rows[(rows < 0) | (rows >= images)]
    if len(outside):
        raise InputError(
            f"image names rows that images does not have: {enumerate_names(outside)}",
            f"0 to {images - 1}",
        )
    return rows.astype(np.intp)
