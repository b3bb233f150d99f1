"""Maps of recordings: kept in the store, drawn by a job whose map can be watched."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core import store
from core.datasets import Dataset, Reference
from core.datasets.reference import FIELDS
from core.errors import Cancelled, CorruptDataError
from core.jobs.request import SEED, Request, check_fields, check_mapping
from core.maps.embedding import Map, embed
from core.maps.method import METHODS
from core.maps.monitor import Watch
from core.maps.sources import SOURCES, without_blanks
from core.progress import Progress, portion, silent
from core.validation import load_npy

VERSION = 1
OPERATION = "map"
LIVE = "live.npy"
LIVE_EVERY_S = 1.0
OPENING = 0.1


def result_key(
    ds: Dataset,
    source: str,
    method: str = "tsne",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    **source_parameters: Any,
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
    **source_parameters
        ``roi``, ``encoder``, ``encoder_parameters``, ``rdm``: see ``features_of``.
    """
    space = SOURCES[source]
    content = {
        "source": source,
        "of": space.identity(ds, without_blanks(source_parameters)),
        "method": method,
        "parameters": METHODS[method].check(parameters or {}, space.is_distances),
    }
    return store.key(OPERATION, ds.fingerprint, content, seed=seed, version=VERSION)


def load(key: str) -> Map | None:
    """A map from the store, None where there is none; ``partial`` ones are of cancelled jobs."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        facts = {**result.facts["map"], "notes": tuple(result.facts["map"]["notes"])}
        if "kept_neighbours" in facts:  # what they were stored with before the field's word
            facts["neighbourhood_preservation"] = facts.pop("kept_neighbours")
        return Map(coordinates=result.arrays["coordinates"], **facts)


def save(key: str, drawn: Map, facts: Mapping[str, Any]) -> None:
    """Keep a map in the store, with what it shows."""
    measured = {name: value for name, value in vars(drawn).items() if name != "coordinates"}
    store.save(key, {"coordinates": drawn.coordinates}, {**facts, "map": measured})


def live(folder: Path) -> np.ndarray | None:
    """Coordinates (n, 2) of the map that a job draws, None where there are none (any more)."""
    path = folder / LIVE
    try:
        return load_npy(path) if path.exists() else None
    except CorruptDataError:  # it was removed between the two calls
        if path.exists():
            raise
        return None


@dataclass(frozen=True)
class MapRequest(Request):
    """One map of a recording.

    Attributes
    ----------
    recording : Reference
    source : str
        Id of ``SOURCES``.
    source_parameters : mapping
        What the source needs to know: ``roi``; ``encoder`` and ``encoder_parameters``;
        ``rdm``; or what a further source declares.
    method, parameters, seed : str, mapping, int
        As in ``result_key``.
    space : str
        What the reader calls the space; it does not enter the request.
    """

    operation = OPERATION

    recording: Reference
    source: str
    source_parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    method: str = "tsne"
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    seed: int = SEED.default
    space: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        METHODS[self.method]
        check_mapping("parameters", self.parameters)
        object.__setattr__(self, "source_parameters", without_blanks(self.source_parameters))
        object.__setattr__(self, "seed", SEED.check(self.seed))

    @property
    def label(self) -> str:
        return f"{METHODS[self.method].label} of {self.space or self.source}"

    @property
    def seconds(self) -> float:
        """About how long it takes on one core; measured at 1,500 stimuli."""
        return self.recording.open().n_stimuli / METHODS[self.method].slow_above

    def key(self) -> str:
        return result_key(self.recording.open(), *self._drawing, **self.source_parameters)

    def draw(self, progress: Progress = silent, watch: Watch | None = None) -> Map:
        """The whole map from the store; see ``drawn``."""
        ds = self.recording.open()
        return drawn(ds, *self._drawing, progress, watch, **self.source_parameters)

    @property
    def _drawing(self) -> tuple[str, str, int, Mapping[str, Any]]:
        return self.source, self.method, self.seed, self.parameters

    def to_json(self) -> dict[str, Any]:
        return {
            **self.recording.to_json(),
            "source": self.source,
            "method": self.method,
            "parameters": dict(self.parameters),
            "seed": self.seed,
            **self.source_parameters,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> MapRequest:
        """From JSON values; a field that no map has belongs to the source."""
        own = ("source", "method", "parameters", "seed")
        check_fields(cls.operation, values, values, ("dataset", "source"))
        settings = {name: values[name] for name in own if values.get(name) is not None}
        others = {name: values[name] for name in values if name not in (*FIELDS, *own)}
        return cls(Reference.from_json(values), source_parameters=others, **settings)


def run(request: MapRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: draw one map into the store.

    A cancel keeps the map so far: it is in the store under the key of the whole map, with
    ``partial`` set, until a later run replaces it.

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
    with _Live(folder) as frames:
        if request.draw(progress, frames).partial:
            raise Cancelled
    return {"key": request.key()}


def drawn(
    ds: Dataset,
    source: str,
    method: str = "tsne",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    watch: Watch | None = None,
    **source_parameters: Any,
) -> Map:
    """The whole map from the store; where it is not there, drawn and kept.

    Parameters
    ----------
    ds, source, method, seed, parameters, **source_parameters
        As in ``result_key``.
    progress : callable
        ``progress(fraction, message)``; it may raise ``Cancelled``.
    watch : callable, optional
        Told the evolving coordinates. With it a cancel gives the map so far, which is
        kept with ``partial`` set until a later call replaces it.
    """
    values = dict(parameters or {})
    key = result_key(ds, source, method, seed, values, **source_parameters)
    stored = load(key)
    if stored is not None and not stored.partial:
        return stored
    features = SOURCES[source].open(ds, source_parameters, portion(progress, 0.0, OPENING))
    drawing = embed(
        features.array,
        method,
        seed,
        features.is_distances,
        progress=portion(progress, OPENING, 1.0),
        keep_partial=watch is not None,
        watch=watch,
        **values,
    )
    facts = {"title": ds.info.title, "label": features.label, "source": source, "seed": seed}
    facts |= {"dataset": ds.info.name, "subject": ds.subject, "parameters": values}
    save(key, drawing, facts)
    return drawing


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
