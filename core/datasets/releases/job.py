"""The first opening of a recording, which reads all of its responses, as a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.datasets.reference import FIELDS, Reference
from core.datasets.releases.converted import reporting
from core.jobs.request import Request, check_fields
from core.progress import Progress


@dataclass(frozen=True)
class OpenRequest(Request):
    """One subject of a recording."""

    operation = "open"

    reference: Reference

    @property
    def label(self) -> str:
        return f"Prepare {self.reference.dataset}"

    def key(self) -> None:
        """None: only the files say where the copy lies."""

    def to_json(self) -> dict[str, Any]:
        return self.reference.to_json()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> OpenRequest:
        check_fields(cls.operation, values, FIELDS)
        return cls(Reference.from_json(values))


def run(request: OpenRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: put the responses of a subject into the store.

    Returns
    -------
    dict
        ``fingerprint`` of the recording.
    """
    with reporting(progress):
        return {"fingerprint": request.reference.open().fingerprint}
