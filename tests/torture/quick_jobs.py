"""Operations for jobs that are to be killed; a plug-in, see ``NEUROGALLERY_PLUGINS``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import store
from core.operations import OPERATIONS, Operation

STATE = "walk.npy"


def walk(
    request: dict[str, Any], progress: Callable[[float, str], None], folder: Path
) -> dict[str, Any]:
    """A random walk that keeps its place after each step and its end in the store."""
    steps = request["steps"]
    place, first = np.zeros(request.get("size", 64)), 0
    if (folder / STATE).exists():
        kept = np.load(folder / STATE)
        place, first = kept[1:], int(kept[0])
    for step in range(first, steps):
        progress(step / steps, f"Step {step}")
        place = place + np.random.default_rng([request["seed"], step]).normal(size=place.shape)
        time.sleep(request.get("pause", 0.0))
        with store.replacing(folder / STATE) as part, open(part, "wb") as file:
            np.save(file, np.concatenate([[step + 1.0], place]))
    key = store.key("walk", "none", request)
    store.save(key, {"place": place}, {"steps": steps})
    return {"key": key}


def traced(
    request: dict[str, Any], progress: Callable[[float, str], None], folder: Path
) -> dict[str, Any]:
    """Adds a line to a file, so that it can be told how often it ran."""
    line = os.open(request["file"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(line, b"ran\n")
    os.close(line)
    time.sleep(0.2)
    return {}


for _function in (walk, traced):
    OPERATIONS.register(
        f"torture_{_function.__name__}",
        Operation(f"tests.torture.quick_jobs:{_function.__name__}", _function.__name__),
    )
