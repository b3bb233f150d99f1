"""Responses whose noise-free part is known; as a module, the long calibration of the ceiling.

``python -m tests.core.rdm.planted 100`` prints the table of docs/reference.md.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr

from core import rdm

CORRELATIONS = {"spearman": spearmanr, "pearson": pearsonr}


class Recording(NamedTuple):
    """Trials (t, v), their stimuli (t,), and the noise-free responses (n, v)."""

    trials: np.ndarray
    rows: np.ndarray
    signal: np.ndarray


def latent(n, v, rng):
    return rng.standard_normal((n, 8)) @ rng.standard_normal((8, v))


def of_categories(n, v, rng):
    return rng.standard_normal((6, v))[rng.integers(6, size=n)] + rng.normal(0, 0.5, (n, v))


def record(make, snr, counts, v=60, seed=0):
    rng = np.random.default_rng(seed)
    signal = make(len(counts), v, rng)
    signal *= snr / signal.std()
    rows = np.repeat(np.arange(len(counts)), counts)
    return Recording(signal[rows] + rng.standard_normal((len(rows), v)), rows, signal)


def reached(recording, method="spearman", metric="correlation"):
    """Correlation of the RDM of the averaged responses with that of the noise-free ones."""
    n = len(recording.signal)
    means = np.stack([recording.trials[recording.rows == row].mean(axis=0) for row in range(n)])
    distances = (pdist(x, metric) for x in (means, recording.signal))
    return CORRELATIONS[method](*distances).statistic


def calibrate(make, repeats, snr, runs):
    """Mean truth, mean estimate, and how often the truth lies above or below the interval."""
    rows = []
    for seed in range(runs):
        recording = record(make, snr, [repeats] * 80, v=100, seed=seed)
        rows.append((reached(recording), *rdm.repeat_ceiling(recording.trials, recording.rows)[:3]))
    true, estimate, low, high = np.array(rows).T
    below = np.mean((true < low) & (low > 0))
    return true.mean(), estimate.mean(), np.mean(low == 0), np.mean(true > high), below


if __name__ == "__main__":
    print("| signal | repeats | SNR | truth | estimate | cannot tell | above | below |")
    print("|---|---|---|---|---|---|---|---|")
    for name, make in (("latent", latent), ("categories", of_categories)):
        for repeats in (2, 3, 4, 6):
            for snr in (0.1, 0.2, 0.4, 0.8):
                figures = calibrate(make, repeats, snr, int(sys.argv[1]))
                cells = " | ".join(f"{f:.3f}" for f in figures[:2])
                shares = " | ".join(f"{f:.0%}" for f in figures[2:])
                print(f"| {name} | {repeats} | {snr} | {cells} | {shares} |", flush=True)
