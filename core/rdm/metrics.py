"""Dissimilarity metrics: each is one entry that turns products of rows into values.

Every metric works on *prepared* rows, float32 and free of offsets, whose inner
products give the dissimilarity; one fast symmetric product then serves them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.registry import Registry
from core.validation import row_blocks
from core.vectors import check_directions, describe_directions, unit_rows

NEARLY_PARALLEL = 1e-3
COMMON = 0.25
SAMPLE = 32
# Responses of which products in double precision take no longer than mending those in single.
SMALL = 400_000
CANCELLING = 0.25
DEEPLY_CANCELLING = 1e-7
TILE_COLUMNS = 1024

Cells = tuple[np.ndarray, np.ndarray]
Tile = Callable[[np.ndarray, np.ndarray, Cells], np.ndarray]


@dataclass(frozen=True)
class Prepared:
    """Rows ready for the product.

    Attributes
    ----------
    rows : np.ndarray of shape (n, v), float32
        Undefined rows are zero. float64 where they are so few that it takes no longer.
    shifts, sums : np.ndarray of shape (n,), float64, or float32 where that is exact enough
        What was taken out of each row, because many equal terms would add up the
        rounding errors of a float32 product; and the sum of what is left.
    squares : np.ndarray of shape (n,), float64
        Squared norms of the rows.
    undefined : np.ndarray of shape (n,), bool
        Rows without a dissimilarity (missing or constant responses).
    original : np.ndarray of shape (n, v)
        The responses themselves, for values that need float64.
    offset : np.ndarray of shape (v,), float64
        What was subtracted from every row (zero where rows were centred).
    scale : float
        Power of two by which the rows were divided.
    """

    rows: np.ndarray
    shifts: np.ndarray
    sums: np.ndarray
    squares: np.ndarray
    undefined: np.ndarray
    original: np.ndarray
    offset: np.ndarray
    scale: float = 1.0


@dataclass(frozen=True)
class Metric:
    """A dissimilarity between two rows of responses.

    Attributes
    ----------
    id, label : str
        Id of the contract; text of widgets and colour bars.
    range_text : str
        Range and unit of the values.
    neutral : float or None
        The value of unrelated responses (1 for 1 - r), where there is one.
    needs_folds : bool
        True where independent repeats or runs are needed.
    note : str
        What a reader must know about the name.
    citation : str
    """

    id: str
    label: str
    range_text: str
    neutral: float | None = None
    needs_folds: bool = False
    note: str = ""
    citation: str = ""

    def prepare(self, responses: np.ndarray) -> Prepared:
        raise TypeError(f"{self.id} is computed from folds, not from single rows")

    def panel(self, prepared: Prepared, rows: slice, columns: slice) -> np.ndarray:
        """Dissimilarities between two ranges of rows, float32, relative or absolute to 1e-6."""
        raise TypeError(f"{self.id} is computed from folds, not from single rows")

    def pairs(self, responses: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Dissimilarities of the pairs (i, j), float64, from the responses themselves."""
        raise TypeError(f"{self.id} is computed from folds, not from single rows")

    def rounded_once(self, x: np.ndarray, y: np.ndarray) -> float:
        """Dissimilarity of two rows by exactly rounded sums: the same on every machine."""
        raise TypeError(f"{self.id} is computed from folds, not from single rows")

    def check_units(self, count: int) -> None:
        """Raise InputError where the metric is undefined over so few units."""

    def describe_units(self, count: int) -> str:
        """What a reader must know of values over so few units; '' where there is nothing."""
        return ""

    def panel_error(self, value: float) -> float:
        """How far a value of ``panel`` may be from the exact one."""
        raise TypeError(f"{self.id} is computed from folds, not from single rows")

    def pairs_error(self, value: float) -> float:
        """How far a value of ``pairs`` may be from the exact one."""
        raise TypeError(f"{self.id} is computed from folds, not from single rows")


