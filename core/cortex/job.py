"""The job that computes a map of the cortex, where it takes longer than a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import core.cortex.maps  # noqa: F401  (each map registers itself)
from core import store
from core.cortex.map import MAPS
from core.datasets import Reference
from core.datasets.reference import FIELDS
from core.errors import InputError
from core.jobs.request import Request, check_fields
from core.progress import Progress

VERSION = 1
OWN = ("map", "choice", "detail")


@dataclass(frozen=True)
class CortexRequest(Request):
    """A map of the cortex of one subject.

    Attributes
    ----------
    recording : Reference
    map : str
        Id of ``core.cortex.MAPS``.
    choice, detail : str
        What of it, see ``CortexMap``.
    """

    operation = "cortex"

    recording: Reference
    map: str = "ceiling"
    choice: str = ""
    detail: str = ""

    def __post_init__(self) -> None:
        MAPS[self.map]
        for name in OWN:
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name} is {getattr(self, name)!r}", "a name")

    @property
    def label(self) -> str:
        return MAPS[self.map].label

    @property
    def seconds(self) -> float:
        about = MAPS[self.map].seconds
        return 0.5 if about is None else about(self.recording.open())

    def key(self) -> str:
        ds = self.recording.open()
        parameters = {name: getattr(self, name) for name in OWN}
        return store.key(self.operation, ds.fingerprint, parameters, version=VERSION)

    def values(self) -> np.ndarray:
        """A value for every unit, computed now. (units,)"""
        return MAPS[self.map].values(self.recording.open(), self.choice, self.detail)

    def to_json(self) -> dict[str, Any]:
        return {**self.recording.to_json(), **{name: getattr(self, name) for name in OWN}}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CortexRequest:
        check_fields(cls.operation, values, (*FIELDS, *OWN), ("dataset",))
        own = {name: values[name] for name in OWN if values.get(name) is not None}
        return cls(Reference.from_json(values), **own)


def run(request: CortexRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: the values of every unit, into the store.

    Returns
    -------
    dict
        ``key`` of the result.
    """
    progress(0.0, "Opening the recording")
    ds, key = request.recording.open(), request.key()
    progress(0.1, request.label)
    values = request.values()
    store.save(key, {"values": values}, {"title": f"{request.label}: {ds.info.title}"})
    return {"key": key}


def load(key: str) -> np.ndarray | None:
    """The values of a key from the store, None where there are none."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return result.arrays["values"]
