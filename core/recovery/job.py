"""The job that measures what a design recovers, and its curves in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import simulation, store
from core.datasets import Dataset, Reference
from core.errors import InputError
from core.jobs.request import Request, check_fields, check_mapping
from core.progress import Progress
from core.rdm import METRICS
from core.recovery.curves import COLUMNS, measure

VERSION = 3
NUMBERS = ("value", *COLUMNS)
NAMES = ("curve", "subject")
# On one core; its designs are those of its curves, of up to 1,500 stimuli.
SECONDS_A_SUBJECT = 15.0


@dataclass(frozen=True)
class RecoveryRequest(Request):
    """The curves of a design; see ``measure``.

    Attributes
    ----------
    options : mapping
        Of the recording 'simulated', as JSON values.
    roi : str or None
        None for every unit.
    metric : str
        Of the RDM.
    """

    operation = "ground_truth"

    options: Mapping[str, Any] = field(hash=False)
    roi: str | None = None
    metric: str = "correlation"

    def __post_init__(self) -> None:
        check_mapping("options", self.options)
        METRICS[self.metric]
        if not isinstance(self.roi, str | None):
            raise InputError(f"roi is {self.roi!r}", "a name, or None for every unit")

    @property
    def label(self) -> str:
        return "Simulating recordings of other designs"

    @property
    def seconds(self) -> float:
        return SECONDS_A_SUBJECT * int(self.options.get("subjects", len(simulation.SUBJECTS)))

    def key(self) -> str:
        digest = simulation.open_files().digest
        return store.key(self.operation, digest, self.to_json(), version=VERSION)

    def to_json(self) -> dict[str, Any]:
        return {"options": dict(self.options), "roi": self.roi, "metric": self.metric}

    @classmethod
    def usual(cls, ds: Dataset) -> RecoveryRequest:
        """What page Ground truth shows of a simulated recording at first."""
        return cls(Reference.of(ds).options, simulation.ROIS[0])

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RecoveryRequest:
        check_fields(cls.operation, values, ("options", "roi", "metric"), ("options", "metric"))
        return cls(**values)


def load(key: str) -> pd.DataFrame | None:
    """Curves from the store, as ``measure`` gives them."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        columns = {name: result.arrays[name] for name in NUMBERS}
        labels = {name: result.facts[name] for name in NAMES}
        return pd.DataFrame({**labels, **columns})


def run(request: RecoveryRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: measure the curves of a request into the store.

    Returns
    -------
    dict
        ``key`` of the curves.
    """
    key = request.key()
    if store.load(key) is None:
        curves = measure(request.options, request.roi, request.metric, progress)
        numbers = {name: curves[name].to_numpy(dtype=np.float64) for name in NUMBERS}
        labels = {name: curves[name].tolist() for name in NAMES}
        store.save(key, numbers, {**labels, "title": "Ground truth"})
    return {"key": key}
