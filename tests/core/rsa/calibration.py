"""Whether intervals and p of model comparison are what they say, on experiments of known truth.

`python -m tests.core.rsa.calibration --runs 1000` prints the table of docs/reference.md. Each run
is an experiment: stimuli of random features, subjects that weigh them each in their own way, and
measurement noise; two models that are equally good, each of half of the features with noise.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from core.rsa import FixedModel, SelectedModel, WeightedModel, evaluate
from tests.core.rsa.drawn import similarity

HALF = 3
UNITS = 10
NOISE, SPREAD = 2.0, 0.3
SQUARED, ANGULAR = "sqeuclidean", "correlation"
# Over what, method, stimuli, subjects, models and distance of the subjects' RDMs.
ROWS = (
    ("subjects", "spearman", 24, 8, "fixed", SQUARED),
    ("subjects", "pearson", 24, 3, "fixed", SQUARED),
    ("stimuli", "spearman", 30, 8, "fixed", SQUARED),
    ("stimuli", "pearson", 30, 1, "fixed", SQUARED),
    ("stimuli", "pearson", 30, 1, "fixed", ANGULAR),
    ("stimuli", "spearman", 30, 1, "fixed", ANGULAR),
    ("stimuli", "cosine", 60, 4, "fixed", SQUARED),
    ("both", "spearman", 30, 8, "fixed", SQUARED),
    ("both", "pearson", 30, 8, "fixed", ANGULAR),
    ("both", "pearson", 30, 3, "fixed", SQUARED),
    ("both", "pearson", 60, 15, "fixed", SQUARED),
    ("both", "pearson", 30, 8, "flexible", SQUARED),
)


class World(NamedTuple):
    """What does not differ between runs; None is drawn anew in each."""

    features: np.ndarray | None
    weights: np.ndarray | None
    metric: str = "sqeuclidean"


class Calibration(NamedTuple):
    """Of runs: shares in which 95 % intervals hold the truth, and p <= .05 of equal models.

    ``uniform``: p of the Kolmogorov-Smirnov test that the p of equal models are uniform.
    """

    performance: float
    difference: float
    ceiling: float
    equal: float
    uniform: float
    width: float
    bias: float
    runs: int

    @property
    def error(self) -> float:
        """Monte Carlo standard error of a share of .95."""
        return float(np.sqrt(0.95 * 0.05 / self.runs))


def stimuli_of(n: int, rng: np.random.Generator) -> np.ndarray:
    """Features of n stimuli (n, 2 HALF): for each, another with the halves exchanged.

    So over stimuli that do not vary two models of the halves are equally good as well.
    """
    half = rng.standard_normal((n // 2, 2 * HALF))
    return np.concatenate([half, np.roll(half, HALF, axis=1)])


def weights_of(subjects: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Weights of features in units (subjects, 2 HALF, 2 UNITS): their sizes differ by subject."""
    weights = np.zeros((subjects, 2, HALF, 2, UNITS))
    for half in (0, 1):
        sizes = np.exp(spread * rng.standard_normal((subjects, HALF, 1)))
        weights[:, half, :, half] = sizes * rng.standard_normal((subjects, HALF, UNITS))
    return weights.reshape(subjects, 2 * HALF, 2 * UNITS)


