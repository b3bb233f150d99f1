"""Embeddings of a folder of images, a shard at a time; what is done survives a kill."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from core import encoders, store
from core.encoders.encode import load_encoder
from core.encoders.encoder import Encoder, Loaded
from core.encoders.pipeline import features as computed
from core.errors import NeurogalleryError, NotFoundError
from core.galleries.checkpoint import Checkpoint, Shard
from core.galleries.folder import VERSION, FolderImages, key_of
from core.galleries.listing import SHARD, Listing, scan, stamp_of
from core.progress import Progress, silent
from core.store.files import not_written

# Of the images that could not be read, as many are named; all are counted.
MOST_REASONS = 1000


def encode_folder(
    images: FolderImages,
    encoder: str,
    folder: Path,
    progress: Progress | None = None,
    device: str | None = None,
    **parameters: Any,
) -> str:
    """Encode a folder of images into the store, or take what is there.

    Parameters
    ----------
    images : FolderImages
    encoder : str
        Id of ``encoders.available()``.
    folder : Path
        For what is done so far: whoever calls again with the same folder goes on after the
        last whole shard, in which no image has changed.
    progress : callable, optional
        ``progress(fraction, message)``, called between batches; may raise ``Cancelled``.
    device : {'cuda', 'mps', 'cpu'}, optional
    **parameters
        Parameters that the encoder declares.

    Returns
    -------
    str
        Key of the embeddings: (m, d) float32, NaN rows for images that could not be read,
        whose number is ``failed`` of the facts, the first of them with reasons ``failures``.

    Raises
    ------
    NeurogalleryError
        If the folder changes meanwhile, or the disk is full.
    NotFoundError
        If there is no such encoder, or no image could be read.
    """
    progress = progress or silent
    chosen = encoders.get(encoder)
    values = encoders.check_parameters(chosen.info, parameters)
    progress(0.0, "Listing the images")
    listing = scan(images.folder)
    key = key_of(listing, chosen, values)
    if store.load(key) is not None:
        return key
    progress(0.0, f"Opening {chosen.info.label}")
    loaded = load_encoder(chosen, values, device, progress)
    label = chosen.computed_on(device)
    try:
        with Checkpoint(folder, _origin(chosen, values), loaded.dimensions) as checkpoint:
            _fill(checkpoint, listing, images, loaded, (progress, label))
            _check_unchanged(listing, scan(images.folder))
            facts = {**_facts(images, chosen, values, label), "images": listing.fingerprint}
            _save(key, checkpoint, images, facts)
            checkpoint.remove()
    except OSError as error:
        raise not_written(folder, error) from error
    return key


def _origin(encoder: Encoder, values: Mapping[str, Any]) -> str:
    return store.fingerprint(encoder.stored_id, encoder.digest(), dict(values), VERSION)


def _fill(
    checkpoint: Checkpoint,
    listing: Listing,
    images: FolderImages,
    loaded: Loaded,
    report: tuple[Progress, str],
) -> None:
    """Encode the shards that are not there yet."""
    (progress, label), total = report, len(listing.ids)
    first = checkpoint.resume(listing.shards)
    began, begun = time.monotonic(), checkpoint.done
    for number in range(first, len(listing.shards)):
        _check_unchanged(listing)
        started, done = time.monotonic(), checkpoint.done
        failures: dict[str, str] = {}
        ids = listing.ids[done : done + SHARD]
        rows = np.empty((len(ids), loaded.dimensions), np.float32)
        with closing(computed(ids, images.image, loaded, failures)) as blocks:
            for block in blocks:
                rows[done - checkpoint.done :][: len(block)] = block
                done += len(block)
                rate = (done - begun) / max(1e-9, time.monotonic() - began)
                message = f"{done:,} of {total:,} images, {label} · {rate:,.0f} images/s"
                progress(done / total, message)
        seconds, reasons = time.monotonic() - started, _few(failures, checkpoint)
        shard = Shard(listing.shards[number], len(ids), len(failures), seconds, reasons)
        checkpoint.append(rows, shard)


def _few(failures: Mapping[str, str], checkpoint: Checkpoint) -> dict[str, str]:
    room = MOST_REASONS - sum(len(shard.failures) for shard in checkpoint.shards)
    return dict(list(failures.items())[: max(0, room)])


def _check_unchanged(listing: Listing, now: Listing | None = None) -> None:
    """Raise unless the folder is as it was: by a listing of ``now``, else by its names alone."""
    if now is None:
        is_same = stamp_of(listing.folder) == listing.stamp
    else:
        is_same = now.fingerprint == listing.fingerprint
    if not is_same:
        raise NeurogalleryError(
            f"The folder {listing.folder.name} has changed while it was encoded",
            "a folder that stays as it is",
            "Encode it again: what is done is kept up to the first image that has changed.",
        )


def _save(key: str, checkpoint: Checkpoint, images: FolderImages, facts: Mapping[str, Any]) -> None:
    shards = checkpoint.shards
    failures = {name: reason for shard in shards for name, reason in shard.failures.items()}
    failed = sum(shard.failed for shard in shards)
    if failed == checkpoint.done:
        checkpoint.remove()  # the next attempt reads them again
        first = next(iter(failures.values()))
        raise NotFoundError(
            f"None of the {failed:,} images of {images.title} could be read; the first: {first}"
        )
    seconds = sum(shard.seconds for shard in shards)
    outcome = {"failures": failures, "failed": failed, "seconds": seconds}
    store.save(key, {"features": checkpoint.features()}, {**facts, **outcome})


def _facts(
    images: FolderImages, encoder: Encoder, values: Mapping[str, Any], label: str
) -> dict[str, Any]:
    return {
        "title": images.title,
        "dataset": images.source[0],
        "which": images.source[1],
        "encoder": encoder.info.id,
        "label": encoder.info.label,
        "parameters": dict(values),
        "device": label,
    }
