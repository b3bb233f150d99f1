"""Memory of the device that runs out: one line with advice, the best epoch kept, and on it goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image

from core import decoders, encoders
from core.decoders.training.gradient import Training
from core.encoders.encode import load_encoder
from core.errors import NeurogalleryError
from core.jobs import process
from core.vectors import unit_rows
from tests.gpu.devices import held_mib
from tests.gpu.rows import Figure, Row
from tests.gpu.settings import Settings

# More than any device has: a pebibyte.
TOO_MUCH = 1 << 50
FITS = 3


def out_of_memory(settings: Settings) -> Iterator[Row]:
    yield _training(settings)
    yield _job(settings)
    yield _encoder(settings)


def _training(settings: Settings) -> Row:
    """A training that asks for too much in its second epoch, and the same again without."""
    config = settings.config("mlp", training={"epochs": 3})
    before, message = held_mib(settings.device), ""
    with settings.own_results():
        with _hungry(settings.device, after=1):
            try:
                decoders.train(config, device=settings.device)
            except NeurogalleryError as error:
                message = str(error)
        kept = [decoders.load(entry.key) for entry in decoders.entries()]
        epochs = sum(len(run.curve) for run in kept if run is not None and run.partial)
        whole = decoders.train(config, device=settings.device)
    return Row(
        "out of memory, training",
        (
            Figure("lines", _lines(message, "Memory does not suffice", "batch size"), 1, 1),
            Figure("epochs kept", epochs, 1, 1),
            Figure("after it", len(whole.curve), 3, 3),
            Figure("MiB kept", held_mib(settings.device) - before, most=1),
        ),
        message,
    )


def _job(settings: Settings) -> Row:
    """A job whose operation explains nothing itself."""
    folder = settings.folder / "job"
    folder.mkdir()
    (folder / "request.json").write_text(json.dumps({"operation": "any", "request": {}}))

    def operation(*_: Any) -> dict[str, Any]:
        torch.empty(TOO_MUCH, dtype=torch.uint8, device=settings.device)
        return {}

    status, message = process._attempt(folder, lambda name: operation, process.Reporter(folder))
    lines = _lines(message, "memory", "does not suffice") if status == "failed" else 0
    return Row("out of memory, job", (Figure("lines", lines, 1, 1),), message)


def _encoder(settings: Settings) -> Row:
    """Batches shrink until they fit, and embeddings are those of a whole batch."""
    chosen = encoders.get("clip-small")
    loaded: Any = load_encoder(chosen, encoders.check_parameters(chosen.info, {}), settings.device)
    grey = [Image.new("RGB", (64, 64), (shade, 90, 200 - shade)) for shade in range(0, 200, 10)]
    prepared = loaded.prepare(grey)
    whole, batch, features = loaded.images(prepared), loaded.batch, loaded._features

    def hungry(pixels: torch.Tensor) -> torch.Tensor:
        if len(pixels) > FITS:
            torch.empty(TOO_MUCH, dtype=torch.uint8, device=settings.device)
        result: torch.Tensor = features(pixels)
        return result

    try:
        loaded._features = hungry
        shrunk, least = loaded.images(prepared), loaded.batch
    finally:
        loaded._features, loaded.batch = features, batch
    cosine = float((unit_rows(shrunk) * unit_rows(whole)).sum(axis=1).min())
    return Row(
        "out of memory, encoder",
        (Figure("batch", least, FITS, 1), Figure("least cosine", cosine, least=0.9999)),
        f"{len(grey)} images, {np.isfinite(shrunk).all(axis=1).sum()} of them embedded",
    )


def _lines(message: str, *words: str) -> int:
    """Lines of a message that has these words; 0 where it lacks one."""
    return message.count("\n") + 1 if message and all(word in message for word in words) else 0


@contextmanager
def _hungry(device: str, after: int) -> Iterator[None]:
    """A step that asks the device for more than it has once so many epochs are over."""
    step: Callable[..., torch.Tensor] = Training._step

    def hungry(self: Training, batch: Any) -> torch.Tensor:
        if len(self.curve) >= after:
            torch.empty(TOO_MUCH, dtype=torch.uint8, device=device)
        return step(self, batch)

    Training._step = hungry  # type: ignore[method-assign]
    try:
        yield
    finally:
        Training._step = step  # type: ignore[method-assign]
