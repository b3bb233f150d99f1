"""A gallery of embeddings, prepared once and searched many times."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np

from core.errors import InputError
from core.validation import row_blocks
from core.vectors import has_direction, unit_rows

# Cosines in single precision are off by less than half of this, and of ERROR times the root
# of the dimensions; what is as near to a threshold is scored again.
MARGIN, ERROR = 1e-5, 4 * float(np.finfo(np.float32).eps)
# Squared lengths that single precision holds without loss; other rows are scaled in double.
SQUARES = (1e-20, 1e30)
# Seen from a centre, errors grow as a row comes near to it; above this, double precision.
MAGNIFIED = 8.0
# So many cosines stay in the cache of a core while they are scaled and compared; of many
# queries, those with so many rows at least, as a threshold set by few rows holds back little.
CACHED, WIDE = 400_000, 8192
# So many numbers are scored again at once: larger arrays would each come afresh from the
# operating system, which takes longer than the arithmetic.
RESCORED = 60_000


class Gallery:
    """Embeddings, with what makes cosines of their products.

    The cosine of a query of length 1 with a row is their product times a scale of the row,
    and seen from a centre c, (query . row) * scale - (query . c) * shift. Only these two
    numbers a row are computed here, once: 8 bytes a row. A second copy of the embeddings,
    scaled to length 1, would be 2.4 GB for 1.2 million images, to be written, found again
    and kept in step with the first; the product that a search takes anyway costs the same
    on either, and the original rows are what exact scores are computed from.

    Directions are those of :func:`core.vectors.unit_rows`: a row that is zero, or holds NaN
    or infinity, has none and is never retrieved; with a centre, neither is a row that lies
    on it.

    Parameters
    ----------
    features : array_like of shape (m, d)
        Embeddings, float32 or other real numbers, may be memory-mapped. No copy is made:
        they must not change afterwards.
    centre : array_like of shape (d,), optional
        Rows are seen from here: compared is ``unit(unit(row) - centre)``, which is what
        decoders predict. Queries are taken as they are.
    rows : int array of shape (r,), optional
        The gallery is ``features[rows]``, of which no copy is made as a whole.

    Attributes
    ----------
    usable : int
        How many rows have a direction.
    margin : float
        Cosines of :meth:`screened` are off by less than half of this.

    Raises
    ------
    InputError
        If the embeddings are no matrix of real numbers, or the centre does not fit.
    """

    def __init__(self, features: Any, centre: Any = None, rows: np.ndarray | None = None) -> None:
        self._features = np.asarray(features)
        self._rows = rows
        self._centre = None if centre is None else np.asarray(centre, dtype=np.float64)
        _check(self._features, self._centre)
        # NaN where a row has no direction, or one that single precision would not give.
        self._scale = np.full(len(self), np.nan, dtype=np.float32)
        self._shift = np.zeros(0 if centre is None else len(self), dtype=np.float32)
        self._has_direction = np.zeros(len(self), dtype=bool)
        magnified = [self._prepare(part) for part in row_blocks(len(self), self._features.shape[1])]
        error = max(MARGIN, ERROR * self._features.shape[1] ** 0.5)
        self.margin = error * max(1.0, *magnified) if magnified else error
        self._count()

    def __len__(self) -> int:
        return len(self._features) if self._rows is None else len(self._rows)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self), self._features.shape[1]

    @property
    def is_single(self) -> bool:
        """Whether a block of rows is screened as it lies, without a copy."""
        return self._features.dtype == np.float32 and self._rows is None

    def subset(self, rows: np.ndarray) -> Gallery:
        """The gallery of some of the rows (r,) int, at places in ``rows``; no copy is made."""
        chosen = copy(self)
        chosen._rows = rows if self._rows is None else self._rows[rows]
        chosen._scale = self._scale[rows]
        chosen._shift = self._shift if self._centre is None else self._shift[rows]
        chosen._has_direction = self._has_direction[rows]
        chosen._count()
        return chosen

    def directions(self, features: Any) -> np.ndarray:
        """Rows (n, d) as this gallery compares them: length 1, from its centre. float64."""
        unit = unit_rows(features)
        if self._centre is None:
            return unit
        unit[~has_direction(unit)] = np.nan
        return unit_rows(unit - self._centre)

    def similarity(
        self, directions: np.ndarray, asker: np.ndarray, places: np.ndarray
    ) -> np.ndarray:
        """Exact cosines of pairs of ``directions[asker]`` and rows, as float32.

        Parameters
        ----------
        directions : np.ndarray of shape (q, d), float64
            Of the queries, each of length 1.
        asker, places : np.ndarray of shape (n,), int

        Returns
        -------
        np.ndarray of shape (n,), float32
            -1 to 1; computed in double precision, in one order whatever the block.
        """
        similarity = np.empty(len(asker), dtype=np.float32)
        step = max(1, RESCORED // directions.shape[1])
        for start in range(0, len(asker), step):
            part = slice(start, start + step)
            images = self.directions(self._taken(places[part]))
            similarity[part] = cosines(directions[asker[part]], images)
        return similarity

    def screened(
        self, directions: np.ndarray, block: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All cosines in single precision, of products of ``block`` rows.

        Parameters
        ----------
        directions : np.ndarray of shape (q, d), float64
            Of the queries, each of length 1.
        block : int
            The most rows of a product.

        Yields
        ------
        places : np.ndarray of shape (b,), intp
            Rows of the gallery, of a block or a part of it; together each row that has a
            direction, once.
        cosines : np.ndarray of shape (q, b), float32
            Off by less than half of ``margin``; NaN where a row has no direction or is in
            another block. Overwritten by the next block.
        """
        sought = directions.astype(np.float32)
        along = None if self._centre is None else (directions @ self._centre).astype(np.float32)
        room = np.empty(len(sought) * min(block, len(self)), dtype=np.float32)
        step = max(WIDE, CACHED // len(sought))
        for start in range(0, len(self), block):
            count = min(block, len(self) - start)
            values = room[: len(sought) * count].reshape(len(sought), count)
            with np.errstate(all="ignore"):
                rows = self._taken(slice(start, start + count)).astype(np.float32, copy=False)
                np.matmul(sought, rows.T, out=values)
            for first in range(0, count, step):
                part = values[:, first : first + step]
                places = np.arange(start + first, start + first + part.shape[1])
                self._scale_to_cosines(part, along, places[0])
                yield places, part
        for start in range(0, len(self._others), block):
            places = self._others[start : start + block]
            exact = self.directions(self._taken(places)).astype(np.float32)
            yield places, sought @ exact.T

    def _scale_to_cosines(self, values: np.ndarray, along: np.ndarray | None, start: int) -> None:
        rows = slice(start, start + values.shape[1])
        with np.errstate(all="ignore"):
            values *= self._scale[rows]
            if along is not None:
                values -= along[:, None] * self._shift[rows]

    def _prepare(self, part: slice) -> float:
        """Set scales and shifts of a block; by how much it magnifies the error of a product."""
        rows = self._taken(part)
        with np.errstate(all="ignore"):
            single = rows.astype(np.float32, copy=False)
            squares = np.einsum("ij,ij->i", single, single)
            fits = (squares > SQUARES[0]) & (squares < SQUARES[1])
            scale, magnified = 1 / np.sqrt(squares), np.ones_like(squares)
            if self._centre is not None:
                seen = single * scale[:, None]
                seen -= self._centre.astype(np.float32)
                shift = 1 / np.sqrt(np.einsum("ij,ij->i", seen, seen))
                magnified = shift * (1 + float(np.linalg.norm(self._centre)))
                fits &= magnified < MAGNIFIED
                self._shift[part] = shift
                scale *= shift
        self._scale[part] = np.where(fits, scale, np.nan)
        self._has_direction[part] = fits
        # Missing and zero rows, those too large, small, or near to the centre.
        others = np.flatnonzero(~fits)
        if len(others):
            directions = self.directions(rows[others])
            self._has_direction[part.start + others] = has_direction(directions)
        return float(magnified[fits].max(initial=1.0))

    def _count(self) -> None:
        self.usable = int(self._has_direction.sum())
        # Rows whose direction single precision would not give.
        self._others = np.flatnonzero(self._has_direction & np.isnan(self._scale))

    def _taken(self, part: slice | np.ndarray) -> np.ndarray:
        return self._features[part] if self._rows is None else self._features[self._rows[part]]


def cosines(directions: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Products of rows (n, d) of length 1, row by row, in double precision. (n,) float32."""
    return np.clip(np.einsum("ij,ij->i", directions, others), -1.0, 1.0).astype(np.float32)


def _check(features: np.ndarray, centre: np.ndarray | None) -> None:
    if features.ndim != 2 or features.shape[1] == 0:
        raise InputError(
            f"The gallery has the shape {features.shape}", "(m, d) with d of at least 1"
        )
    if features.dtype.kind not in "biuf":
        raise InputError(f"The gallery has the dtype {features.dtype}", "real numbers")
    if centre is not None and (centre.shape != features.shape[1:] or not np.isfinite(centre).all()):
        raise InputError(
            f"The centre has the shape {centre.shape}, or is not finite",
            f"{features.shape[1]} finite numbers, as many as the gallery has dimensions",
        )
