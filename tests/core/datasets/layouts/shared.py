"""What every writer of a small release gives back, and what several of them write.

A writer is ``write(root, ...) -> Truth``: it writes, from the published descriptions of a release
alone, files of its layout, and says what a correct loader must give. It knows no loader.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 16, 24
LEVELS, STEP, DARKEST = 6, 40, 25
JPEG = {"format": "JPEG", "quality": 95, "subsampling": 0}


@dataclass(frozen=True)
class Subject:
    """One subject, trial for trial in the order of the release.

    Attributes
    ----------
    ids : tuple of str
        Stimulus of every trial.
    rois : dict of str to (trials, units) float64
        Responses in the released unit, NaN where the release has no value. Columns are in the
        order of the release (left before right); ``same_units`` compares in any order.
    sessions, runs : tuple or None
        Of every trial; None where the files do not say.
    columns : dict of str to tuple
        What the release says of every trial besides, such as split.
    variants : dict of str to rois
        The same trials read by another option (a TR, a hemisphere); the key says which.
    ceilings : dict of str to (units,) float64
        Noise ceiling in per cent of variance, units as in ``rois``.
    leaving : dict of str to tuple of int
        Columns of an ROI that have no value in some whole session or in every trial.
    without_units : tuple of str
        ROIs that the release names and that have no unit here: they must not be offered.
    """

    ids: tuple[str, ...]
    rois: Mapping[str, np.ndarray]
    sessions: tuple[Any, ...] | None = None
    runs: tuple[Any, ...] | None = None
    columns: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    ceilings: Mapping[str, np.ndarray] = field(default_factory=dict)
    leaving: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    without_units: tuple[str, ...] = ()

    @property
    def repeats(self) -> tuple[int, ...]:
        """How often each stimulus has been shown up to each trial, from 1."""
        return showings(self.ids)


@dataclass(frozen=True)
class Truth:
    """What a correct loader gives for what was written.

    Attributes
    ----------
    root : Path
        Folder of the recording.
    subjects : dict of str to Subject
    stimuli : dict of str to dict
        By id what the release says of it: category, labels, source, split and the like.
    images : dict of str to (height, width, 3) uint8
        Pixels by id; compare with ``same_image``, JPEG loses a little.
    without_image : tuple of str
        Stimuli whose image is not there.
    gallery : dict of str to (height, width, 3) uint8
        Images that nobody saw, by file name.
    units : str
    """

    root: Path
    subjects: Mapping[str, Subject]
    stimuli: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    images: Mapping[str, np.ndarray] = field(default_factory=dict)
    without_image: tuple[str, ...] = ()
    gallery: Mapping[str, np.ndarray] = field(default_factory=dict)
    units: str = ""


def showings(ids: Sequence[str]) -> tuple[int, ...]:
    """Number the showings of each id from 1 in the order of the list."""
    counts: dict[str, int] = {}
    numbers = []
    for each in ids:
        counts[each] = counts.get(each, 0) + 1
        numbers.append(counts[each])
    return tuple(numbers)


def generator(*words: Any) -> np.random.Generator:
    """Give a generator of its own to each combination of words."""
    return np.random.default_rng([zlib.crc32(str(word).encode()) for word in words])


def responses(trials: int, units: int, *words: Any) -> np.ndarray:
    """Give responses that single precision holds exactly. (trials, units) float64"""
    values = generator("responses", *words).normal(size=(trials, units))
    return values.astype(np.float32).astype(np.float64)


def picture(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Paint an image that differs from every other of up to 216 by 40 in some channel.

    The upper left quarter is dark, so that one turned or mirrored differs too.
    """
    digits = [(number // LEVELS**place) % LEVELS for place in range(3)]
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    pixels[:] = [DARKEST + STEP * digit for digit in digits]
    pixels[: height // 2, : width // 2] = 5
    return pixels


def save_picture(path: Path, pixels: np.ndarray) -> None:
    """Save as PNG or JPEG, as the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"format": "PNG"} if path.suffix == ".png" else JPEG
    Image.fromarray(pixels).save(path, **options)


def same_image(image: Image.Image, pixels: np.ndarray, tolerance: int = 12) -> bool:
    """Whether an image has these pixels, up to what JPEG loses away from the quarter's edge."""
    read = np.asarray(image.convert("RGB")).astype(int)
    if read.shape != pixels.shape:
        return False
    height, width = pixels.shape[0] // 4, pixels.shape[1] // 4
    corners = [(r, c) for r in (0, 3) for c in (0, 3)]
    return all(
        np.abs(
            read[r * height : (r + 1) * height, c * width : (c + 1) * width].mean(axis=(0, 1))
            - pixels[r * height : (r + 1) * height, c * width : (c + 1) * width].mean(axis=(0, 1))
        ).max()
        <= tolerance
        for r, c in corners
    )


def same_units(read: np.ndarray, expected: np.ndarray, tolerance: float = 1e-6) -> bool:
    """Whether two arrays (trials, units) hold the same units in any order, NaN included."""
    if read.shape != expected.shape:
        return False
    sorted_read, sorted_expected = _sorted_units(read), _sorted_units(expected)
    return np.allclose(sorted_read, sorted_expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def _sorted_units(values: np.ndarray) -> np.ndarray:
    keys = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=1e9).round(5)
    return np.asarray(values, dtype=np.float64)[:, np.lexsort(keys[::-1])]


def write_lines(path: Path, lines: Iterable[str], end: str = "\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}{end}" for line in lines), "utf-8", newline="")
