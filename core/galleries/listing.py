"""The images of a folder in ImageNet layout: up to 1.2 million names, light in memory."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import paths, store
from core.datasets.image_files import SUFFIXES, orientation
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.galleries.names import PackedNames
from core.store.fingerprints import stamp as stamp_of_file
from core.validation import enumerate_names

VERSION = 2
OPERATION = "listing"
# Encoded at a time, and what a change of the folder is told by.
SHARD = 1024
# Listed within half a second; a job lists folders of more.
QUICK = 20_000
# What classes that are numbered are called: a line 'n01440764<separator>tench, Tinca tinca'.
WORDS = {"words.txt": "\t", "LOC_synset_mapping.txt": " "}


@dataclass(frozen=True, eq=False)
class Listing:
    """What a folder of images holds.

    Attributes
    ----------
    folder : Path
    stamp : str
        Of the folder when it was listed, see ``stamp_of``.
    ids : PackedNames
        ``<class>/<image>``, sorted by class, then image.
    classes : list of str
        Names of the folders.
    counts : np.ndarray of shape (classes,), int64
        Images of each.
    shards : list of str
        What stands for the names, sizes and times of change of each ``SHARD`` images.
    """

    folder: Path
    stamp: str
    ids: PackedNames
    classes: list[str]
    counts: np.ndarray
    shards: list[str]

    @functools.cached_property
    def categories(self) -> np.ndarray:
        """What the class of each image is called. (m,) object, each a str."""
        names = np.array(_called(self.folder, self.classes), dtype=object)
        return np.repeat(names, self.counts)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Changes with the name, size, time of change or orientation of any image."""
        return store.fingerprint("images", self.shards)


def stamp_of(folder: Path) -> str:
    """What stands for the names in a folder; no image is looked at.

    An image that is added, removed or renamed changes the time of its class; one that is
    overwritten in place does not.

    Raises
    ------
    NeurogalleryError
        If the folder cannot be listed.
    """
    with _readable(folder):
        times = [(entry.name, entry.stat().st_mtime_ns) for entry in _classes(folder)]
        words = [folder / name for name in WORDS if (folder / name).is_file()]
        stamps = [stamp_of_file(path) for path in words]
    return store.fingerprint(str(folder), times, stamps)


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """Say in one line why a folder cannot be listed, or that it changes while it is."""
    try:
        yield
    except OSError as error:
        raise NeurogalleryError(
            f"The folder {folder.name} could not be listed ({error})",
            "folders and images that can be read, and stay while they are listed",
        ) from error


def current(folder: Path) -> Listing | None:
    """The images of a folder, at once; None where there are too many and no job listed them.

    Raises
    ------
    NotFoundError
        If there are no images in ``<class>/<image>``.
    InputError
        If a name is no text, or a class is a link that leads outside the data folder.
    NeurogalleryError
        If the folder cannot be listed.
    """
    stamp = stamp_of(folder)
    return _current(folder, stamp, store.written(OPERATION).get(_key(stamp)))


def scan(folder: Path) -> Listing:
    """The images of a folder as they are now, however many; a long list is kept.

    Raises
    ------
    NotFoundError, InputError, NeurogalleryError
        As ``current``.
    """
    stamp = stamp_of(folder)
    listing = _scanned(folder, stamp, None)
    if len(listing.ids) > QUICK:
        arrays = {
            "text": listing.ids.text,
            "ends": listing.ids.ends,
            "classes": np.array(listing.classes),
            "counts": listing.counts,
            "shards": np.array(listing.shards),
        }
        store.save(_key(stamp), arrays, {"title": folder.name})
    forget()
    return listing


def forget() -> None:
    """List folders anew, so that images which were overwritten in place are noticed."""
    _current.cache_clear()


class _TooManyError(Exception):
    """More than ``QUICK`` images."""


@functools.lru_cache(maxsize=4)
def _current(folder: Path, stamp: str, written: int | None) -> Listing | None:
    """A listing that was kept (``written`` says when), else that of few images."""
    kept = None if written is None else store.load(_key(stamp))
    if kept is None:
        try:
            return _scanned(folder, stamp, QUICK)
        except _TooManyError:
            return None
    with store.reading(kept.key):
        ids = PackedNames(kept.arrays["text"], kept.arrays["ends"])
        classes, shards = kept.arrays["classes"].tolist(), kept.arrays["shards"].tolist()
        return Listing(folder, stamp, ids, classes, kept.arrays["counts"], shards)


