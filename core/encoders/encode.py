"""Images and text to embeddings; those of a recording are kept in the store."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from core import paths, store
from core.datasets.dataset import Dataset
from core.datasets.image_files import as_rgb
from core.encoders.devices import device as choose_device
from core.encoders.encoder import Encoder, Loaded, available, check_parameters, get
from core.encoders.pipeline import features as computed
from core.errors import InputError, NotFoundError
from core.progress import Progress
from core.store.files import not_written

VERSION = 1
OPERATION = "encode"
WHICH = ("stimuli", "gallery")
TEXTS_AT_ONCE = 256
MOST_LOADED, MOST_KEYS = 3, 1000

_loaded: OrderedDict[tuple[Any, ...], Loaded] = OrderedDict()
_loading = threading.Lock()
_keys: dict[tuple[str, ...], str] = {}


@dataclass(frozen=True)
class Encoded:
    """Embeddings of the images of a recording.

    Attributes
    ----------
    features : np.ndarray of shape (n, d), float32
        Read-only; row i is row i of the stimuli or the gallery, NaN where ``failures``
        names the image.
    failures : dict of str to str
        Id of each image that could not be read, and the reason.
    seconds : float
        How long it took.
    size : int
        Bytes.
    facts : dict
        What was encoded, and how: ``title, dataset, which, encoder, label, parameters,
        device``.
    """

    features: np.ndarray
    failures: dict[str, str]
    seconds: float
    size: int
    facts: dict[str, Any]


def encode_images(
    ds: Dataset,
    encoder: str,
    which: str = "stimuli",
    progress: Progress | None = None,
    device: str | None = None,
    **parameters: Any,
) -> np.ndarray:
    """Embeddings of the images of a recording, from the store where they were computed before.

    Parameters
    ----------
    ds : Dataset
    encoder : str
        Id of ``available(ds)``, or ``clip:``, ``vision:`` or ``module:`` with a folder or
        a hub name.
    which : {'stimuli', 'gallery'}
    progress : callable, optional
        ``progress(fraction, message)``, called between batches; may raise ``Cancelled``,
        and then nothing is kept.
    device : {'cuda', 'mps', 'cpu'}, optional
        The best one where none is given; it does not enter the key of the result.
    **parameters
        Parameters that the encoder declares.

    Returns
    -------
    np.ndarray of shape (n, d), float32
        Read-only and memory-mapped. Images that are missing or cannot be read have NaN
        rows; ``load_failures`` names them.

    Raises
    ------
    NotFoundError
        If there is no such encoder, checkpoint or gallery, or no image could be read.
    InputError
        If a parameter is unknown or out of range, or a checkpoint is of another kind.
    CorruptDataError
        If a checkpoint does not hold what its layout promises.
    NeurogalleryError
        If the result cannot be written; nothing of it remains.
    """
    chosen = get(encoder)
    values = check_parameters(chosen.info, parameters)
    table = _table(ds, which)
    precomputed = chosen.precomputed(ds, which)
    if precomputed is not None:
        return precomputed
    if progress is not None:
        progress(0.0, f"Opening {chosen.info.label}")
    key = _key(ds, chosen, which, values)
    result = store.load(key)
    if result is None:
        if ds.images is None:
            raise NotFoundError(f"{ds.info.title} comes without images")
        facts = _facts(ds, chosen, which, values, device)
        loaded = load_encoder(chosen, values, device, progress)
        result = _compute(ds, table, loaded, key, facts, progress)
    return result.arrays["features"]


def encode_text(
    texts: Sequence[str], encoder: str, device: str | None = None, **parameters: Any
) -> np.ndarray:
    """Embeddings of texts, in the space of the images.

    A text longer than the model reads is cut before the first word that does not fit whole,
    which ``check_text`` names.

    Returns
    -------
    np.ndarray of shape (m, d), float32

    Raises
    ------
    InputError
        If the encoder takes no text, or the texts are not a list of str.
    """
    chosen = get(encoder)
    if not chosen.info.has_text:
        with_text = [info.id for info in available() if info.has_text]
        raise InputError(f"{encoder} takes no text", "an encoder that does", choices=with_text)
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise InputError("The texts are not a list of str", "['a red car', ...]")
    loaded = load_reader(chosen, check_parameters(chosen.info, parameters), device)
    parts = [
        loaded.text(texts[start : start + TEXTS_AT_ONCE])
        for start in range(0, len(texts), TEXTS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, loaded.dimensions), np.float32)


def encode_image(
    image: Image.Image, encoder: str, device: str | None = None, **parameters: Any
) -> np.ndarray:
    """Embedding of one image, e.g. an uploaded one that ``check_upload`` gave.

    Returns
    -------
    np.ndarray of shape (d,), float32
    """
    chosen = get(encoder)
    loaded = load_encoder(chosen, check_parameters(chosen.info, parameters), device)
    return loaded.images(loaded.prepare([as_rgb(image)]))[0]


def result_key(ds: Dataset, encoder: str, which: str = "stimuli", **parameters: Any) -> str:
    """Key of the embeddings in the store; a checkpoint of the hub is fetched for it."""
    chosen = get(encoder)
    return _key(ds, chosen, which, check_parameters(chosen.info, parameters))


def load(key: str) -> Encoded | None:
    """Embeddings from the store, None where there are none of this key."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        features, failures = result.arrays["features"], dict(result.facts["failures"])
        facts = {name: value for name, value in result.facts.items() if name != "failures"}
        if features.ndim != 2:
            raise ValueError(f"the features are {features.shape}")
        return Encoded(features, failures, float(facts["seconds"]), features.nbytes, facts)


