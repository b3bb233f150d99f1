"""Scenes that the small CLIP learns from, and what each shows."""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from core.progress import Progress
from core.simulation.scenes import ObjectCategory, Scene, draw, object_categories

HELD_OUT_EXEMPLAR = 5
HELD_OUT_SHARE = 6
OTHER_EXEMPLARS = (1, 2, 3, 4)
SIDE = 72
CHUNK = 100
FACTS = ("kind", "exemplar", "colour", "place", "light", "number")


@dataclass(frozen=True)
class Corpus:
    """Images and what they show.

    Attributes
    ----------
    images : np.ndarray of shape (n, side, side, 3), uint8
    facts : pd.DataFrame
        Columns ``FACTS``, a row for each image.
    """

    images: np.ndarray
    facts: pd.DataFrame


def is_held_out(kind: str, colour: str, light: str) -> bool:
    """Whether a thing in a colour at a time of day is kept for testing, as one in six is."""
    return zlib.crc32(f"{kind} {colour} {light}".encode()) % HELD_OUT_SHARE == 0


def corpus(count: int, seed: int, progress: Progress | None = None) -> Corpus:
    """Draw training scenes.

    Exemplar 5 of a kind is in none of them. A held-out combination of kind, colour and
    light is the main thing of none, but may stand in the background.

    Parameters
    ----------
    count : int
        Spread evenly over the kinds.
    seed : int
    progress : callable, optional
    """
    starts = range(0, count, CHUNK)
    chunks = []
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        waiting = [pool.submit(_chunk, seed, start, min(CHUNK, count - start)) for start in starts]
        for done, future in enumerate(waiting):
            chunks.append(future.result())
            if progress is not None:
                progress((done + 1) / len(waiting), f"{(done + 1) * CHUNK:,} scenes drawn")
    facts = pd.DataFrame(np.concatenate([facts for _, facts in chunks]), columns=list(FACTS))
    facts = facts.astype({"exemplar": int, "number": int})
    return Corpus(np.concatenate([images for images, _ in chunks]), facts)


def _chunk(seed: int, start: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    every = list(object_categories().values())
    scenes = [
        _scene(np.random.default_rng([seed, number]), every[number % len(every)], every)
        for number in range(start, start + size)
    ]
    images = np.stack([pixels(scene.image) for scene in scenes])
    facts = np.array([_facts(scene) for scene in scenes], dtype=str)
    return images, facts


def _scene(rng: np.random.Generator, kind: ObjectCategory, others: list[ObjectCategory]) -> Scene:
    seen = [n for n in range(1, len(kind.drawings) + 1) if n != HELD_OUT_EXEMPLAR]
    while True:
        scene = draw(rng, kind, others, exemplars=seen, other_exemplars=OTHER_EXEMPLARS, side=SIDE)
        if not is_held_out(kind.id, scene.colour, scene.light):
            return scene


def _facts(scene: Scene) -> tuple[object, ...]:
    return (
        scene.category.id,
        scene.exemplar,
        scene.colour,
        scene.place,
        scene.light,
        scene.number,
    )


def pixels(image: Image.Image) -> np.ndarray:
    """An image at the size of the corpus. (side, side, 3) uint8."""
    return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC))