def _key(stamp: str) -> str:
    return store.key(OPERATION, stamp, {"shard": SHARD}, version=VERSION)


def _scanned(folder: Path, stamp: str, most: int | None) -> Listing:
    texts: list[bytes] = []
    classes, counts, lengths, states, turns = [], [], [], [], []
    with _readable(folder):
        for entry in _classes(folder):
            images = _images(entry)
            classes.append(entry.name)
            counts.append(len(images))
            names = [_encoded(f"{entry.name}/{image.name}") for image in images]
            texts.append(b"".join(names))
            lengths.append(np.fromiter(map(len, names), np.int64, len(names)))
            # On the way, so that a folder that is too large for now is given up early.
            if most is not None and sum(counts) > most:
                raise _TooManyError
            states.append(_states(images))
            turns.append(_orientations(images))
    if not sum(counts):
        raise NotFoundError(
            f"The folder {folder.name} holds no images{_held(folder)}",
            f"<class>/<image> with {', '.join(SUFFIXES)}",
            f"Put a folder of images for each class below {folder}.",
        )
    ids = PackedNames(np.frombuffer(b"".join(texts), np.uint8), np.cumsum(np.concatenate(lengths)))
    shards = list(_shards(ids, np.concatenate(states), np.concatenate(turns)))
    return Listing(folder, stamp, ids, classes, np.array(counts, np.int64), shards)


def _held(folder: Path) -> str:
    """What a folder without images holds instead, for a message."""
    below = [path for each in paths.visible(folder) for path in (each, *paths.visible(each))]
    names = [str(path.relative_to(folder)) for path in below if path.is_file()]
    return f"; it holds {enumerate_names(names, 3)}" if names else ""


def _classes(folder: Path) -> list[os.DirEntry[str]]:
    """Folders below a folder, sorted by name; hidden ones are left out.

    Raises
    ------
    InputError
        If one is a link that is not followed, see ``paths.check_link``.
    """
    with os.scandir(folder) as entries:
        visible = [e for e in entries if not paths.is_hidden(e.name) and e.is_dir()]
    for entry in visible:
        if entry.is_symlink():
            paths.check_link(Path(entry.path), folder)
    return sorted(visible, key=lambda entry: entry.name)


def _images(folder: os.DirEntry[str]) -> list[os.DirEntry[str]]:
    with os.scandir(folder.path) as entries:
        images = [e for e in entries if e.name.lower().endswith(SUFFIXES) and e.is_file()]
    visible = [image for image in images if not paths.is_hidden(image.name)]
    return sorted(visible, key=lambda image: image.name)


def _states(images: list[os.DirEntry[str]]) -> np.ndarray:
    """Size and time of change of each. (n, 2) int64"""
    statuses = (image.stat() for image in images)
    pairs = [(status.st_size, status.st_mtime_ns) for status in statuses]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _orientations(images: list[os.DirEntry[str]]) -> np.ndarray:
    """How each is turned for display, 1 where it is not. (n,) int8"""
    return np.array([orientation(image.path) for image in images], dtype=np.int8)


def _encoded(name: str) -> bytes:
    try:
        return name.encode()
    except UnicodeEncodeError:
        problem = f"The folder holds a name that is no text: {enumerate_names([repr(name)])}"
        raise InputError(problem, "names in UTF-8") from None


def _shards(ids: PackedNames, states: np.ndarray, turns: np.ndarray) -> Iterator[str]:
    for start in range(0, len(ids), SHARD):
        turned = turns[start : start + SHARD]
        first = ids.ends[start - 1] if start else 0
        ends = ids.ends[start : start + SHARD]
        yield store.fingerprint(
            ids.text[first : ends[-1]],
            ends - first,
            states[start : start + SHARD],
            # Former versions showed turned images as they lie; all others stay encoded.
            *([turned] if (turned != 1).any() else []),
        )


def _called(folder: Path, classes: list[str]) -> list[str]:
    """First word of each class that a list of words numbers, else its name without '_'."""
    numbers = set(classes)
    words: dict[str, str] = {}
    for name, separator in WORDS.items():
        if (folder / name).is_file():
            lines = (folder / name).read_text("utf-8", errors="replace").splitlines()
            parts = (line.partition(separator) for line in lines)
            words |= {n: text.split(",")[0].strip() for n, _, text in parts if n in numbers}
    called = (words.get(name) or name.replace("_", " ").strip() for name in classes)
    return [paths.composed(name) for name in called]
