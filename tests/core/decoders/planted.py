"""A small recording whose responses are linear in the embeddings that it brings along."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core import paths
from core.decoders import Config, Run
from core.errors import Cancelled

CATEGORIES, TESTED, EACH = 18, 6, 12
PICTURES = CATEGORIES * EACH
UNITS, DIMENSIONS = 24, 8
REGIONS = {"A": list(range(14)), "B": list(range(14, UNITS))}
NAME = "folder:planted"
QUICK = {"epochs": 5, "batch": 32, "learning_rate": 3e-3}


def save(
    noise: float = 0.5,
    repeats: int = 1,
    subjects: tuple[str, ...] = ("s1",),
    change: Callable[[np.ndarray, np.ndarray, np.ndarray], None] | None = None,
    split: Any = None,
    linear: bool = True,
) -> Path:
    """Write it below the data root; ``change(responses, embeddings, tested)`` works in place.

    Embeddings are a centre of the category and something of the image; the last six
    categories are to be tested.
    """
    rng = np.random.default_rng(0)
    category = np.repeat(np.arange(CATEGORIES), EACH)
    tested = category >= CATEGORIES - TESTED
    centres = rng.normal(size=(CATEGORIES, DIMENSIONS))
    embeddings = centres[category] + rng.normal(size=(PICTURES, DIMENSIONS))
    folder = paths.data_root() / "planted"
    for part in ("responses", "embeddings", "rois"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    said = np.where(tested, "test", "train") if split is None else split
    ids = [f"p{number:03}" for number in range(PICTURES)]
    names = [f"c{number:02}" for number in category]
    table = pd.DataFrame({"id": ids, "category": names, "split": said})
    table.to_csv(folder / "stimuli.csv", index=False)
    for subject in subjects:
        truth = rng.normal(size=(DIMENSIONS, UNITS))
        signal = embeddings @ truth if linear else rng.normal(size=(PICTURES, UNITS)) * 3
        responses = np.concatenate(
            [signal + noise * 3 * rng.normal(size=signal.shape) for _ in range(repeats)]
        )
        if change is not None:
            change(responses, embeddings, np.tile(tested, repeats))
        np.save(folder / "responses" / f"{subject}.npy", responses.astype(np.float32))
        trials = pd.DataFrame({"id": ids * repeats})
        trials.to_csv(folder / "responses" / f"{subject}.csv", index=False)
        (folder / "rois" / f"{subject}.json").write_text(json.dumps(REGIONS))
    np.save(folder / "embeddings" / "truth.npy", embeddings.astype(np.float32))
    return folder


def config(head: str = "linear", **changes: Any) -> Config:
    """A config on it that trains in a moment; ``training`` is added to the quick settings."""
    training = QUICK | changes.pop("training", {})
    given = {"dataset": NAME, "encoder": "precomputed:truth", "head": head, "training": training}
    return Config(**given | changes)


def cancel_after(epochs: int, error: type[BaseException] = Cancelled) -> Callable[..., None]:
    """A progress that interrupts at the begin of the epoch after these."""

    def progress(fraction: float, message: str) -> None:
        if message.startswith(f"Epoch {epochs + 1} "):
            raise error

    return progress


def same(run: Run, other: Run) -> bool:
    """Whether the weights of two runs are equal bit for bit."""
    return set(run.state) == set(other.state) and all(
        np.array_equal(run.state[name], other.state[name]) for name in run.state
    )


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """Writing a file whose name holds ``name`` fails half-way, and making such a folder."""

    def failing(method: Callable[..., Any]) -> Callable[..., Any]:
        def broken(self: Path, *arguments: Any, **named: Any) -> Any:
            if name not in self.name:
                return method(self, *arguments, **named)
            if arguments:
                method(self, arguments[0][: len(arguments[0]) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return broken

    with monkeypatch.context() as patch:
        for method in ("write_bytes", "write_text", "mkdir"):
            patch.setattr(Path, method, failing(getattr(Path, method)))
        yield