def load_failures(
    ds: Dataset, encoder: str, which: str = "stimuli", **parameters: Any
) -> dict[str, str]:
    """Ids of the images that could not be encoded, and the reason of each.

    Raises
    ------
    NotFoundError
        If the images were not encoded yet.
    """
    if get(encoder).precomputed(ds, which) is not None:
        return {}
    encoded = load(result_key(ds, encoder, which, **parameters))
    if encoded is None:
        raise NotFoundError(f"The {which} of {ds.info.title} were not encoded with {encoder} yet")
    return encoded.failures


def entries() -> list[store.Entry]:
    """Every stored embedding, newest first; ``store.remove(entry.key)`` deletes one."""
    return store.entries(OPERATION)


def _table(ds: Dataset, which: str) -> list[str]:
    if which not in WHICH:
        raise InputError(f"which is {which!r}", choices=WHICH)
    ids: list[str] = (ds.stimuli if which == "stimuli" else ds.gallery)["id"].tolist()
    if not ids:
        raise NotFoundError(f"{ds.info.title} has no gallery", "further images to search")
    return ids


def _key(ds: Dataset, encoder: Encoder, which: str, values: Mapping[str, Any]) -> str:
    """Key of the embeddings, made once: it is asked for at every run of a page."""
    made_of = str(dict(values))
    own = (ds.fingerprint, which, encoder.stored_id, encoder.digest(), made_of)
    key = _keys.get(own)
    if key is None:
        key = _keys[own] = _new_key(ds, encoder, which, values)
        while len(_keys) > MOST_KEYS:
            _keys.pop(next(iter(_keys)), None)
    return key


def _new_key(ds: Dataset, encoder: Encoder, which: str, values: Mapping[str, Any]) -> str:
    made_from = {
        "ids": _table(ds, which),
        "encoder": encoder.stored_id,
        "checkpoint": encoder.digest(),
        "which": which,
        "parameters": dict(values),
    }
    return store.key(OPERATION, ds.images_fingerprint, made_from, version=VERSION)


def _facts(
    ds: Dataset, encoder: Encoder, which: str, values: Mapping[str, Any], device: str | None
) -> dict[str, Any]:
    return {
        "title": ds.info.title,
        "dataset": ds.info.name,
        "which": which,
        "encoder": encoder.info.id,
        "label": encoder.info.label,
        "parameters": dict(values),
        "device": encoder.computed_on(device),
    }


def load_encoder(
    encoder: Encoder,
    values: Mapping[str, Any],
    device: str | None = None,
    progress: Progress | None = None,
) -> Loaded:
    """The encoder in memory; the last few stay there."""
    where = choose_device(device) if encoder.needs_torch else "cpu"
    name = (encoder.info.id, encoder.digest(), store.fingerprint(dict(values)), where)
    with _loading:
        if name not in _loaded:
            if progress is not None:
                progress(0.0, f"Loading {encoder.info.label}")
            _keep(name, encoder.load(values, where))
        _loaded.move_to_end(name)
        return _loaded[name]


def _keep(name: tuple[Any, ...], loaded: Loaded) -> None:
    _loaded[name] = loaded
    while len(_loaded) > MOST_LOADED:
        _loaded.popitem(last=False)


def load_reader(encoder: Encoder, values: Mapping[str, Any], device: str | None = None) -> Loaded:
    """What reads texts: alone where the encoder has that and no device is named, else all of it."""
    name = (encoder.info.id, encoder.digest(), store.fingerprint(dict(values)), "texts")
    with _loading:
        if name not in _loaded and device is None:
            reader = encoder.load_reader(values)
            if reader is not None:
                _keep(name, reader)
        if name in _loaded and device is None:
            return _loaded[name]
    return load_encoder(encoder, values, device)


def _compute(
    ds: Dataset,
    ids: list[str],
    loaded: Loaded,
    key: str,
    facts: dict[str, Any],
    progress: Progress | None,
) -> store.Result:
    began = time.monotonic()
    failures: dict[str, str] = {}
    root = paths.results_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        # Nameless, so that nothing remains of it however the process ends.
        with tempfile.TemporaryFile(dir=root) as file:
            done = 0
            with closing(computed(ids, ds.image, loaded, failures)) as blocks:
                for rows in blocks:
                    write_rows(file, rows)
                    done += len(rows)
                    if progress is not None:
                        message = f"{done:,} of {len(ids):,} images, {facts['device']}"
                        progress(done / len(ids), message)
            _check_some(ds, ids, failures)
            file.flush()
            shape = (len(ids), loaded.dimensions)
            features = np.memmap(file, dtype=np.float32, mode="r", shape=shape)
            facts |= {"failures": failures, "seconds": time.monotonic() - began}
            return store.save(key, {"features": features}, facts)
    except OSError as error:
        raise not_written(root, error) from error


def write_rows(file: BinaryIO, rows: np.ndarray) -> None:
    """Append rows to a file; unlike a map, this fails in time on a full disk."""
    file.write(np.ascontiguousarray(rows).data)


def _check_some(ds: Dataset, ids: list[str], failures: dict[str, str]) -> None:
    if len(failures) == len(ids):
        raise NotFoundError(
            f"None of the {len(ids):,} images of {ds.info.title} could be read; the first: "
            f"{failures[ids[0]]}"
        )


def clear_loaded() -> None:
    """Let go of the encoders in memory."""
    with _loading:
        _loaded.clear()
