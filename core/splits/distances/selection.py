"""Sets of images chosen from some, so that they are distributed as what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.splits.distances.discrepancy import expected, kernel, potentials

# So many exchanges in a row without gain, and the sets count as not to be matched.
PATIENCE = 30


class SetMatching:
    """Draws sets of images that are as like the rest as random sets are.

    Parameters
    ----------
    rows : np.ndarray of shape (n, d)
        All images.
    scale : float
        Of the Gaussian kernel of the discrepancy.
    """

    def __init__(self, rows: np.ndarray, scale: float) -> None:
        self.rows, self.scale = rows, scale
        sums, self.mean = potentials(rows, np.ones((len(rows), 1)), scale)
        self.sums = sums[:, 0]

    def draw(
        self, candidates: np.ndarray, sizes: Sequence[int], rng: np.random.Generator
    ) -> list[np.ndarray] | None:
        """Sets drawn at random, then matched with the rest of all images by exchanges.

        An image of a set is exchanged for another candidate while the set's squared discrepancy
        from the rest is above what random sets have on average.

        Parameters
        ----------
        candidates : int array of shape (c,)
            Places of the images that may be drawn.
        sizes : sequence of int
            Of the sets; what is in none of them is the rest.
        rng : np.random.Generator

        Returns
        -------
        list of int arrays, or None
            None where exchanges do not match them.
        """
        order, ends = rng.permutation(candidates), np.cumsum(sizes)
        sets = np.full(len(self.rows), len(sizes))
        for place, end in enumerate(ends):
            sets[order[end - sizes[place] : end]] = place
        state = self._state(candidates, sets, sizes)
        failed = 0
        while failed < PATIENCE:
            farthest = state.farthest()
            if farthest is None:
                return [np.flatnonzero(state.sets == place) for place in range(len(sizes))]
            members = np.flatnonzero(state.sets == farthest)
            # First the one of which the set has most too much, where that fails any.
            leaving = members[np.argmax(state.potential[members, farthest])]
            leaving = rng.choice(members) if failed else leaving
            failed = 0 if self._exchange(state, farthest, leaving) else failed + 1
        return None

    def _state(self, candidates: np.ndarray, sets: np.ndarray, sizes: Sequence[int]) -> _Sets:
        rest = len(self.rows) - sum(sizes)
        inside = np.stack(
            [
                kernel(self.rows, self.rows[sets == place], self.scale).sum(axis=1)
                for place in range(len(sizes))
            ],
            axis=1,
        )
        potential = inside / np.array(sizes)
        potential -= ((self.sums - inside.sum(axis=1)) / rest)[:, None]
        limits = np.array([expected(self.mean, size, rest) for size in sizes])
        return _Sets(candidates, sets, np.array(sizes), rest, potential, limits)

    def _exchange(self, state: _Sets, place: int, leaving: int) -> bool:
        """Exchange an image of a set for the candidate that lowers its discrepancy most, if any."""
        free = state.candidates[state.sets[state.candidates] == len(state.sizes)]
        if not len(free):
            return False
        column = kernel(self.rows, self.rows[[leaving]], self.scale)[:, 0]
        step = 1 / state.sizes[place] + 1 / state.rest
        potential = state.potential[:, place]
        change = potential[free] - potential[leaving] + step * (1 - column[free])
        best = int(np.argmin(change))
        if change[best] >= 0:
            return False
        coming = int(free[best])
        state.sets[leaving], state.sets[coming] = len(state.sizes), place
        moved = kernel(self.rows, self.rows[[coming]], self.scale)[:, 0] - column
        # The rest changes for every set.
        steps = np.full(len(state.sizes), 1 / state.rest)
        steps[place] = step
        state.potential += moved[:, None] * steps
        return True


@dataclass
class _Sets:
    """Which set each image is in (n,), the rest last, and what each image adds to discrepancies.

    ``potential`` (n, sets) is the kernel's mean over a set less its mean over the rest;
    ``limits`` (sets,) the squared discrepancies of random sets.
    """

    candidates: np.ndarray
    sets: np.ndarray
    sizes: np.ndarray
    rest: int
    potential: np.ndarray
    limits: np.ndarray

    def farthest(self) -> int | None:
        """The set whose discrepancy is farthest above its limit, None where all are within."""
        last = self.potential[self.sets == len(self.sizes)].mean(axis=0)
        squared = [
            self.potential[self.sets == place, place].mean() - last[place]
            for place in range(len(self.sizes))
        ]
        above = squared - self.limits
        place = int(np.argmax(above))
        return place if above[place] > 0 else None
