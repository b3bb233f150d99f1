"""Encoders on the device beside the CPU: the shipped CLIP over images and texts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from core import datasets, encoders
from core.encoders.encode import clear_loaded, load_encoder
from core.encoders.pipeline import features
from core.vectors import unit_rows
from tests.gpu.devices import check_device
from tests.gpu.rows import Figure, Row
from tests.gpu.settings import Settings

ENCODER = "clip-small"
TEXTS = ("a photo of a dog", "a red car on a street", "bread", "two houses beside a lake", "")
# Of a processor that multiplies bfloat16 the CPU's own embeddings are as far from float32.
COSINE = 0.999


def images(settings: Settings) -> Iterator[Row]:
    ds = datasets.load("simulated")  # whose images come along
    ids = ds.stimuli["id"].tolist()[: settings.images]
    chosen, embedded, rates = encoders.get(ENCODER), [], []
    for device in (settings.device, "cpu"):
        clear_loaded()
        loaded: Any = load_encoder(chosen, encoders.check_parameters(chosen.info, {}), device)
        failures: dict[str, str] = {}
        for turn in ("warm", "measured"):  # the first pass builds what later ones use
            began = time.monotonic()
            some = ids[: loaded.batch] if turn == "warm" else ids
            rows = np.concatenate(list(features(some, ds.image, loaded, failures)))
        embedded.append(rows)
        rates.append(len(ids) / (time.monotonic() - began))
        check_device(loaded.device, device)
        if failures:
            raise AssertionError(f"{len(failures)} images could not be read")
    yield Row(
        f"encode {len(ids)} images",
        (
            Figure("least cosine", _least(*embedded), least=COSINE),
            Figure("images/s", rates[0]),
            Figure("CPU", rates[1]),
        ),
        f"decoding included; {encoders.device_label(settings.device)}",
    )


def texts(settings: Settings) -> Iterator[Row]:
    own, cpu = (encoders.encode_text(TEXTS, ENCODER, each) for each in (settings.device, "cpu"))
    figure = Figure("least cosine", _least(own, cpu), least=COSINE)
    yield Row(f"encode {len(TEXTS)} texts", (figure,))
    clear_loaded()


def _least(own: np.ndarray, cpu: np.ndarray) -> float:
    return float((unit_rows(own) * unit_rows(cpu)).sum(axis=1).min())