@dataclass(frozen=True)
class Angular(Metric):
    """One minus the cosine of the angle between rows, centred or not."""

    centred: ClassVar[bool] = False

    def check_units(self, count: int) -> None:
        check_directions(count, self.centred)

    def describe_units(self, count: int) -> str:
        return describe_directions(count, self.centred)

    def prepare(self, responses: np.ndarray) -> Prepared:
        n, v = responses.shape
        shifts, undefined = np.zeros(n), np.isnan(responses[:, 0])
        if responses.size <= SMALL:
            undefined |= self._without_direction(responses)
            unit = unit_rows(responses, self.centred)
            if undefined.any():
                unit[undefined] = 0.0
            return Prepared(unit, shifts, shifts, shifts + 1.0, undefined, responses, np.zeros(v))
        rows = np.empty((n, v), dtype=np.float32)
        for block in row_blocks(n, v):
            part = responses[block]
            undefined[block] |= self._without_direction(part)
            unit = unit_rows(part, self.centred)
            if self.centred:
                shifts[block] = _take_out_most_common(part, unit)
            rows[block] = unit
        rows[undefined] = 0.0
        shifts[undefined] = 0.0
        return Prepared(rows, shifts, np.zeros(n), np.ones(n), undefined, responses, np.zeros(v))

    def panel(self, prepared: Prepared, rows: slice, columns: slice) -> np.ndarray:
        values: np.ndarray = prepared.rows[rows] @ prepared.rows[columns].T
        if prepared.rows.dtype == np.float64:
            np.subtract(1.0, values, out=values)
            if columns.start <= rows.start:
                np.fill_diagonal(values[:, rows.start - columns.start :], 0.0)
            return np.clip(values, 0.0, 2.0, out=values)
        if prepared.shifts[rows].any():
            values -= np.outer(prepared.shifts[rows], prepared.shifts[columns]).astype(np.float32)
        np.subtract(1.0, values, out=values)
        mend(values, values < NEARLY_PARALLEL, rows.start, columns.start, self._tile(prepared))
        return np.clip(values, 0.0, 2.0, out=values)

    def panel_error(self, value: float) -> float:
        return max(1e-6 * value, 1e-12) if value < NEARLY_PARALLEL / 2 else 1e-5

    def pairs_error(self, value: float) -> float:
        return 1e-12

    def pairs(self, responses: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        left, right = (unit_rows(responses[rows], self.centred) for rows in (i, j))
        return np.clip(1.0 - np.einsum("kv,kv->k", left, right), 0.0, 2.0)

    def rounded_once(self, x: np.ndarray, y: np.ndarray) -> float:
        if np.array_equal(x, y):
            return 0.0
        x, y = self._centre_exactly(x), self._centre_exactly(y)
        norms = math.sqrt(math.fsum(x * x)) * math.sqrt(math.fsum(y * y))
        return min(max(1.0 - math.fsum(x * y) / norms, 0.0), 2.0)

    def _tile(self, prepared: Prepared) -> Tile:
        def tile(i: np.ndarray, j: np.ndarray, at: Cells) -> np.ndarray:
            left, right = (unit_rows(prepared.original[rows], self.centred) for rows in (i, j))
            return np.asarray(1.0 - (left @ right.T)[at])

        return tile

    def _without_direction(self, block: np.ndarray) -> np.ndarray:
        reference = block[:, :1] if self.centred else np.zeros((len(block), 1))
        without = (block[:, :SAMPLE] == reference).all(axis=1)
        without[without] = (block[without] == reference[without]).all(axis=1)
        return np.asarray(without)

    def _centre_exactly(self, row: np.ndarray) -> np.ndarray:
        row = row.astype(np.float64)
        # A power of two changes no digit, and keeps squares of small numbers above 0.
        row = np.ldexp(row, -np.frexp(np.abs(row).max())[1])
        if self.centred:
            row = row - math.fsum(row) / len(row)
        return row


class Correlation(Angular):
    """1 - Pearson correlation over the response units."""

    centred = True


@dataclass(frozen=True)
class Distance(Metric):
    """Euclidean distance between rows, or its square for each channel (unit)."""

    squared_per_channel: ClassVar[bool] = False

    def prepare(self, responses: np.ndarray) -> Prepared:
        n, v = responses.shape
        undefined = np.isnan(responses[:, 0])
        offset = self._column_mean(responses, undefined)
        scale = self._power_of_two(responses, undefined, offset)
        rows = np.empty((n, v), dtype=np.float32)
        shifts, sums, squares = np.zeros(n), np.zeros(n), np.zeros(n)
        for block in row_blocks(n, v):
            centred = (responses[block] - offset) / scale
            centred[undefined[block]] = 0.0
            mostly_zero = (centred == 0.0).mean(axis=1) > COMMON
            shifts[block] = np.where(mostly_zero, 0.0, centred.mean(axis=1))
            centred -= shifts[block, None]
            rows[block] = centred
            sums[block] = centred.sum(axis=1)
            squares[block] = np.einsum("ij,ij->i", centred, centred)
        kind = np.float64 if _dominate(shifts, squares, v) else np.float32
        shifts, sums = shifts.astype(kind), sums.astype(kind)
        return Prepared(rows, shifts, sums, squares, undefined, responses, offset, scale)

    def panel(self, prepared: Prepared, rows: slice, columns: slice) -> np.ndarray:
        squared: np.ndarray = prepared.rows[rows] @ prepared.rows[columns].T
        squared *= -2.0
        norms = prepared.squares.astype(np.float32)
        squared += norms[rows, None]
        squared += norms[None, columns]
        i, j = np.arange(rows.start, rows.stop)[:, None], np.arange(columns.start, columns.stop)
        squared += self._from_shifts(prepared, i, j)
        norms *= CANCELLING
        cancelling = squared < norms[rows, None] + norms[None, columns]
        v = prepared.rows.shape[1]
        mend(squared, cancelling, rows.start, columns.start, self._tile(prepared))
        np.maximum(squared, 0.0, out=squared)
        values = self._finish(squared, v)
        values *= prepared.scale**2 if self.squared_per_channel else prepared.scale
        return values

    def panel_error(self, value: float) -> float:
        return 4e-6 * value

    def pairs_error(self, value: float) -> float:
        return 1e-12 * value

    def pairs(self, responses: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return self._finish(_squared_distances(responses, i, j), responses.shape[1])

    def rounded_once(self, x: np.ndarray, y: np.ndarray) -> float:
        difference = x.astype(np.float64) - y.astype(np.float64)
        squared = math.fsum(difference * difference)
        return squared / len(x) if self.squared_per_channel else math.sqrt(squared)

    def _finish(self, squared: np.ndarray, v: int) -> np.ndarray:
        if self.squared_per_channel:
            squared /= v
            return squared
        return np.sqrt(squared, out=squared)

    def _from_shifts(self, prepared: Prepared, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """What the shifts c add to |x - y|^2: (c - d)(2 (sum x - sum y) + v (c - d))."""
        apart = prepared.shifts[i] - prepared.shifts[j]
        left = prepared.sums[i] - prepared.sums[j]
        return np.asarray(apart * (2.0 * left + prepared.rows.shape[1] * apart))

    def _centred(self, prepared: Prepared, rows: np.ndarray) -> np.ndarray:
        centred = (prepared.original[rows] - prepared.offset) / prepared.scale
        return np.asarray(centred - prepared.shifts[rows, None])

    def _power_of_two(
        self, responses: np.ndarray, undefined: np.ndarray, offset: np.ndarray
    ) -> float:
        """Size of the largest centred response, so that squares stay within float32."""
        largest = 0.0
        for block in row_blocks(*responses.shape):
            kept = responses[block][~undefined[block]]
            if len(kept):
                largest = max(largest, float(np.abs(kept - offset).max()))
        return float(2.0 ** math.floor(math.log2(largest))) if largest > 0 else 1.0

    def _column_mean(self, responses: np.ndarray, undefined: np.ndarray) -> np.ndarray:
        total = np.zeros(responses.shape[1])
        for block in row_blocks(*responses.shape):
            total += responses[block][~undefined[block]].sum(axis=0, dtype=np.float64)
        return total / max(1, int((~undefined).sum()))

    def _tile(self, prepared: Prepared) -> Tile:
        def tile(i: np.ndarray, j: np.ndarray, at: Cells) -> np.ndarray:
            left, right = self._centred(prepared, i), self._centred(prepared, j)
            i, j = i[at[0]], j[at[1]]
            norms = prepared.squares[i] + prepared.squares[j]
            squared = norms - 2.0 * (left @ right.T)[at]
            squared += self._from_shifts(prepared, i, j)
            deep = np.flatnonzero(squared < DEEPLY_CANCELLING * norms)
            exact = _squared_distances(prepared.original, i[deep], j[deep])
            squared[deep] = exact / prepared.scale**2
            return np.asarray(squared)

        return tile


class SquaredPerChannel(Distance):
    """Squared Euclidean distance divided by the number of units."""

    squared_per_channel = True


def _dominate(shifts: np.ndarray, squares: np.ndarray, v: int) -> bool:
    """Whether shifts are so large that their differences need float64."""
    return bool(v * np.max(shifts**2) > 9.0 * np.median(squares))


def _take_out_most_common(block: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Subtract, in place, the value that fills much of a row; give what that takes away.

    With a value c taken out of centred unit rows x and y, x . y is
    (x - c)(y - d) - v c d; the return value is sqrt(v) c. Rows in which no value
    fills a quarter of the units, by an even sample of them, stay as they are.
    """
    v = block.shape[1]
    places = np.arange(0, v, max(1, v // SAMPLE))[: SAMPLE - 1 if v >= SAMPLE else v]
    sample = block[:, places]
    at = np.argsort(sample, axis=1)[:, len(places) // 2]
    rows = np.arange(len(block))
    filled = (sample == sample[rows, at][:, None]).mean(axis=1) > COMMON
    common = np.where(filled, unit[rows, places[at]], 0.0)
    unit[filled] -= common[filled, None]
    return np.asarray(common * math.sqrt(v))


def mend(
    values: np.ndarray, suspicious: np.ndarray, first_row: int, first_column: int, tile: Tile
) -> None:
    """Recompute in float64, in place, the cells where float32 products nearly cancel.

    ``tile(i, j, at)`` gives the values of the cells ``at`` of the block rows i x rows j.
    """
    i, j = np.divmod(np.flatnonzero(suspicious), values.shape[1])
    own = i + first_row == j + first_column
    values[i[own], j[own]] = 0.0
    i, j = i[~own], j[~own]
    for start in range(0, values.shape[1] if len(i) else 0, TILE_COLUMNS):
        here = (j >= start) & (j < start + TILE_COLUMNS)
        row, at_row = np.unique(i[here], return_inverse=True)
        column, at_column = np.unique(j[here], return_inverse=True)
        cells = tile(row + first_row, column + first_column, (at_row, at_column))
        values[i[here], j[here]] = cells


def _squared_distances(responses: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    squared = np.empty(len(i))
    for block in row_blocks(len(i), responses.shape[1]):
        difference = responses[i[block]].astype(np.float64) - responses[j[block]]
        squared[block] = np.einsum("kv,kv->k", difference, difference)
    return squared


METRICS: Registry[Metric] = Registry("metric")
for _metric in (
    Correlation(
        "correlation",
        "1 − Pearson r",
        "0 to 2",
        neutral=1.0,
        citation="Kriegeskorte, Mur & Bandettini (2008), Front. Syst. Neurosci. 2:4",
    ),
    Distance("euclidean", "Euclidean distance", "0 and up, in units of the response"),
    SquaredPerChannel(
        "sqeuclidean_per_channel",
        "Squared Euclidean distance per unit",
        "0 and up, in squared units of the response",
        note="rsatoolbox calls this one 'euclidean'.",
    ),
    Angular("cosine", "1 − cosine similarity", "0 to 2", neutral=1.0),
    Metric(
        "crossnobis",
        "Cross-validated distance (crossnobis)",
        "unbiased, so values around 0 may be negative; per unit",
        neutral=0.0,
        needs_folds=True,
        note="Expected value 0 where two responses do not differ; negative values are noise. "
        "Folds are runs, else sessions, else repeats.",
        citation="Walther et al. (2016), NeuroImage 137:188-200",
    ),
):
    METRICS.register(_metric.id, _metric)
