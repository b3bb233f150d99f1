"""The spaces that maps are drawn of, and the maps themselves: at once, stored, or by a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

import core.decoders.map_source  # noqa: F401  (registers the space of decoders)
from core import decoders, encoders, maps
from core.datasets import Dataset, Reference
from core.errors import InputError, NeurogalleryError
from core.jobs import Job
from core.maps import Map, MapRequest
from pages.shared.components.scatter.scatter import Points, scatter
from pages.shared.encoders import embeddings
from pages.shared.frame import recording, results
from pages.shared.frame.guard import show_error

RESPONSES, REGIONS, AT, DECODER = "responses", "regions", "@", "decoder"
HEIGHT = 440


@dataclass(frozen=True)
class MapView:
    """A map in view: of which space, by which method, with which settings."""

    space: str
    method: str
    parameters: dict[str, Any] = field(hash=False)
    seed: int = 0

    @property
    def source(self) -> str:
        return self._at_default.partition(":")[0]

    @property
    def tr(self) -> str:
        """Another time of the response than that of the recording in view, or ''."""
        return self.space.partition(AT)[2]

    @property
    def _at_default(self) -> str:
        return self.space.partition(AT)[0]

    @property
    def source_parameters(self) -> dict[str, Any]:
        """What the source of the space needs to know."""
        name = self._at_default.partition(":")[2]
        if self.source == DECODER:
            return {"run": decoders.key_of(name)}
        fields = {"responses": "roi", "embedding": "encoder", "rdm": "rdm"}
        return {fields[self.source]: name} if name else {}

    @property
    def is_distances(self) -> bool:
        return maps.SOURCES[self.source].is_distances

    @property
    def metric(self) -> str:
        return str(self.parameters.get("metric", "euclidean"))


def listed(ds: Dataset) -> list[str]:
    """Ids of the spaces of a recording: responses, region means, RDMs, decoders, embeddings."""
    spaces: list[str] = []
    if ds.betas is not None:
        of_units = [RESPONSES, *(f"{RESPONSES}:{roi}" for roi in ds.rois)]
        spaces += of_units
        spaces += [f"{space}{AT}{tr}" for tr in _other_times(ds) for space in of_units]
        spaces += [REGIONS] if len(ds.regions) > 2 else []
    spaces += [f"rdm:{name}" for name in ds.rdms]
    spaces += [f"{DECODER}:{name}" for name in decoders_of(ds)]
    return spaces + [
        f"embedding:{name}" for name, info in embeddings.listed(ds).items() if info.is_here
    ]


def decoders_of(ds: Dataset) -> list[str]:
    """Short names of the decoders of this recording and subject, the examples last."""
    if ds.betas is None:
        return []
    options = Reference.of(ds).options
    return [
        decoders.short_name(entry.key, config["head"])
        for entry in [*decoders.entries(), *decoders.examples()]
        for config in [entry.facts["config"]]
        if not entry.facts["partial"]
        and (config["dataset"], config["options"]) == (ds.info.name, options)
        and ds.subject in config["subjects"]
    ]


def _other_times(ds: Dataset) -> list[str]:
    """Times of the response (option ``tr``) beside that of the recording in view."""
    choices = [choice for p in ds.info.options if p.name == "tr" for choice in p.choices or ()]
    return [str(choice) for choice in choices if choice != ds.options.get("tr")]


def _recording(ds: Dataset, view: MapView) -> Dataset:
    """The recording in view, or the same one at another time of the response."""
    if not view.tr:
        return ds
    other = recording.with_options(ds, tr=view.tr)
    if other.stimuli["id"].tolist() == ds.stimuli["id"].tolist():
        return other
    raise InputError(
        f"{view.tr} of {ds.subject} has other stimuli",
        "the stimuli of the recording in view, so that both maps share a selection",
        "Open it alone with the options of the recording.",
    )


def get(ds: Dataset, view: MapView) -> Map | None:
    """The map; where it takes long, what a job has of it so far, and None."""
    try:
        if view.source == "embedding" and not _is_encoded(ds, view):
            return None
        method = maps.METHODS[view.method]
        method.check_points(ds.n_stimuli, view.parameters, view.is_distances)
        if _comes_at_once(ds, view):
            return stored(ds, view)
        request = _request(ds, view)
        whole = results.get(
            request,
            _whole,
            icon=":material/scatter_plot:",
            live=partial(_draw_so_far, view),
        )
        return maps.load(request.key()) if whole is None else whole
    except NeurogalleryError as error:
        show_error(error)
        return None


def stored(ds: Dataset, view: MapView) -> Map | None:
    """The map where it is there or comes at once, whole or partial; nothing is shown."""
    if view.source == "embedding" and embeddings.stored(ds, _space(view), "stimuli") is None:
        return None
    request = _request(ds, view)
    if _comes_at_once(ds, view):
        return _at_once(request.key(), request.recording.open(), view)
    return maps.load(request.key())


def _request(ds: Dataset, view: MapView) -> MapRequest:
    return MapRequest(
        Reference.of(_recording(ds, view)),
        view.source,
        view.source_parameters,
        view.method,
        view.parameters,
        view.seed,
        view.space,
    )


def _comes_at_once(ds: Dataset, view: MapView) -> bool:
    return ds.n_stimuli <= maps.METHODS[view.method].slow_above


def _whole(key: str) -> Map | None:
    map_ = maps.load(key)
    return None if map_ is None or map_.partial else map_


@st.cache_resource(max_entries=8, show_spinner="Opening the space …")
def features(fingerprint: str, space: str, _ds: Dataset, _view: MapView) -> maps.Features:
    """The space itself, in which neighbours are sought."""
    return maps.features_of(_recording(_ds, _view), _view.source, **_view.source_parameters)


@st.cache_resource(max_entries=16, show_spinner="Drawing the map …")
def _at_once(key: str, _ds: Dataset, _view: MapView) -> Map:
    space = features(_ds.fingerprint, _view.space, _ds, _view)
    return maps.embed(space.array, _view.method, _view.seed, space.is_distances, **_view.parameters)


def _is_encoded(ds: Dataset, view: MapView) -> bool:
    return embeddings.get(ds, _space(view), "stimuli") is not None


def _space(view: MapView) -> embeddings.Space:
    return embeddings.Space(encoders.get(view.source_parameters["encoder"]).info)


def _draw_so_far(view: MapView, job: Job) -> None:
    """The map as its job has drawn it so far."""
    points = maps.live(job.folder)
    if points is None:
        return
    key = f"live_{view.space}_{view.method}"
    description = f"Unfinished map of {view.space}"
    scatter(Points(_usable(points), identity=key), key=key, description=description, height=HEIGHT)


def _usable(points: np.ndarray) -> np.ndarray:
    """The live map runs ahead of its scale: centred, with the farthest point at 1."""
    middle = points - np.nanmean(points, axis=0)
    return middle / max(float(np.nanmax(np.abs(middle))), 1e-9)
