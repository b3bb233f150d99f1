"""How often intervals of scores hold the truth: python -m tests.core.scores.calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core import scores

MEASURES = ("top-1", "two-way", "image top-1", "median-rank")
# Images, noise and sizes of categories, which share errors.
CASES = (
    *((n, noise, None) for n in (20, 50, 150) for noise in (5.0, 2.0, 0.7)),
    *((0, noise, (per,) * count) for per, count in ((15, 20), (1, 50)) for noise in (1.5, 0.5)),
    (0, 1.5, (5,) * 10),
    (0, 1.5, (1, 3, 19, 7, 2, 12, 5, 8, 15, 4, 11, 6, 17, 9, 14)),
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


def coverage(n, noise, units, draws=400):
    """A row for each measure: mean score, share of intervals that hold it, and their width."""
    tables = []
    for seed in range(draws):
        predicted, images, category = drawn(np.random.default_rng(seed), n, noise, units)
        queries = scores.Queries(predicted, images, np.arange(len(images)), category)
        tables.append(scores.evaluate(queries, permutations=1, resamples=300))
    for measure, rows in pd.concat(tables).groupby("measure"):
        value, low, high = (rows[name].to_numpy() for name in ("value", "low", "high"))
        truth = value.mean()
        held = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
        if measure in MEASURES:
            yield measure, truth, held.mean(), np.mean(high - low), 3.92 * value.std()


def main() -> None:
    print("images or categories x images, noise: measure, mean, coverage, width, 95 % spread")
    for n, noise, units in CASES:
        name = f"{n}" if units is None else f"{len(units)} x {min(units)} to {max(units)}"
        for measure, *numbers in coverage(n, noise, units):
            print(name, noise, measure, *(f"{number:.3f}" for number in numbers), flush=True)


if __name__ == "__main__":
    main()
