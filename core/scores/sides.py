"""What is compared: predictions on one side, test pictures on the other, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.validation import check_same_length, enumerate_names


@dataclass(frozen=True)
class Sides:
    """Usable predictions and test pictures, unit rows in double precision.

    Queries are sorted by picture, then subject, so that their order in the input means nothing.

    Attributes
    ----------
    predicted : np.ndarray of shape (q, d)
    pictures : np.ndarray of shape (m, d)
    seen : np.ndarray of shape (s,), intp
        The pictures that have a query, ascending.
    picture : np.ndarray of shape (q,), intp
        Place of each query's picture in ``seen``.
    category : np.ndarray of shape (m,), str
    subject : np.ndarray of shape (q,), intp
    left_out_queries, left_out_pictures : int
        Rows without a usable embedding, and queries of such pictures.
    """

    predicted: np.ndarray
    pictures: np.ndarray
    seen: np.ndarray
    picture: np.ndarray
    category: np.ndarray
    subject: np.ndarray
    left_out_queries: int
    left_out_pictures: int

    @property
    def right(self) -> np.ndarray:
        """Row of each query's picture among the pictures. (q,)."""
        return self.seen[self.picture]


def prepare(predicted: Any, pictures: Any, picture: Any, category: Any, subject: Any) -> Sides:
    """Check both sides against each other and leave out what has no embedding.

    Raises
    ------
    InputError
        See :func:`core.scores.evaluate`.
    """
    predicted, pictures = _embeddings(predicted, "predicted"), _embeddings(pictures, "pictures")
    if predicted.shape[1] != pictures.shape[1]:
        raise InputError(
            f"predicted has {predicted.shape[1]} dimensions, pictures has {pictures.shape[1]}",
            "embeddings of one encoder",
        )
    picture = _rows(picture, len(predicted), len(pictures))
    names = pd.Series(category, dtype=object).fillna("").to_numpy().astype(str)
    check_same_length(len(names), len(pictures), "category", "pictures")
    subject = np.zeros(len(predicted), dtype=int) if subject is None else np.asarray(subject)
    check_same_length(len(subject), len(predicted), "subject", "predicted")
    kept = _has_direction(pictures)
    asked = _has_direction(predicted) & kept[picture]
    if not asked.any() or kept.sum() < 2:
        raise InputError(
            f"The test side has {asked.sum()} usable predictions and {kept.sum()} usable pictures",
            "at least 1 prediction of a picture with an embedding, and 2 pictures",
            "Choose a split with a larger test side, or encode the missing pictures.",
        )
    place = np.cumsum(kept) - 1
    codes = np.unique(subject, return_inverse=True)[1]
    rows = np.flatnonzero(asked)
    rows = rows[np.lexsort((codes[rows], picture[rows]))]
    seen, of_query = np.unique(place[picture[rows]], return_inverse=True)
    return Sides(
        predicted=unit(predicted[rows]),
        pictures=unit(pictures[kept]),
        seen=seen,
        picture=of_query,
        category=names[kept],
        subject=np.unique(codes[rows], return_inverse=True)[1],
        left_out_queries=int(len(asked) - asked.sum()),
        left_out_pictures=int(len(kept) - kept.sum()),
    )


def prototypes_of(sides: Sides, given: Mapping[str, Any] | None) -> tuple[np.ndarray, np.ndarray]:
    """Names (c,) of the test categories and their prototypes (c, d), unit rows."""
    names = np.unique(sides.category[sides.category != ""])
    if given is None:
        sums = [sides.pictures[sides.category == name].sum(axis=0) for name in names]
        return names, unit(np.reshape(sums, (len(names), sides.pictures.shape[1])))
    lacking = [str(name) for name in names if name not in given]
    if lacking:
        raise InputError(
            f"No prototype for {len(lacking)} test categories: {enumerate_names(lacking)}",
            "one for each category of the test pictures",
        )
    rows = [np.asarray(given[name], dtype=np.float64) for name in names]
    for name, row in zip(names, rows, strict=True):
        if row.shape != sides.pictures.shape[1:] or not np.isfinite(row).all() or not row.any():
            raise InputError(
                f"The prototype of {name} has the shape {row.shape}, NaN or no direction",
                f"({sides.pictures.shape[1]},), finite numbers that are not all zero",
            )
    return names, unit(np.reshape(rows, (len(names), sides.pictures.shape[1])))


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of unit norm in double precision; zero rows stay zero."""
    rows = np.asarray(rows, dtype=np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1.0)


def _embeddings(array: Any, name: str) -> np.ndarray:
    array = np.asarray(array)
    if array.ndim != 2 or array.shape[1] < 1 or array.dtype.kind not in "biuf":
        raise InputError(
            f"{name} has the shape {array.shape} and the dtype {array.dtype}",
            "real numbers (rows, d)",
        )
    return array


def _rows(picture: Any, queries: int, pictures: int) -> np.ndarray:
    rows = np.asarray(picture)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise InputError(
            f"picture has the shape {rows.shape} and the dtype {rows.dtype}",
            "one row number of pictures for each prediction",
        )
    check_same_length(len(rows), queries, "picture", "predicted")
    outside = rows[(rows < 0) | (rows >= pictures)]
    if len(outside):
        raise InputError(
            f"picture names rows that pictures does not have: {enumerate_names(outside)}",
            f"0 to {pictures - 1}",
        )
    return rows.astype(np.intp)


def _has_direction(rows: np.ndarray) -> np.ndarray:
    return np.isfinite(rows).all(axis=1) & rows.any(axis=1)
