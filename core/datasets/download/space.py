"""Sizes as text, and whether a disk has room."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.errors import NeurogalleryError

# What stays free: a full disk harms more than this download.
MARGIN_BYTES = 200 * 10**6


def size_text(n_bytes: float) -> str:
    """Bytes for the reader, e.g. '3.2 GB'."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} bytes" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def check_space(folder: Path, n_bytes: int, what: str) -> None:
    """Raise NeurogalleryError unless so many bytes and a margin are free at a folder.

    Parameters
    ----------
    folder : Path
        It, or the nearest folder above that exists.
    n_bytes : int
        Bytes to write; no space is needed for none.
    what : str
        What they are.
    """
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if n_bytes and n_bytes + MARGIN_BYTES > free:
        raise NeurogalleryError(
            f"{size_text(free)} are free at {place}",
            f"{size_text(n_bytes)} for {what}, and {size_text(MARGIN_BYTES)} to spare",
            "Free space, choose fewer subjects or parts, or set NEUROGALLERY_DATA to another disk.",
        )
