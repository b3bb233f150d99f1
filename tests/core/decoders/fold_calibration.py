"""Verdicts between equal decoders of k folds: python -m tests.core.decoders.fold_calibration.

Ridge, its alpha chosen in each fold, on recordings that hold the same signal and noise of the
same size, of which a share is common to both. Arrays alone: many recordings in a minute.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np

from core.decoders.scoring.folds import _comparable
from core.decoders.scoring.pairs import less_control, less_decoder, two_way
from core.vectors import unit_rows

ALPHAS = np.logspace(0, 6, 13)
UNITS, DIMENSIONS, CONTROLS = 20, 8, 8
# Images, categories (0: images alone).
SMALL, LARGE = ((80, 0), (100, 20)), ((200, 0), (300, 20))
SIGNALS = (0.1, 0.2, 0.4, 1.0)
# Folds and the share of the noise that is common.
FOLDS = ((3, 0.0), (10, 0.9), (5, 0.5), (10, 0.0), (3, 0.9))


class Case(NamedTuple):
    """Sizes, the share of the noise that is common, the signal, and whether only alphas differ."""

    images: int
    categories: int
    folds: int
    common: float
    signal: float
    alphas: bool = False


class Outcome(NamedTuple):
    """Both scores, their difference, and which intervals leave out 0; ``shown``: compared."""

    own: float
    other: float
    low: float
    high: float
    over_images: float
    shown: bool


def predicted(train, targets, test, alphas):
    """Ridge of each of several permutations. (r, n, v), (n, d), (r, m, v) -> (r, m, d)"""
    mean, deviation = train.mean(axis=1, keepdims=True), train.std(axis=1, keepdims=True)
    train, test = (train - mean) / deviation, (test - mean) / deviation
    centre, n = targets.mean(axis=0), len(targets)
    power, axes = np.linalg.eigh(train.transpose(0, 2, 1) @ train)
    power = np.maximum(power, 1e-9)
    left = (train @ axes) / np.sqrt(power)[:, None]
    projected, errors = left.transpose(0, 2, 1) @ (targets - centre), []
    for alpha in alphas:
        kept = power / (power + alpha)
        leverage = 1 - 1 / n - (left**2 @ kept[:, :, None])[:, :, 0]
        residual = targets - centre - (left * kept[:, None]) @ projected
        errors.append(((residual**2).sum(axis=2) / leverage**2).sum(axis=1))
    shrinkage = np.sqrt(power) / (power + alphas[np.argmin(errors, axis=0)][:, None])
    return centre + (test @ axes) @ (shrinkage[:, :, None] * projected)


def beaten(responses, embeddings, folds, alphas=ALPHAS):
    """``core.decoders.scoring.pairs.pairs`` of each permutation of the responses. (r, n, n)"""
    count, n = responses.shape[:2]
    won, unit = np.empty((count, n, n), dtype=np.float32), unit_rows(embeddings)
    for test in folds:
        train = np.setdiff1d(np.arange(n), test)
        images = unit_rows(unit - unit[train].mean(axis=0))
        rows = predicted(responses[:, train], images[train], responses[:, test], alphas)
        similarity = np.stack([unit_rows(each) for each in rows]) @ images.T
        place = np.arange(len(test))
        own = similarity[:, place, test][:, :, None]
        part = (own > similarity) + (own == similarity) / 2
        part[:, place, test] = 0
        won[:, test] = part
    return won


def drawn(rng, case):
    """Embeddings, groups, folds, and the responses that two equal decoders get."""
    n, groups = case.images, case.categories or case.images
    codes = np.sort(np.arange(n) % groups)
    embeddings = rng.standard_normal((n, DIMENSIONS)) * np.linspace(1.5, 0.3, DIMENSIONS) + 0.5
    if case.categories:
        embeddings += rng.standard_normal((groups, DIMENSIONS))[codes]
    blocks = np.array_split(rng.permutation(groups), case.folds)
    folds = [np.flatnonzero(np.isin(codes, block)) for block in blocks]
    loadings = case.signal * rng.standard_normal((DIMENSIONS, UNITS)) / np.sqrt(DIMENSIONS)

    def noise():
        own = rng.standard_normal((n, UNITS))
        return own + 0.7 * rng.standard_normal((groups, UNITS))[codes] * bool(case.categories)

    common = np.sqrt(case.common) * noise() + (embeddings - embeddings.mean(axis=0)) @ loadings
    pair = [common + np.sqrt(1 - case.common) * noise() for _ in range(2)]
    return embeddings, codes, folds, pair


def orders(rng, codes, count):
    """The order as it is, then permutations of whole groups of one size."""
    groups, members = codes.max() + 1, np.bincount(codes)[0]
    grid = np.arange(len(codes)).reshape(groups, members)
    drawn = [rng.permuted(grid[rng.permutation(groups)], axis=1).ravel() for _ in range(count)]
    return np.stack([np.arange(len(codes)), *drawn])


def outcome(seed, case):
    """Two equal decoders on one recording."""
    rng = np.random.default_rng(seed)
    embeddings, codes, folds, (first, second) = drawn(rng, case)
    order = orders(rng, codes, CONTROLS)
    grids = (ALPHAS, ALPHAS)
    if case.alphas:
        second, grids = first, (np.array([10.0]), np.array([100.0]))
    pair = [
        beaten(responses[order], embeddings, folds, grid)
        for responses, grid in zip((first, second), grids, strict=True)
    ]
    fold = np.empty(len(codes), dtype=int)
    for number, test in enumerate(folds):
        fold[test] = number
    above = []
    for scores in pair:
        null = np.array([two_way(each) for each in scores[1:]]) * np.sqrt(1 + 1 / CONTROLS)
        above.append(less_control(scores[0], scores[1:].mean(axis=0), codes, null))
    own, other = (scores[0].astype(np.float64) for scores in pair)
    less = less_decoder(own, other, codes, fold)
    narrow = less_control(own, other, codes, np.zeros(2))
    half = narrow.high - narrow.value
    return Outcome(two_way(own), two_way(other), less.low, less.high, half, _comparable(*above))


def rates(case, seeds):
    """Mean score, share shown, and of those the verdicts in per cent: ours, by images alone."""
    outcomes = [outcome(seed, case) for seed in seeds]
    own, other, low, high, half, shown = (np.array(part) for part in zip(*outcomes, strict=True))
    shown = shown.astype(bool)
    value = own - other
    # Other alphas are not quite equal: an interval is to hold the mean difference.
    truth = value.mean() if case.alphas else 0.0
    ours = (low > truth) | (high < truth)
    images = np.abs(value - truth) > half
    score = float((own + other).mean() / 2)
    share = shown.mean()
    told = [100 * float(each[shown].mean()) if shown.any() else np.nan for each in (ours, images)]
    return score, float(share), *told


def cases():
    """All cases of the reference."""
    for folds, common in FOLDS:
        for size in SMALL:
            yield from (Case(*size, folds, common, signal) for signal in SIGNALS)
    for size in LARGE:
        yield from (Case(*size, folds, 0.5, signal) for folds in (3, 10) for signal in (0.1, 0.4))
    for size in SMALL:
        yield from (Case(*size, 5, 1.0, signal, alphas=True) for signal in SIGNALS)
        yield Case(*size, 5, 0.5, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1_000_000)
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), help="which of how many")
    chosen = parser.parse_args()
    seeds = range(chosen.seed, chosen.seed + chosen.recordings)
    print(*Case._fields, "| score, shown; verdicts of those shown (%), by images alone")
    first, step = chosen.part
    for case in list(cases())[first::step]:
        numbers = rates(case, seeds)
        print(*case, "|", *(f"{number:.2f}" for number in numbers), flush=True)


if __name__ == "__main__":
    main()
