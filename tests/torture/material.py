"""Small recordings, results and jobs to be damaged, and what stands for all that they say."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import datasets, paths, store
from core.datasets import Dataset
from core.errors import NeurogalleryError
from tests.core.decoders import planted

STIMULI, UNITS = 24, 12
NAME = "folder:mine"


def write_recording(root: Path, seed: int = 0, stimuli: int = STIMULI, units: int = UNITS) -> Path:
    """A recording of one's own: responses, trials, ROIs, RDM, embeddings, images in a folder."""
    rng = np.random.default_rng(seed)
    folder = root / "mine"
    shutil.rmtree(folder, ignore_errors=True)
    for below in ("responses", "rois", "rdms", "embeddings", "images/sub"):
        (folder / below).mkdir(parents=True, exist_ok=True)
    ids = [f"p{number:02}" for number in range(stimuli)]
    rows = [
        {
            "id": name,
            "file": f"sub/{name}.png",
            "category": f"c{number % 8}",
            "split": "test" if number % 8 > 5 else "train",
        }
        for number, name in enumerate(ids)
    ]
    _write_csv(folder / "stimuli.csv", rows)
    _write_csv(folder / "responses" / "s1.csv", [{"id": name} for name in ids])
    np.save(folder / "responses" / "s1.npy", rng.normal(size=(stimuli, units)).astype(np.float32))
    regions = {"A": list(range(units // 2)), "B": list(range(units // 2, units))}
    (folder / "rois" / "s1.json").write_text(json.dumps(regions))
    (folder / "dataset.json").write_text(json.dumps({"title": "Mine", "licence": "CC0"}))
    points = rng.normal(size=(stimuli, 5)).astype(np.float32)
    np.save(folder / "embeddings" / "truth.npy", points)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2).astype(np.float32)
    np.save(folder / "rdms" / "model.npy", (apart + apart.T) / 2)
    for name in ids:
        paint(folder / "images" / "sub" / f"{name}.png", rng)
    return folder


def paint(path: Path, rng: np.random.Generator, size: int = 12) -> None:
    Image.fromarray(rng.integers(0, 255, (size, size, 3), dtype=np.uint8)).save(path)


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def content_of(ds: Dataset) -> tuple[str, str]:
    """All numbers and names of an open recording, and all its images."""
    arrays = {"rdms": dict(ds.rdms), "embeddings": dict(ds.embeddings), "rois": dict(ds.rois)}
    measured = None if ds.betas is None else np.asarray(ds.responses())
    columns = {str(name): [str(cell) for cell in ds.stimuli[name]] for name in ds.stimuli}
    numbers = store.fingerprint(
        ds.subject, columns, measured, {k: _plain(v) for k, v in arrays.items()}
    )
    images = [] if ds.images is None else [_image(ds, name) for name in ds.stimuli["id"]]
    return numbers, store.fingerprint(images)


def _plain(arrays: dict[str, Any]) -> dict[str, Any]:
    return {str(name): np.asarray(array) for name, array in arrays.items()}


def _image(ds: Dataset, name: str) -> Any:
    """Pixels; nothing where the image cannot be read, however that is put."""
    assert ds.images is not None
    try:
        return np.asarray(ds.images(name))
    except NeurogalleryError:
        return ""


def of_result(result: store.Result | None) -> str:
    """All that a stored result says; '' for one that is absent."""
    if result is None:
        return ""
    arrays = {name: np.array(array) for name, array in result.arrays.items()}
    return store.fingerprint(result.key, arrays, json.dumps(result.facts), result.created)


def example(number: int) -> tuple[str, dict[str, np.ndarray], dict[str, Any]]:
    """Key, arrays and facts of a result that follow from a number."""
    rng = np.random.default_rng(number)
    key = store.key("torture", "none", {"number": number})
    size = int(rng.integers(20, 4000))
    arrays = {"values": rng.normal(size=size), "labels": rng.integers(0, 9, (size // 10, 3))}
    facts = {"number": number, "title": f"Result {number}", "scores": rng.normal(size=5).tolist()}
    return key, arrays, facts


def is_example(result: store.Result, number: int) -> bool:
    _, arrays, facts = example(number)
    same = all(np.array_equal(result.arrays[name], array) for name, array in arrays.items())
    return same and set(result.arrays) == set(arrays) and result.facts == facts


def plant() -> Path:
    """The recording that decoders are trained on in a moment."""
    paths.data_root().mkdir(parents=True, exist_ok=True)
    return planted.save()


def open_mine() -> Dataset:
    return datasets.load(NAME)
