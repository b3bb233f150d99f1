"""The fingerprint of a folder's images: that of many is kept, and read once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from os import stat_result
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core import store
from core.datasets.image_files import look_at, stamps
from core.errors import NeurogalleryError
from core.store.stamps import without_check

OPERATION, VERSION = "images", 1
# Of fewer images the ends are read within a third of a second.
MANY = 5000
IMAGES_READ = 4


class ImageIndex(NamedTuple):
    """Fingerprint of the images, and the names of those whose file is not there."""

    fingerprint: str
    absent: frozenset[str]


def index_of(images: Mapping[str, str]) -> ImageIndex:
    """Look at every image file, and read the ends of each unless that was done before.

    Parameters
    ----------
    images : mapping of str to str
        Path of each image by its id.

    Returns
    -------
    ImageIndex
        The fingerprint is of what ``stamps`` tells, and of the content of the first few. Of many
        images it is kept in the store under every path, size, inode and time of change of content
        and of status: what changes a file changes one of them.
    """
    statuses = look_at(images)
    absent = frozenset(name for name, status in statuses.items() if status is None)
    if len(images) < MANY:
        return ImageIndex(_fingerprint(images, statuses), absent)
    key = _key(images, statuses)
    fingerprint = _kept(key)
    if fingerprint is None:
        fingerprint = _fingerprint(images, statuses)
        # Without room for it the images are read again the next time.
        with contextlib.suppress(NeurogalleryError), without_check():
            store.save(key, {}, {"title": "Images of a folder", "fingerprint": fingerprint})
    return ImageIndex(fingerprint, absent)


def _fingerprint(images: Mapping[str, str], statuses: Mapping[str, stat_result | None]) -> str:
    return store.fingerprint("folder", stamps(images, statuses=statuses), _first(images, statuses))


def _first(images: Mapping[str, str], statuses: Mapping[str, stat_result | None]) -> list[Path]:
    present = [path for name, path in images.items() if statuses[name] is not None]
    return [Path(path) for path in present[:IMAGES_READ]]


def _key(images: Mapping[str, str], statuses: Mapping[str, stat_result | None]) -> str:
    known = [
        (0, 0, 0, 0, 0)
        if each is None
        else (1, each.st_size, each.st_mtime_ns, each.st_ctime_ns, each.st_ino)
        for each in statuses.values()
    ]
    names = ["\0".join(images), "\0".join(images.values())]
    # Inodes of some network drives need all 64 bits.
    content = store.fingerprint(*names, np.array(known, np.uint64), _first(images, statuses))
    return store.key(OPERATION, content, {}, version=VERSION)


def _kept(key: str) -> str | None:
    try:
        stored = store.load(key)
    except NeurogalleryError:  # damaged: it is made again, and takes its place
        return None
    return None if stored is None else str(stored.facts["fingerprint"])
