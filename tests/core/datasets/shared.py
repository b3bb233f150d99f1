"""A small recording folder, written as a person would."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import datasets
from core.datasets import Dataset

ROIS = {"A": [0, 1, 2], "B": [3, 4, 5]}


def write(
    root: Path,
    betas: np.ndarray | None = None,
    ids: Sequence[str] = ("a", "b", "c", "d"),
    rois: Any = None,
    files: Sequence[str] | None = None,
    trials: Sequence[Mapping[str, Any]] | None = None,
    subject: str = "S1",
) -> Path:
    """Write stimuli, responses, ROIs and, where ``files`` names them, images."""
    for below in ("responses", "rois", "images", "rdms", "embeddings"):
        (root / below).mkdir(parents=True, exist_ok=True)
    names = list(files) if files is not None else [""] * len(ids)
    rows = [
        {"id": i, "file": f, "category": "xy"[n % 2]}
        for n, (i, f) in enumerate(zip(ids, names, strict=True))
    ]
    table(root / "stimuli.csv", rows)
    if betas is None:
        count = len(ids) if trials is None else len(trials)
        betas = np.random.default_rng(0).normal(size=(count, 10)).astype(np.float32)
    np.save(root / "responses" / f"{subject}.npy", betas)
    if trials is not None:
        table(root / "responses" / f"{subject}.csv", trials)
    (root / "rois" / f"{subject}.json").write_text(json.dumps(ROIS if rois is None else rois))
    return root


def table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def paint(path: Path, seed: int = 0, **options: Any) -> np.ndarray:
    """Save an image of noise, 12 x 8, and give its pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "PNG", **options)
    return pixels


def load(root: Path, subject: str | None = None) -> Dataset:
    return datasets.load("folder", subject, root=root)
