"""Maps of recordings: kept in the store, drawn by a job whose map can be watched."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import datasets, store
from core.datasets import Dataset
from core.errors import Cancelled, CorruptDataError
from core.maps.embedding import Map, embed
from core.maps.method import METHODS
from core.maps.monitor import Watch
from core.maps.sources import SOURCES, without_blanks
from core.progress import Progress
from core.validation import load_npy

VERSION = 1
OPERATION = "map"
LIVE = "live.npy"
LIVE_EVERY_S = 1.0
OPENING = 0.1
# What a request says about the recording and the method; the rest belongs to the source.
NOT_OF_SOURCE = (
    "dataset", "subject", "options", "stimuli", "source", "method", "parameters", "seed",
)  # fmt: skip


def result_key(
    ds: Dataset,
    source: str,
    method: str = "tsne",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    **asked: Any,
) -> str:
    """Key of a map in the store.

    Parameters
    ----------
    ds : Dataset
    source, method : str
        Ids of ``SOURCES`` and ``METHODS``.
    seed : int
    parameters : dict, optional
        Of the method; a default that is given and one that is not are the same.
    **asked
        ``roi``, ``encoder``, ``encoder_parameters``, ``rdm``: see ``features_of``.
    """
    opened = SOURCES[source]
    values = METHODS[method].check(parameters or {}, opened.is_distances)
    made_from = {
        "source": source,
        "of": opened.identity(ds, without_blanks(asked)),
        "method": method,
        "parameters": values,
    }
    return store.key(OPERATION, ds.fingerprint, made_from, seed=seed, version=VERSION)


def load(key: str) -> Map | None:
    """A map from the store, None where there is none; ``partial`` ones are of cancelled jobs."""
    result = store.load(key)
    if result is None:
        return None
    facts = {**result.facts["map"], "notes": tuple(result.facts["map"]["notes"])}
    if "kept_neighbours" in facts:  # what maps were stored with before they took the field's word
        facts["neighbourhood_preservation"] = facts.pop("kept_neighbours")
    return Map(coordinates=result.arrays["coordinates"], **facts)


def save(key: str, drawn: Map, facts: Mapping[str, Any]) -> None:
    """Keep a map in the store, with what it shows."""
    told = {name: value for name, value in vars(drawn).items() if name != "coordinates"}
    store.save(key, {"coordinates": drawn.coordinates}, {**facts, "map": told})


def live(folder: Path) -> np.ndarray | None:
    """Coordinates (n, 2) of the map that a job draws, None where there are none (any more)."""
    path = folder / LIVE
    try:
        return load_npy(path) if path.exists() else None
    except CorruptDataError:  # it was removed between the two calls
        if path.exists():
            raise
        return None


def run(request: Mapping[str, Any], progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: draw one map into the store.

    ``request`` names dataset and source, and optionally subject, options, stimuli (ids,
    where not all are meant), what the source needs (roi, encoder, encoder_parameters,
    rdm), method, parameters and seed. A cancel keeps the map so far: it is in the store
    under the key of the whole map, with ``partial`` set, until a later run replaces it.

    Returns
    -------
    dict
        ``key`` of the map.

    Raises
    ------
    Cancelled
        When the job was cancelled.
    """
    progress(0.0, "Opening the recording")
    ds = datasets.load(request["dataset"], request.get("subject"), **request.get("options") or {})
    if request.get("stimuli"):
        ds = ds.subset(request["stimuli"])
    asked = without_blanks({k: v for k, v in request.items() if k not in NOT_OF_SOURCE})
    source, method = request["source"], request.get("method", "tsne")
    made = (source, method, request.get("seed", 0), request.get("parameters") or {})
    with _Live(folder) as frames:
        found = drawn(ds, *made, progress=progress, watch=frames, **asked)
    if found.partial:
        raise Cancelled
    return {"key": result_key(ds, *made, **asked)}


def drawn(
    ds: Dataset,
    source: str,
    method: str = "tsne",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    progress: Progress = lambda fraction, message: None,
    watch: Watch | None = None,
    **asked: Any,
) -> Map:
    """The whole map from the store; where it is not there, drawn and kept.

    Parameters
    ----------
    ds, source, method, seed, parameters, **asked
        As in ``result_key``.
    progress : callable
        ``progress(fraction, message)``; it may raise ``Cancelled``.
    watch : callable, optional
        Told the evolving coordinates. With it a cancel gives the map so far, which is
        kept with ``partial`` set until a later call replaces it.
    """
    values = dict(parameters or {})
    key = result_key(ds, source, method, seed, values, **asked)
    stored = load(key)
    if stored is not None and not stored.partial:
        return stored
    features = SOURCES[source].open(ds, asked, lambda f, message: progress(OPENING * f, message))
    made = embed(
        features.array,
        method,
        seed,
        features.is_distances,
        progress=lambda f, message: progress(OPENING + (1 - OPENING) * f, message),
        keep_partial=watch is not None,
        watch=watch,
        **values,
    )
    facts = {"title": ds.info.title, "label": features.label, "source": source, "seed": seed}
    save(key, made, {**facts, "dataset": ds.info.name, "subject": ds.subject, "parameters": values})
    return made


class _Live:
    """Writes the evolving map into the folder of a job, at most once a second."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LIVE
        self._written = 0.0

    def __call__(self, coordinates: np.ndarray) -> None:
        if time.monotonic() - self._written < LIVE_EVERY_S:
            return
        with store.replacing(self.path) as part, open(part, "wb") as file:
            np.save(file, coordinates)
        self._written = time.monotonic()

    def __enter__(self) -> _Live:
        return self

    def __exit__(self, *error: object) -> None:
        self.path.unlink(missing_ok=True)
