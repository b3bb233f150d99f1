"""Images that are the same pixel for pixel, whatever their ids and files are called."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from core.datasets import Dataset
from core.errors import NotFoundError
from core.progress import Progress

AT_ONCE = 64
MOST_THREADS = 8


def pixel_hashes(ds: Dataset, rows: np.ndarray, tell: Progress) -> tuple[np.ndarray, int]:
    """Hash of the decoded pixels of chosen stimuli.

    Files that differ in format, compression (without loss) or metadata but show the same
    pixels have one hash; a lossy copy has another, and is left to the similarity of features.

    Parameters
    ----------
    ds : Dataset
    rows : np.ndarray of shape (m,), int
        Only these images are decoded.
    tell : callable
        Called with (fraction, message); may raise ``Cancelled``.

    Returns
    -------
    hashes : np.ndarray of shape (n,), object
        sha1 of size and RGB bytes; '' for rows not chosen and images that cannot be read.
    unread : int
        Chosen images that cannot be read.
    """
    hashes = np.full(ds.n_stimuli, "", dtype=object)
    ids = ds.stimuli["id"].to_numpy(dtype=object)
    threads = max(2, min(MOST_THREADS, os.cpu_count() or 1))
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(rows), AT_ONCE):
            chosen = rows[start : start + AT_ONCE]
            hashes[chosen] = list(pool.map(partial(_hash, ds), ids[chosen]))
            done = start + len(chosen)
            tell(done / len(rows), f"Comparing images: {done:,} of {len(rows):,}")
    return hashes, int(np.count_nonzero(hashes[rows] == ""))


def _hash(ds: Dataset, stimulus: str) -> str:
    try:
        image = ds.image(stimulus)
        size = f"{image.width}x{image.height}:".encode()
        return hashlib.sha1(size + image.tobytes(), usedforsecurity=False).hexdigest()
    except MemoryError:
        raise
    except NotFoundError:
        return ""
    except Exception:  # decoders of foreign files raise whatever they like
        return ""
