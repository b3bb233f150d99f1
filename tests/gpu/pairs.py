"""Models of the dissimilarity of pairs that learn by gradient: the device beside the CPU."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

import core.dissimilarity.models  # noqa: F401  (each model registers itself)
from core import datasets, encoders
from core.datasets import Reference
from core.dissimilarity import PairSetting
from core.dissimilarity.data import prepare
from core.dissimilarity.model import MODELS, read
from core.progress import silent
from tests.gpu.devices import drawn_on_the_cpu, wait
from tests.gpu.rows import Figure, Row
from tests.gpu.settings import Settings

CORRELATION, CURVE = 0.99, 0.05
MOST_ASKED = 5_000


def pair_models(settings: Settings) -> Iterator[Row]:
    reference = Reference.of(datasets.load(settings.dataset["dataset"]))
    encoder = settings.dataset.get("encoder", "clip-small")
    setting = PairSetting(reference, embedding=encoder, images=settings.pair_images)
    data = prepare(setting, silent)
    asked = data.test.sample(MOST_ASKED, np.random.default_rng(0))
    for name in MODELS:
        if not MODELS[name].by_gradient or (MODELS[name].takes == "image" and not data.ds.images):
            continue
        model, values = read(f"{name},pairs={settings.pairs}")
        predicted, errors, seconds = [], [], []
        for device in (settings.device, "cpu"):
            with _best_is(device), drawn_on_the_cpu():
                began = time.monotonic()
                fitted = model.fit(data, values, 0, silent)
                predicted.append(fitted.predict(*asked))
                wait(device)
                seconds.append(time.monotonic() - began)
                errors.append(min(row["validation"] for row in fitted.facts["curve"]))
        r = float(np.corrcoef(*predicted)[0, 1])
        yield Row(
            f"pairs, {name}",
            (
                Figure("error apart, %", 100 * abs(errors[0] / errors[1] - 1), most=100 * CURVE),
                Figure("r", r, least=CORRELATION),
                Figure("s", seconds[0]),
                Figure("CPU", seconds[1]),
            ),
        )


@contextmanager
def _best_is(device: str) -> Iterator[None]:
    """What the models take the best device to be."""
    best = encoders.device
    encoders.device = lambda name=None: device  # type: ignore[assignment]
    try:
        yield
    finally:
        encoders.device = best
