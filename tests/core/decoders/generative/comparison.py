"""The generative heads beside ridge on the simulated experiment, with V, T and V&T features.

``python -m tests.core.decoders.generative.comparison [SEED]`` prints the table of
docs/reference.md, and each head on permuted responses; on two cores it takes some five minutes.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from core import scores
from core.decoders import Config
from core.decoders.generative import classifier
from core.decoders.generative.parameters import FEATURES
from core.decoders.scoring.evaluation import queries
from core.decoders.training.data import Data, prepare
from core.decoders.training.train import fit

HEADS = ("cada_vae", "mvae", "mmvae", "mopoe_vae", "bravl")
ROIS = ("LOC", "FFA", "PPA", "EBA")
EPOCHS, CONTROL_EPOCHS, PERMUTATIONS = 40, 15, 200


def config(head: str, seed: int, epochs: int = EPOCHS, **values: Any) -> Config:
    training = {"epochs": epochs}
    own = {"head": head, "head_parameters": values, "training": training, "seed": seed}
    return Config("simulated", rois=ROIS, **own)


def permuted(data: Data) -> Data:
    """The responses to each image go to another one, of whatever set."""
    ds = data.opened[0]
    ids = ds.stimuli["id"].to_numpy()
    other = dict(zip(ids, np.random.default_rng(0).permutation(ids), strict=True))
    trials = ds.trials.assign(id=ds.trials["id"].map(other))
    return replace(data, opened=(replace(ds, trials=trials),))


def scored(own: Config, data: Data) -> str:
    """Two-way and top-1 by retrieval, and top-1 of the latent classifier, with 95 % intervals."""
    run = fit(own, data, lambda fraction, message: None)
    seen = queries(run, data, "test", "mean")
    retrieved = scores.evaluate(seen, None, 0, PERMUTATIONS, 1).set_index("measure")
    rows = {"two-way": retrieved.loc["two-way"], "top-1": retrieved.loc["top-1"]}
    if classifier.has_latents(run):
        [table] = classifier.rows(run, data, "test", PERMUTATIONS, 1)[:1]
        rows["latent top-1"] = table.set_index("measure").loc["top-1"]
    return " | ".join(_cell(name, row) for name, row in rows.items())


def _cell(name: str, row: pd.Series) -> str:
    return f"{name} {row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}], p {row['p']:.3f}"


def main() -> None:
    torch.set_num_threads(1)
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    plain = config("ridge", seed)
    print("ridge", scored(plain, prepare(plain)))
    for head in HEADS:
        for features in FEATURES:
            own = config(head, seed, features=features)
            print(head, features, scored(own, prepare(own)), flush=True)
        own = config(head, seed, CONTROL_EPOCHS)
        print(head, "permuted", scored(own, permuted(prepare(own))), flush=True)


if __name__ == "__main__":
    main()
