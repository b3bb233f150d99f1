"""Pairs a second that the pair model without hidden layers is trained on."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.dissimilarity.data import PairData
from core.dissimilarity.gradient import TargetScale, Trainer, seeded
from core.dissimilarity.model import read
from core.dissimilarity.modules import PairMlp
from core.dissimilarity.pairs import PairSet
from core.progress import silent
from tests.benchmarks.measure import forget_peak, peak_mib

DIMENSIONS, UNITS, ROUNDS = 512, 1000, 3
SETTINGS = "mlp,hidden=0,batch=4096"


@dataclass(frozen=True)
class Trained:
    """Pairs a second, the fastest of three rounds, and peak memory beyond the data in MiB."""

    rate: float
    memory_mib: float


def data_of(images: int) -> PairData:
    """Random embeddings and responses; nine in ten images to train on."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((images, DIMENSIONS), dtype=np.float32)
    responses = rng.standard_normal((images, UNITS), dtype=np.float32)
    ends = np.array([0, 9 * images // 10, 19 * images // 20, images])
    sets = [PairSet(np.arange(a, b)) for a, b in itertools.pairwise(ends)]
    ids = tuple(map(str, range(images)))
    ds: Any = None
    return PairData(ids, features, responses, "correlation", *sets, sets[2].rows, ds)


def training(images: int, pairs: int) -> Trained:
    """Everything that a fit does: drawing, true dissimilarities, steps and validation."""
    _train(data_of(100), 8192)  # torch imports much at its first step
    data = data_of(images)
    data.features, data.truth(np.zeros(1, int), np.ones(1, int))
    before = forget_peak()
    rate = max(_train(data, pairs) for _ in range(ROUNDS))
    return Trained(rate, peak_mib() - before)


def _train(data: PairData, pairs: int) -> float:
    """Pairs a second."""
    _, values = read(f"{SETTINGS},pairs={pairs}")
    with seeded(0):
        module = PairMlp(data.features, 0, 1, False, False, "cpu")
        trainer = Trainer(module, data, TargetScale(1.0, 0.05), values)
        began = time.perf_counter()
        trainer.fit(0, silent)
    return trainer.drawn / (time.perf_counter() - began)


def beside_plain(images: int = 400, steps: int = 100, batch: int = 4096) -> float:
    """CPU of forward and backward, over those of a linear layer on the concatenated pairs."""
    rows = np.random.default_rng(0).standard_normal((images, DIMENSIONS), dtype=np.float32)
    module = PairMlp(rows, 0, 1, False, False, "cpu")
    plain, table = torch.nn.Linear(2 * DIMENSIONS, 1), torch.as_tensor(rows)
    i, j = torch.randint(0, images, (2, batch))

    def concatenated() -> torch.Tensor:
        return plain(torch.cat([table[i], table[j]], dim=1))

    def seconds(forward: Any) -> float:
        forward().sum().backward()
        began = time.process_time()
        for _ in range(steps):
            forward().sum().backward()
        return time.process_time() - began

    return seconds(lambda: module(i, j)) / seconds(concatenated)
