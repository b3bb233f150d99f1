"""Small recordings and features with a planted structure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.datasets import Dataset, DatasetInfo

SIDES = ("train", "validation", "test")


def recording(n=60, missing=(), **columns):
    """n stimuli in 12 categories, two units, one trial each; responses of ``missing`` are NaN."""
    table = pd.DataFrame({"id": [f"p{i:03d}" for i in range(n)]})
    table["category"] = [f"c{i % 12}" for i in range(n)]
    for name, values in columns.items():
        table[name] = values
    betas = np.ones((n, 2), dtype=np.float32)
    betas[list(missing)] = np.nan
    trials = pd.DataFrame({"id": table["id"], "repeat": 1, "run": 1, "session": 1})
    info = DatasetInfo("planted", "Planted")
    return Dataset(info, "S1", ("S1",), table, "f", betas=betas, trials=trials)


def blobs(n=60, k=6, d=8, seed=0):
    """Features in k tight directions; row i belongs to direction i % k. Lengths vary."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.standard_normal((d, d)))[0][:k]
    lengths = rng.uniform(1, 50, (n, 1))
    return lengths * (centres[np.arange(n) % k] + 0.01 * rng.standard_normal((n, d)))
