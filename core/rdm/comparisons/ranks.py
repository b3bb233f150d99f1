"""Ranks of many values, and how many pairs of values two RDMs order alike.

A value and its place packed into an integer are sorted several times as fast as places by value,
for numpy sorts plain integers with vector instructions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Below so many values inversions are counted pair by pair; halves of more are merged.
DIRECT, MERGED = 24, 200


class Sorted(NamedTuple):
    """Places of values in ascending order (p,), and where the next larger value begins (k,)."""

    order: np.ndarray
    starts: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """How many values are equal, for each distinct value. (k,)"""
        return np.diff(self.starts, append=len(self.order))


def sort(values: np.ndarray) -> Sorted:
    """Sort finite values (p,) float64."""
    bits = (values + 0.0).view(np.int64)  # -0.0 becomes 0.0
    if bits.min() < 0:
        # Two's complement runs the other way than the bits of negative numbers.
        bits = np.where(bits < 0, bits ^ np.int64(0x7FFFFFFFFFFFFFFF), bits)
    places = np.int64((1 << len(values).bit_length()) - 1)
    keys = bits & ~places
    keys |= np.arange(len(values))
    keys.sort()
    order = keys & places
    ascending = values[order]
    if (ascending[1:] < ascending[:-1]).any():
        _mend(order, ascending, keys & ~places)
    return Sorted(order, np.flatnonzero(np.r_[True, ascending[1:] != ascending[:-1]]))


def _mend(order: np.ndarray, ascending: np.ndarray, rounded: np.ndarray) -> None:
    """Sort, in place, what differs only in the digits that made room for the places."""
    same = rounded[1:] == rounded[:-1]
    where = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
    again = np.argsort(ascending[where], kind="stable")
    order[where] = order[where[again]]
    ascending[where] = ascending[where[again]]


def rank(values: np.ndarray) -> np.ndarray:
    """Mean ranks from 1 of finite values, as ``scipy.stats.rankdata``. (p,) -> (p,) float64"""
    order, starts = sorted_values = sort(values)
    ranks = np.empty(len(values))
    if len(starts) == len(values):
        ranks[order] = np.arange(1.0, len(values) + 1)
    else:
        sizes = sorted_values.sizes
        ranks[order] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return ranks


def level(values: np.ndarray) -> np.ndarray:
    """Dense ranks from 0: equal values have one, the next larger has the next. (p,) int32"""
    order, starts = sorted_values = sort(values)
    levels = np.empty(len(values), dtype=np.int32)
    levels[order] = np.repeat(np.arange(len(starts), dtype=np.int32), sorted_values.sizes)
    return levels


def rank_levels(levels: np.ndarray) -> np.ndarray:
    """Mean ranks of values of which the levels are known, or of any choice of them, unsorted.

    A bootstrap takes its cells from those of the RDM: ``rank_levels(levels[cells])`` counts where
    ``rank`` would sort. (p,) int -> (p,) float64
    """
    sizes = np.bincount(levels)
    return (np.cumsum(sizes) - (sizes - 1) / 2)[levels]


def concordance(x: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-a of two lists of levels (p,) int32: (concordant - discordant) / all pairs.

    Source: Kendall (1938), Biometrika 30:81-93; counted by sorting, Knight (1966), J. Am. Stat.
    Assoc. 61:436-439.
    """
    pairs = len(x) * (len(x) - 1) // 2
    tied = _pairs(np.bincount(y))
    if x.max() == len(x) - 1:  # all different: their levels are their places
        in_order = np.empty_like(y)
        in_order[x] = y
    else:
        keys = x.astype(np.int64) << 32 | y
        keys.sort()
        changes = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
        tied += _pairs(np.bincount(x)) - _pairs(np.diff(changes, append=len(keys)))
        in_order = (keys & 0xFFFFFFFF).astype(np.int32)
    return (pairs - tied - 2 * count_inversions(in_order)) / pairs


def count_inversions(values: np.ndarray) -> int:
    """How many pairs stand in descending order. (p,) int32, at least 0 and below 2^30 -> int

    Blocks are sorted and merged. A value of the right half of a block comes, once the block is
    sorted, behind as many of the left half as are not larger; so the places of these values tell.
    """
    doublings = max(0, (len(values) // DIRECT).bit_length())
    width = -(-len(values) >> doublings)
    padded = np.full(width << doublings, (1 << 30) - 1, dtype=np.int32)
    padded[: len(values)] = values
    blocks = padded.reshape(-1, width)
    count = sum(
        int(np.count_nonzero(blocks[:, :-lag] > blocks[:, lag:])) for lag in range(1, width)
    )
    while len(blocks) > 1:
        blocks = blocks.reshape(-1, 2 * width)
        blocks <<= 1
        blocks[:, width:] |= 1
        # A stable sort finds both halves in order, and merges them; it is slow to begin on few.
        blocks.sort(axis=1, kind="stable" if width > MERGED else None)
        places = (blocks & 1) * np.arange(2 * width, dtype=np.int32)
        count += len(blocks) * (width * width + width * (width - 1) // 2)
        count -= int(places.sum(dtype=np.int64))
        blocks >>= 1
        width *= 2
    return count


def _pairs(sizes: np.ndarray) -> int:
    sizes = sizes.astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())
