"""What a map can be drawn from: the sources of features, behind one door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core import encoders
from core.datasets import Dataset
from core.errors import InputError, NotFoundError
from core.progress import Progress
from core.registry import Registry
from core.validation import complete_rows
from core.words import counted


class Features(NamedTuple):
    """Features (n, d), or distances (n, n), of the stimuli of a recording, and their name."""

    array: np.ndarray
    is_distances: bool
    label: str


SourceParameters = Mapping[str, Any]
"""What a request says beside the method, such as the ROI or the encoder."""
Asked = SourceParameters  # the name that sources written before import


@dataclass(frozen=True)
class Source:
    """A registered source of features.

    Attributes
    ----------
    id, label, note : str
    open : callable
        ``open(ds, parameters, progress) -> Features``; ``parameters`` holds what the
        request says beside the method: ``roi``, ``encoder``, ``encoder_parameters``,
        ``rdm`` and whatever a further source needs.
    identity : callable
        ``identity(ds, parameters) -> dict`` of JSON values that, with the recording,
        stand for the content: they enter the key of the result.
    is_distances : bool
    """

    id: str
    label: str
    note: str
    open: Callable[[Dataset, SourceParameters, Progress | None], Features]
    identity: Callable[[Dataset, SourceParameters], dict[str, Any]]
    is_distances: bool = False


SOURCES: Registry[Source] = Registry("source of a map")


def register(source: Source) -> None:
    """Add a source, e.g. the outputs of a decoder."""
    SOURCES.register(source.id, source)


def features_of(
    ds: Dataset,
    source: str,
    roi: str | list[str] | None = None,
    encoder: str | None = None,
    rdm: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    **further: Any,
) -> Features:
    """What a map of a recording is drawn from.

    Parameters
    ----------
    ds : Dataset
    source : str
        An id of ``SOURCES``: 'responses', 'regions', 'embedding' or 'rdm'.
    roi : str or list of str, optional
        For 'responses': ROIs to concatenate; every unit where none is named.
    encoder, parameters : str, dict
        For 'embedding': an encoder and its parameters; computed where it is not stored.
    rdm : str
        For 'rdm': one that comes with the recording.
    **further
        What sources registered elsewhere need.

    Returns
    -------
    Features
        Row i is row i of ``ds.stimuli``; NaN rows are missing.

    Raises
    ------
    NotFoundError, InputError
        If the recording has no such thing, or the request does not name it.
    """
    named = {"roi": roi, "encoder": encoder, "rdm": rdm, "encoder_parameters": parameters}
    return SOURCES[source].open(ds, without_blanks({**named, **further}), progress)


def without_blanks(parameters: SourceParameters) -> dict[str, Any]:
    """The parameters that have a value."""
    return {name: value for name, value in parameters.items() if value is not None}


def _responses(ds: Dataset, parameters: SourceParameters, progress: Progress | None) -> Features:
    names = _rois(parameters)
    return Features(ds.responses(names or None), False, ", ".join(names) or "every unit")


def _regions(ds: Dataset, parameters: SourceParameters, progress: Progress | None) -> Features:
    means = complete_rows(ds.region_means())
    return Features(means, False, f"means of {counted(len(ds.regions), 'region')}")


def _embedding(ds: Dataset, parameters: SourceParameters, progress: Progress | None) -> Features:
    name = _named(parameters, "encoder", "an encoder", [info.id for info in encoders.available(ds)])
    own = parameters.get("encoder_parameters", {})
    array = encoders.encode_images(ds, name, progress=progress, **own)
    return Features(array, False, encoders.get(name).info.label)


def _rdm(ds: Dataset, parameters: SourceParameters, progress: Progress | None) -> Features:
    name = _named(parameters, "rdm", "an RDM", list(ds.rdms))
    if name not in ds.rdms:
        raise NotFoundError(f"There is no RDM {name!r} in {ds.info.title}", choices=ds.rdms)
    return Features(np.asarray(ds.rdms[name]), True, name)


def _rois(parameters: SourceParameters) -> list[str]:
    roi = parameters.get("roi") or []
    return [roi] if isinstance(roi, str) else list(roi)


def _named(parameters: SourceParameters, name: str, what: str, choices: list[str]) -> str:
    if not parameters.get(name):
        raise InputError(f"{what[0].upper()}{what[1:]} was not named", what, choices=choices)
    return str(parameters[name])


def _embedding_identity(ds: Dataset, parameters: SourceParameters) -> dict[str, Any]:
    name = _named(parameters, "encoder", "an encoder", [info.id for info in encoders.available(ds)])
    return {"embedding": encoders.result_key(ds, name, **parameters.get("encoder_parameters", {}))}


for _source in (
    Source(
        "responses",
        "Responses",
        "Every unit of the named ROIs is a dimension.",
        _responses,
        lambda ds, parameters: {"roi": _rois(parameters)},
    ),
    Source(
        "regions",
        "Region means",
        "The mean response of each region is a dimension.",
        _regions,
        lambda ds, parameters: {},
    ),
    Source(
        "embedding",
        "Embedding of an encoder",
        "What a model makes of the images; no brain is involved.",
        _embedding,
        _embedding_identity,
    ),
    Source(
        "rdm",
        "RDM",
        "The dissimilarities of a matrix that comes with the recording are the distances.",
        _rdm,
        lambda ds, parameters: {"rdm": parameters.get("rdm")},
        is_distances=True,
    ),
):
    register(_source)
