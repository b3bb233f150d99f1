"""Draw the embedded experiment anew: images, tables, features, manifest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from PIL import Image

from core import paths
from core.progress import Progress
from core.simulation import features
from core.simulation.files import MANIFEST
from core.simulation.scenes import ObjectCategory, Scene, draw, object_categories
from core.simulation.scenes.art import SPLITS
from core.store.files import replacing

SEED = 2026
QUALITY = 62
MOST_WORKERS = 61  # what Windows can wait for
MAIN_EXEMPLARS = (1, 2, 3, 4)
EVERY_EXEMPLAR = (1, 2, 3, 4, 5)
COLUMNS = (
    "id", "file", "category", "supercategory", "labels", "source", "split",
    "kind", "theme", "exemplar", "colour", "number", "place", "light", "shares",
)  # fmt: skip
Row = dict[str, object]


@dataclass(frozen=True)
class Part:
    """One set of images: which categories, how many of each, and which drawings it may show.

    Drawing 5 of a training category is never seen in the training images.
    """

    split: str
    each: int
    mains: tuple[str, ...]
    others: tuple[str, ...]
    exemplars: tuple[int, ...]


def parts() -> tuple[Part, ...]:
    """Training images, test images of other categories, and the gallery of all categories."""
    every = tuple(object_categories())
    training, test = (
        tuple(name for name in every if object_categories()[name].split == split)
        for split in SPLITS
    )
    return (
        Part("training", 20, training, training, MAIN_EXEMPLARS),
        Part("test", 15, test, training, EVERY_EXEMPLAR),
        Part("gallery", 50, every, every, EVERY_EXEMPLAR),
    )


def build(folder: Path = paths.EMBEDDED, progress: Progress | None = None) -> None:
    """Draw every image and write the embedded files; the same pins give the same bytes.

    Parameters
    ----------
    folder : Path
    progress : callable, optional
        ``progress(fraction, message)``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[Row]] = {}
    tasks = [(part, name) for part in parts() for name in part.mains]
    images: dict[str, list[tuple[str, bytes]]] = {}
    with ProcessPoolExecutor(max_workers=min(MOST_WORKERS, os.cpu_count() or 1)) as pool:
        scenes = pool.map(_of_category, tasks)
        for done, (task, drawn) in enumerate(zip(tasks, scenes, strict=True)):
            split = task[0].split
            rows.setdefault(split, []).extend(row for row, _ in drawn)
            images.setdefault(split, []).extend((str(row["file"]), data) for row, data in drawn)
            if progress is not None:
                progress((done + 1) / len(tasks), f"{split}: {task[1]}")
    for split, members in images.items():
        with replacing(folder / f"{split}.zip") as path:
            _write_archive(path, members)
    _write_table(folder / "stimuli.csv", rows["training"] + rows["test"])
    _write_table(folder / "gallery.csv", rows["gallery"])
    shown = [data for split in ("training", "test") for _, data in images[split]]
    for name, feature in (("gabor", features.gabor), ("colour", features.colour)):
        with replacing(folder / f"{name}.npy") as path, path.open("wb") as file:
            np.save(file, quantised([feature(_decoded(data)) for data in shown]))
    _write_manifest(folder)


def encoded(scene: Scene) -> bytes:
    """An image as it is stored: WebP."""
    content = io.BytesIO()
    scene.image.save(content, "WEBP", quality=QUALITY, method=6)
    return content.getvalue()


def drawn_for(part: Part, name: str, number: int) -> Scene:
    """Draw one image of a part; every image has a seed of its own."""
    every = object_categories()
    seed = [SEED, zlib.crc32(part.split.encode()), zlib.crc32(name.encode()), number]
    others: Sequence[ObjectCategory] = [every[other] for other in part.others]
    category = every[name]
    exemplars = [e for e in part.exemplars if e <= len(category.drawings)]
    return draw(
        np.random.default_rng(seed),
        category,
        others,
        exemplars=exemplars,
        other_exemplars=part.exemplars,
    )


def quantised(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Features as bytes: each channel from its smallest to its largest value. uint8."""
    stack = np.stack(maps)
    channels = (0, *range(2, stack.ndim))
    low = stack.min(axis=channels, keepdims=True)
    span = stack.max(axis=channels, keepdims=True) - low
    scaled: np.ndarray = np.rint((stack - low) / np.where(span > 0, span, 1) * 255).astype(np.uint8)
    return scaled


def _of_category(task: tuple[Part, str]) -> list[tuple[Row, bytes]]:
    part, name = task
    drawn = []
    for number in range(part.each):
        scene = drawn_for(part, name, number)
        drawn.append((_row(part, scene, number), encoded(scene)))
    return drawn


def _row(part: Part, scene: Scene, number: int) -> Row:
    category, every = scene.category, object_categories()
    prefix = "gallery-" if part.split == "gallery" else ""
    image = f"{prefix}{category.id.replace('_', '-')}-{number + 1:02d}"
    seen = sorted(scene.shares.items(), key=lambda item: (item[0] != category.id, -item[1]))
    return {
        "id": image,
        "file": f"{image}.webp",
        "category": category.name,
        "supercategory": category.supercategory,
        "labels": "|".join(every[name].name for name, _ in seen),
        "source": scene.source,
        "split": part.split,
        "kind": category.id,
        "theme": category.theme,
        "exemplar": scene.exemplar,
        "colour": scene.colour,
        "number": scene.number,
        "place": scene.place,
        "light": scene.light,
        "shares": "|".join(f"{name}:{share:.4f}" for name, share in seen),
    }


def _decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def _write_archive(path: Path, members: Sequence[tuple[str, bytes]]) -> None:
    """Stored, not compressed, with one date for all: the same images give the same file."""
    with ZipFile(path, "w", ZIP_STORED) as archive:
        for name, data in members:
            archive.writestr(ZipInfo(name), data)


def _write_table(path: Path, rows: Sequence[Row]) -> None:
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_manifest(folder: Path) -> None:
    names = sorted(
        path.name for path in folder.iterdir() if path.suffix in (".zip", ".csv", ".npy")
    )
    content = {
        "about": "Files of the simulated experiment, drawn by `make demo-data`.",
        "files": {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names},
    }
    with replacing(folder / MANIFEST) as path:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
