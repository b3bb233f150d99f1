"""How often intervals of scores hold the truth: python -m tests.core.scores.calibration [draws]."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from core import scores

MEASURES = ("top-1", "two-way", "image top-1", "median-rank")
UNEQUAL = (1, 3, 19, 7, 2, 12, 5, 8, 15, 4, 11, 6, 17, 9, 14)
# Of each size of test set this many draws at most: they take seconds.
DRAWS, MOST = 400, {600: 100}
# The formulas were chosen on other seeds.
SEED = 2024


class Case(NamedTuple):
    """Independent images, or categories of given sizes that share errors; subjects too."""

    n: int
    noise: float
    units: tuple[int, ...] | None = None
    subjects: int = 1
    spread: float = 0.0

    @property
    def name(self) -> str:
        sizes = self.units
        images = f"{self.n}" if sizes is None else f"{len(sizes)} x {min(sizes)} to {max(sizes)}"
        people = "" if self.subjects == 1 else f", {self.subjects} subjects +- {self.spread}"
        return f"{images}{people}, noise {self.noise}"


CASES = (
    *(Case(n, noise) for n in (20, 50, 150) for noise in (5.0, 2.0, 1.0, 0.7)),
    *(Case(600, noise) for noise in (2.0, 0.7)),
    *(
        Case(per * count, noise, (per,) * count)
        for per, count in ((15, 20), (1, 50), (5, 10))
        for noise in (1.5, 0.5)
    ),
    *(Case(133, noise, UNEQUAL) for noise in (1.5, 0.5)),
    *(
        Case(50, noise, None, subjects, spread)
        for subjects in (3, 8)
        for noise in (2.0, 0.7)
        for spread in (0.0, 0.3)
    ),
    *(Case(100, noise, (5,) * 20, subjects, 0.3) for subjects in (3, 8) for noise in (1.5, 0.5)),
)


def drawn(rng, n, noise, units=None, within=0.5, hub=0.0):
    """Predictions and images of n images, or of categories of given sizes that share errors."""
    if units is None:
        images = rng.standard_normal((n, 10))
        predicted = images + noise * rng.standard_normal((n, 10))
        predicted[:, 0] += hub
        return predicted, images, np.full(n, "")
    codes = np.repeat(np.arange(len(units)), units)
    means, errors = rng.standard_normal((2, len(units), 10))
    images, predicted = (
        part[codes] + within * rng.standard_normal((len(codes), 10))
        for part in (means, means + noise * errors)
    )
    return predicted, images, np.array([f"c{code:03d}" for code in codes])


def queries(rng, case: Case) -> scores.Queries:
    """Of one subject, or of several whose errors are half shared and whose noise differs."""
    if case.subjects == 1:
        predicted, images, category = drawn(rng, case.n, case.noise, case.units)
        return scores.Queries(predicted, images, np.arange(len(images)), category)
    sizes = case.units or (1,) * case.n
    codes = np.repeat(np.arange(len(sizes)), sizes)
    within = 0.0 if case.units is None else 0.5
    means, shared = rng.standard_normal((2, len(sizes), 10))
    images = means[codes] + within * rng.standard_normal((len(codes), 10))
    predicted = []
    for _ in range(case.subjects):
        noise = case.noise * np.exp(case.spread * rng.standard_normal())
        errors = np.sqrt(0.5) * (shared + rng.standard_normal(shared.shape))
        own = (means + noise * errors)[codes]
        predicted.append(own + within * rng.standard_normal(own.shape))
    category = [f"c{code:03d}" if case.units else "" for code in codes]
    rows = np.tile(np.arange(len(codes)), case.subjects)
    subject = np.repeat(np.arange(case.subjects), len(codes))
    return scores.Queries(np.concatenate(predicted), images, rows, category, subject)


def coverage(case: Case, draws: int = DRAWS) -> Iterator[tuple]:
    """For each measure: score, share of intervals that hold it, and those above and below."""
    tables = []
    for draw in range(min(draws, MOST.get(case.n, draws))):
        rng = np.random.default_rng([SEED, draw])
        tables.append(scores.evaluate(queries(rng, case), permutations=1, resamples=1))
    for measure, rows in pd.concat(tables).groupby("measure"):
        value, low, high = (rows[name].to_numpy() for name in ("value", "low", "high"))
        # The mean of medians is not the median of ranks, which are skewed whole numbers.
        truth = np.median(value) if measure == "median-rank" else value.mean()
        above, below = low > truth + 1e-9, high < truth - 1e-9
        if measure in MEASURES:
            spread = 3.92 * value.std()
            held = 1 - above.mean() - below.mean()
            yield measure, truth, held, above.mean(), below.mean(), np.mean(high - low), spread


def main(draws: int) -> None:
    print("measure, mean, coverage, interval above, below, width, 95 % spread")
    for case in CASES:
        for measure, *numbers in coverage(case, draws):
            print(case.name, measure, *(f"{number:.3f}" for number in numbers), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS)
