"""Altered copies of a whole recording in the store: every split of it needs the same."""

from __future__ import annotations

import numpy as np

from core import store
from core.datasets import Dataset
from core.progress import Progress
from core.splits.copies.finding import MOST_IMAGES, Copies, find_copies

OPERATION, VERSION = "copies", 3


def stored_copies(ds: Dataset) -> Copies | None:
    """The altered copies among all images of a recording; None where nobody has stored them."""
    result = store.load(_key(ds))
    if result is None:
        return None
    with store.reading(result.key):
        return Copies(*(np.asarray(result.arrays[name]) for name in Copies._fields))


def store_copies(ds: Dataset, progress: Progress) -> None:
    """Look for altered copies among all images of a recording, once, and store them."""
    if ds.images is None or ds.n_stimuli > MOST_IMAGES or stored_copies(ds) is not None:
        return
    copies = find_copies(ds, np.arange(ds.n_stimuli), progress)
    store.save(_key(ds), copies._asdict(), {"title": f"Copies: {ds.info.title}"})


def _key(ds: Dataset) -> str:
    ids = ds.stimuli["id"].tolist()
    return store.key(OPERATION, ds.images_fingerprint, {"ids": ids}, seed=0, version=VERSION)