def experiment(
    world: World, n: int, subjects: int, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Vectors of the subjects' RDMs and of the two models'."""
    features = world.features
    features = rng.standard_normal((n, 2 * HALF)) if features is None else features
    weights = world.weights
    weights = weights_of(subjects, SPREAD, rng) if weights is None else weights
    noise = (NOISE * rng.standard_normal((len(features), 2 * UNITS)) for _ in weights)
    data = [
        np.asarray(pdist(features @ own + added, world.metric))
        for own, added in zip(weights, noise, strict=True)
    ]
    halves = (features[:, :HALF], features[:, HALF:])
    return data, [np.asarray(pdist(half, "sqeuclidean")) for half in halves]


def world_of(
    over: str, n: int, subjects: int, rng: np.random.Generator, metric: str = "sqeuclidean"
) -> World:
    """A world in which both models are equally good, whatever of it is fixed."""
    features = stimuli_of(n, rng) if over == "subjects" else None
    weights = weights_of(subjects, SPREAD, rng) if over == "stimuli" else None
    if weights is not None:
        weights[:, HALF:, UNITS:] = weights[:, :HALF, :UNITS]
    return World(features, weights, metric)


def truth_of(world: World, method: str, draws: int, rng: np.random.Generator) -> float:
    """Performance of a model with very many subjects and stimuli, where they are drawn."""
    means = []
    for _ in range(draws):
        data, models = experiment(world, 150, 50, rng)
        means += [similarity(model, own, method) for model in models for own in data]
    return float(np.mean(means))


def calibrate(
    over: str,
    method: str = "spearman",
    n: int = 30,
    subjects: int = 8,
    runs: int = 1000,
    samples: int = 200,
    kind: str = "fixed",
    metric: str = "sqeuclidean",
) -> Calibration:
    """Evaluate models in many experiments of one truth."""
    rng = np.random.default_rng(0)
    world = world_of(over, n, subjects, rng, metric)
    # As many as make the error of the truth small beside that of the share.
    truth = truth_of(world, method, max(10, runs // 4), rng) if kind == "fixed" else np.nan
    rows = []
    for run in range(runs):
        data, vectors = experiment(world, n, subjects, rng)
        rdms, models = [squareform(rdm) for rdm in data], _models(vectors, kind)
        own = evaluate(rdms, models, method, over, samples, run)
        first, apart, lower = own.models[0], own.differences[0], (np.nan,) * 3
        if own.ceiling is not None:
            lower = (own.ceiling.lower, *own.ceiling.lower_interval)
        rows.append([first.mean, first.low, first.high, *lower])
        rows[-1] += [apart.mean, apart.low, apart.high, apart.p]
    mean, low, high, ceiling, ceiling_low, ceiling_high, apart, left, right, p = np.array(rows).T
    # Of fitted models, and of ceilings, the truth is what such experiments have on average.
    expected = mean.mean() if kind != "fixed" else truth
    difference = apart.mean() if kind != "fixed" else 0.0
    return Calibration(
        _share((low <= expected) & (expected <= high)),
        _share((left <= difference) & (difference <= right)),
        _share((ceiling_low <= ceiling.mean()) & (ceiling.mean() <= ceiling_high)),
        _share(p <= 0.05),
        float(stats.kstest(p, "uniform").pvalue),
        float(np.mean(high - low)),
        float(mean.mean() - expected),
        runs,
    )


def _share(runs: np.ndarray) -> float:
    return float(np.mean(runs))


def _models(
    vectors: list[np.ndarray], kind: str
) -> list[FixedModel | WeightedModel | SelectedModel]:
    first, second = (squareform(vector) for vector in vectors)
    if kind == "fixed":
        return [FixedModel("first", first), FixedModel("second", second)]
    return [WeightedModel("weighted", [first, second]), SelectedModel("layer", [first, second])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=200)
    chosen = parser.parse_args()
    print(f"{'':44}{'mean':>7}{'diff':>7}{'ceil':>7}{'p<.05':>7}{'KS p':>7}{'width':>7}{'bias':>8}")
    for over, method, n, subjects, kind, metric in ROWS:
        runs = chosen.runs if kind == "fixed" else chosen.runs // 5
        found = calibrate(over, method, n, subjects, runs, chosen.samples, kind, metric)
        name = f"{over}, {method}, {n}, {subjects}, {kind}, {metric}"
        print(f"{name:44}" + "".join(f"{value:7.3f}" for value in found[:6]), end="")
        print(f"{found.bias:8.4f}  +- {found.error:.3f}", flush=True)


if __name__ == "__main__":
    main()
