"""The embedded files: images, what they show, and their features; checked when opened."""

from __future__ import annotations

import functools
import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError

from core import paths
from core.errors import CorruptDataError, NotFoundError
from core.simulation.scenes.art import object_categories, places, read_json
from core.store import fingerprint
from core.validation import load_npy

MANIFEST = "manifest.json"
NAMES = (
    "training.zip", "test.zip", "gallery.zip",
    "stimuli.csv", "gallery.csv", "gabor.npy", "colour.npy",
)  # fmt: skip
RESTORE = "Run `make demo-data`, or restore the folder data/simulated from the repository."


@dataclass(frozen=True)
class Files:
    """What the folder ``data/simulated`` holds.

    Attributes
    ----------
    folder : Path
    stimuli, gallery : pd.DataFrame
        Standard stimulus columns, then ``kind, theme, exemplar, colour, number, place,
        light`` and ``shares`` ({category: share of the image}).
    gabor : np.ndarray of shape (n, 19, 8, 8), float32
    colour : np.ndarray of shape (n, 13, 4, 4), float32
        Features of the stimuli, see ``features``, scaled channel by channel.
    digest : str
        Changes with the content.
    """

    folder: Path
    stimuli: pd.DataFrame
    gallery: pd.DataFrame
    gabor: np.ndarray
    colour: np.ndarray
    digest: str

    def image(self, image_id: str) -> Image.Image:
        """Image of a stimulus or gallery entry, RGB.

        Raises
        ------
        CorruptDataError
            If it is missing from its archive or does not decode.
        """
        archive, member = self._where[image_id]
        path = self.folder / archive
        try:
            content = _archive(path, path.stat().st_mtime_ns, os.getpid()).read(member)
            return Image.open(io.BytesIO(content)).convert("RGB")
        except (OSError, KeyError, BadZipFile, UnidentifiedImageError) as error:
            raise CorruptDataError(
                f"The image {member} of {path} cannot be read ({error})",
                remedy=RESTORE,
            ) from None

    @functools.cached_property
    def _where(self) -> dict[str, tuple[str, str]]:
        tables = (self.stimuli, self.gallery)
        return {
            image: (f"{split}.zip", file)
            for table in tables
            for image, split, file in zip(table["id"], table["split"], table["file"], strict=True)
        }


def open_files() -> Files:
    """Open the embedded files, once for each state of the folder.

    Raises
    ------
    NotFoundError
        If one is missing.
    CorruptDataError
        If one is not what the manifest says.
    """
    folder = paths.EMBEDDED
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise NotFoundError(f"There is no {MANIFEST} in {folder}", remedy=RESTORE)
    listed = read_json(manifest).get("files")
    if not isinstance(listed, dict) or not set(NAMES) <= set(listed):
        raise CorruptDataError(f"{manifest} lists other files", ", ".join(NAMES), RESTORE)
    missing = [name for name in NAMES if not (folder / name).is_file()]
    if missing:
        raise NotFoundError(f"There is no {missing[0]} in {folder}", remedy=RESTORE)
    stats = [(folder / name).stat() for name in (MANIFEST, *NAMES)]
    return _opened(folder, tuple((stat.st_mtime_ns, stat.st_size) for stat in stats))


@functools.lru_cache(maxsize=2)
def _opened(folder: Path, stamps: tuple[tuple[int, int], ...]) -> Files:
    expected = {name: read_json(folder / MANIFEST)["files"][name] for name in NAMES}
    for name, digest in expected.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise CorruptDataError(
                f"{folder / name} is not the file that {MANIFEST} lists",
                f"sha256 {digest[:16]}…",
                RESTORE,
            )
    gabor, colour = (
        load_npy(folder / f"{name}.npy").astype(np.float32) for name in ("gabor", "colour")
    )
    for array in (gabor, colour):
        array.flags.writeable = False
    stimuli = _table(folder / "stimuli.csv")
    return Files(
        folder,
        stimuli,
        _table(folder / "gallery.csv"),
        gabor,
        colour,
        fingerprint(expected, _meaning(stimuli)),
    )


def _meaning(stimuli: pd.DataFrame) -> dict[str, list[dict[str, float]]]:
    """Semantics of the categories and places that the stimuli show: responses depend on them."""
    try:
        shown = {name for shares in stimuli["shares"] for name in shares}
        return {
            "kinds": [dict(object_categories()[name].semantics) for name in sorted(shown)],
            "places": [dict(places()[name].semantics) for name in sorted(set(stimuli["place"]))],
        }
    except KeyError as error:
        raise CorruptDataError(
            f"{paths.ART} lacks {error}, which the simulated images show", remedy=RESTORE
        ) from None


@functools.lru_cache(maxsize=6)
def _archive(path: Path, mtime_ns: int, process: int) -> ZipFile:
    """One open archive for each process: a forked one must not share the place in the file."""
    return ZipFile(path)


def _table(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, keep_default_na=False, dtype={"id": str, "file": str})
    table["labels"] = table["labels"].map(lambda text: tuple(text.split("|")))
    table["shares"] = table["shares"].map(_shares)
    return table


def _shares(text: str) -> dict[str, float]:
    pairs = (item.partition(":") for item in text.split("|"))
    return {name: float(share) for name, _, share in pairs}
