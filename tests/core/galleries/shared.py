"""What the tests of galleries share: folders of small images. No tests."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from core import paths

CLASSES = ("n01440764", "red_fox", "volcano")


def save_gallery(name: str = "small", each: int = 9, classes: tuple[str, ...] = CLASSES) -> Path:
    """``each`` images of noise in every class, below the data root."""
    folder = paths.data_root() / "galleries" / name
    for number, label in enumerate(classes):
        for image in range(each):
            save_image(folder / label / f"{label}_{image:02}.JPEG", 100 * number + image)
    return folder


def save_image(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (12, 10, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def overwrite(path: Path, seed: int) -> None:
    """Another image in place, at another time; the folder does not notice."""
    before = path.parent.stat()
    pixels = np.random.default_rng(seed).integers(0, 255, (12, 10, 3), dtype=np.uint8)
    with open(path, "r+b") as file:
        Image.fromarray(pixels).save(file, "JPEG")
        file.truncate()
    os.utime(path, ns=(seed, seed))
    assert path.parent.stat().st_mtime_ns == before.st_mtime_ns
