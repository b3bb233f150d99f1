"""A small recording whose dissimilarities follow from embeddings that it brings along."""

from __future__ import annotations

from core import datasets
from core.datasets import Reference
from core.dissimilarity import DissimilarityRequest, PairSetting
from tests.core.decoders import planted

ENCODER = "precomputed:truth"


def opened(noise: float = 0.2, **how):
    planted.save(noise=noise, **how)
    return datasets.load(planted.NAME)


def setting(ds, **changes) -> PairSetting:
    return PairSetting(Reference.of(ds), **{"embedding": ENCODER, "images": 0, **changes})


def request(ds, **changes) -> DissimilarityRequest:
    settings = {"embeddings": (ENCODER,), "images": 0, **changes}
    return DissimilarityRequest(Reference.of(ds), **settings)
