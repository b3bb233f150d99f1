"""Arrays of a person's folder, as they are when they are opened.

A map of a file that becomes shorter ends the process, with all of its sessions, and shows what
somebody writes there later. So none is mapped: a small array is read, and of a large one a copy
is put into the store, which nobody writes to, and mapped there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core import store
from core.datasets.releases.converted import OPERATION
from core.progress import Progress, silent
from core.store.stamps import enter
from core.validation import StoredRows, load_npy, row_blocks

VERSION = 1
# Bytes of a file of which the memory holds all.
IN_MEMORY = 2**25


def is_large(path: Path) -> bool:
    """Whether an array is opened as a copy in the store."""
    return path.is_file() and path.stat().st_size > IN_MEMORY


def open_array(path: Path, title: str, progress: Progress = silent) -> np.ndarray:
    """The array of a ``.npy`` file, of two dimensions where it is large.

    Parameters
    ----------
    path : Path
    title : str
        What the list of stored results calls a copy.
    progress : callable
        Of the copying.

    Returns
    -------
    np.ndarray
        In the precision and order of the file.

    Raises
    ------
    CorruptDataError
        If it is no such file, or becomes shorter while it is read.
    NeurogalleryError
        If there is no space for a copy, or the file changes while it is copied.
    """
    enter(path)
    if not is_large(path):
        return load_npy(path)
    rows = StoredRows(path)
    if rows.ndim != 2:
        return load_npy(path)
    content = store.fingerprint("array", path)
    key = store.key(OPERATION, content, {}, version=VERSION)
    stored = store.load(key)
    if stored is None:
        # Column after column is row after row of the transpose.
        lying = rows.transposed() if rows.is_by_column else rows
        shape = (lying.shape[0], lying.shape[1])
        blocks = _blocks(lying, title, progress)
        stored = store.save_blocks(key, blocks, shape, {"title": title}, rows.dtype)
    array = stored.arrays["blocks"]
    return array.T if rows.is_by_column else array


def _blocks(rows: StoredRows, title: str, progress: Progress) -> Iterator[np.ndarray]:
    for block in row_blocks(len(rows), rows.size // len(rows)):
        progress(block.start / len(rows), f"Reading {title}")
        yield rows[block]
