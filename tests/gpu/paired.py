"""A training on a device and the same on the CPU: the same weights, batches and draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from core.decoders import Config, Run
from core.decoders.training import train
from core.decoders.training.batches import Batch
from core.decoders.training.data import Data
from core.decoders.training.gradient import Training
from core.vectors import unit_rows
from tests.gpu.devices import check_device, drawn_on_the_cpu, wait
from tests.gpu.rows import Figure


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Attributes
    ----------
    losses : np.ndarray of shape (epochs, 2)
        Training and validation loss.
    predicted : np.ndarray of shape (m, d)
        Embeddings of the responses of the test set, in float32.
    rate : float
        Rows a second in the last epoch, its validation included.
    """

    losses: np.ndarray
    predicted: np.ndarray
    rate: float


class Replayed:
    """Batches that were drawn before, on another device."""

    def __init__(self, drawn: Any, batches: Sequence[Batch], device: str) -> None:
        self.source, self.generator = drawn.source, drawn.generator
        self.batches = [Batch(*(part.to(device) for part in batch)) for batch in batches]

    def epoch(self) -> Iterator[Batch]:
        yield from self.batches


def batches_of(config: Config, data: Data, most: int | None = None) -> list[Batch]:
    """Those of the first epoch on the CPU."""
    with _training(config, data, "cpu") as training:
        return list(training.training.epoch())[:most]


def trained(
    config: Config, data: Data, device: str, batches: Sequence[Batch], epochs: int, precision: str
) -> Trained:
    """Train on some batches, the same in each epoch."""
    own = replace(config, training={**config.training, "precision": precision})
    with drawn_on_the_cpu(), _training(own, data, device) as training:
        replayed: Any = Replayed(training.training, batches, device)
        training.training = replayed
        check_device(next(training.module.parameters()).device.type, device)
        for _ in range(epochs):
            training.epoch()
        wait(device)
        seconds = training.curve[-1]["seconds"]
        losses = [(row["training"], row["validation"]) for row in training.curve]
        return Trained(
            np.array(losses),
            _predicted(training, data, device),
            sum(len(batch.x) for batch in batches) / seconds,
        )


def compared(own: Trained, cpu: Trained, curve: float, cosine: float) -> tuple[Figure, ...]:
    """Figures of how far two trainings are apart, and how fast both are."""
    apart = np.abs(own.losses - cpu.losses).max(axis=0) / np.abs(cpu.losses).max(axis=0)
    alike = (unit_rows(own.predicted) * unit_rows(cpu.predicted)).sum(axis=1).mean()
    return (
        Figure("loss apart, %", 100 * float(apart.max()), most=100 * curve),
        Figure("cosine", float(alike), least=cosine),
        Figure("rows/s", own.rate),
        Figure("CPU", cpu.rate),
    )


class _training:
    """The product's own training of a config, with a folder for as long as it is used."""

    def __init__(self, config: Config, data: Data, device: str) -> None:
        self.config, self.data, self.device = config, data, device

    def __enter__(self) -> Training:
        self.folder: TemporaryDirectory[str] = TemporaryDirectory(prefix="neurogallery-gpu-")
        data = self.data
        scaling = data.scaling(**self.config.whatever_head)
        run = Run("gpu-check", self.config, data.shape, {}, scaling, data.centre())
        return train._training(run, data, Path(self.folder.name), self.device)

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()


def _predicted(training: Training, data: Data, device: str) -> np.ndarray:
    scaling = data.scaling(**training.config.whatever_head)
    rows = data.rows(data.fold.test, "mean", scaling)
    training.module.eval()
    with torch.inference_mode():
        x, subject = (torch.from_numpy(part).to(device) for part in (rows.x, rows.subject))
        return np.asarray(training.module(x, subject).float().cpu().numpy())
