"""A small recording: region A answers to the embedding 'truth', region B to 'other'."""

from __future__ import annotations

import numpy as np

from core import datasets
from core.datasets import Dataset, Reference
from core.decoders import Config
from core.encoding import EncodingRequest
from tests.core.decoders import planted

TRUTH, OTHER = "precomputed:truth", "precomputed:other"
WIDTH = 6


def opened(noise: float = 1.0, repeats: int = 3, **how) -> Dataset:
    other = np.random.default_rng(5).normal(size=(planted.PICTURES, WIDTH))

    def change(responses, embeddings, tested):
        rng = np.random.default_rng(6)
        truth = rng.normal(size=(WIDTH, len(planted.REGIONS["B"])))
        signal = np.tile(other @ truth, (repeats, 1))
        responses[:, planted.REGIONS["B"]] = signal + noise * 3 * rng.normal(size=signal.shape)
        for alter in how.get("also", ()):
            alter(responses)

    folder = planted.save(noise=noise, repeats=repeats, change=change)
    np.save(folder / "embeddings" / "other.npy", other.astype(np.float32))
    return datasets.load(planted.NAME)


def config(model: str = TRUTH, **changes) -> Config:
    return Config(planted.NAME, encoder=model.partition(" + ")[0], **changes)


def request(ds: Dataset, *models: str, **changes) -> EncodingRequest:
    return EncodingRequest(Reference.of(ds), models or (TRUTH, OTHER), **changes)
