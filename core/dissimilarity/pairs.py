"""Sets of pairs as rules in place of lists: who is in one is computed, and pairs are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.errors import InputError

PAIRS_AT_ONCE = 1 << 20
# A set in which so few drawn pairs lie is taken for empty.
MOST_ROUNDS = 1000
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pairs (i, j), i < j, of some rows; of all their pairs, or of a share by lot.

    The lot of a pair is a hash of its rows and the seed, so that no list of pairs is kept:
    10,000 rows have 50 million.

    Attributes
    ----------
    rows : np.ndarray of shape (m,), intp
        Sorted, each once, two or more.
    low, high : float
        Pairs whose lot, 0 to 1, is at least ``low`` and less than ``high``.
    seed : int

    Source: the lots are those of SplitMix64, Steele, Lea & Flood (2014), Fast splittable
    pseudorandom number generators, OOPSLA, doi:10.1145/2660193.2660195.
    """

    rows: np.ndarray
    low: float = 0.0
    high: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.rows) < 2:
            raise InputError(f"Pairs are to be formed of {len(self.rows)} images", "at least two")

    @property
    def is_share(self) -> bool:
        return self.low > 0.0 or self.high < 1.0

    def contains(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Mark the pairs that are in the set, in whatever order each is named. (k,) bool"""
        inside = self._member(i) & self._member(j) & (i != j)
        if self.is_share:
            lot = _lots(np.minimum(i, j), np.maximum(i, j), self.seed)
            inside &= (lot >= self.low) & (lot < self.high)
        return inside

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw pairs with replacement, each of the set with equal chance. Two (count,) intp.

        Raises
        ------
        InputError
            If the set is empty.
        """
        left, right, have = [], [], 0
        m = len(self.rows)
        for _ in range(MOST_ROUNDS):
            size = int(1.2 * (count - have) / max(self.high - self.low, 1e-3)) + 8
            first, other = rng.integers(0, m, size), rng.integers(0, m - 1, size)
            other += other >= first
            i, j = self.rows[np.minimum(first, other)], self.rows[np.maximum(first, other)]
            if self.is_share:
                kept = self.contains(i, j)
                i, j = i[kept], j[kept]
            left.append(i)
            right.append(j)
            have += len(i)
            if have >= count:
                return np.concatenate(left)[:count], np.concatenate(right)[:count]
        raise InputError(f"No pair of {m} images is in the set", "more images, or a larger share")

    def every(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield every pair of the set once, in blocks of about a million."""
        m = len(self.rows)
        step = max(1, PAIRS_AT_ONCE // m)
        for start in range(0, m, step):
            first = np.arange(start, min(start + step, m))
            at, other = np.nonzero(np.arange(m)[None, :] > first[:, None])
            i, j = self.rows[first[at]], self.rows[other]
            if self.is_share:
                kept = self.contains(i, j)
                i, j = i[kept], j[kept]
            yield i, j

    def restricted(self, rows: np.ndarray) -> PairSet:
        """The pairs of the set whose images are among some of its rows, sorted."""
        return PairSet(rows, self.low, self.high, self.seed)

    @cached_property
    def count(self) -> int:
        """Number of pairs in the set."""
        if not self.is_share:
            return len(self.rows) * (len(self.rows) - 1) // 2
        return sum(len(i) for i, _ in self.every())

    def exposure(self, images: np.ndarray) -> np.ndarray:
        """In how many pairs of the set each of some images stands. (k,) int"""
        counts = np.zeros(len(images), dtype=np.intp)
        for place, image in enumerate(images):
            counts[place] = self.contains(np.full(len(self.rows), image), self.rows).sum()
        return counts

    def sample(self, most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Every pair of the set where they are at most so many, else as many, each once."""
        if not self.is_share and self.count > 4 * most:
            i, j = self.draw(2 * most, rng)
            _, first = np.unique(i * (self.rows[-1] + 1) + j, return_index=True)
            first = np.sort(first)[:most]
            return i[first], j[first]
        parts = list(self.every())
        i, j = (np.concatenate(side) for side in zip(*parts, strict=True))
        if len(i) > most:
            kept = np.sort(rng.choice(len(i), most, replace=False))
            i, j = i[kept], j[kept]
        return i, j

    def _member(self, rows: np.ndarray) -> np.ndarray:
        place = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        return np.asarray(self.rows[place] == rows)


def _lots(i: np.ndarray, j: np.ndarray, seed: int) -> np.ndarray:
    """A number from 0 to 1 for each pair, the same whenever it is asked."""
    with np.errstate(over="ignore"):
        mixed = (i.astype(np.uint64) << np.uint64(32)) ^ j.astype(np.uint64)
        mixed += np.uint64(_MIX[0]) * np.uint64(seed + 1)
        for shift, factor in ((30, _MIX[1]), (27, _MIX[2])):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53)
