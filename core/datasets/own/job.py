"""The export of a recording as a folder, as a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import paths
from core.datasets.own.export import export
from core.datasets.reference import FIELDS, Reference
from core.errors import InputError
from core.jobs.request import Request, check_fields
from core.progress import Progress


@dataclass(frozen=True)
class ExportRequest(Request):
    """One subject of a recording, and the folder below the data root that it becomes."""

    operation = "export"

    reference: Reference
    to: str
    images: bool = True

    @property
    def label(self) -> str:
        return f"Export to {self.to}"

    def key(self) -> None:
        """None: the folder goes to the data root, not into the store."""

    def to_json(self) -> dict[str, Any]:
        return {**self.reference.to_json(), "to": self.to, "images": self.images}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ExportRequest:
        check_fields(cls.operation, values, (*FIELDS, "to", "images"), ("to",))
        images = values.get("images", True)
        if not isinstance(values["to"], str) or not isinstance(images, bool):
            raise InputError(f"The export is to {values['to']!r}", "the name of a folder")
        return cls(Reference.from_json(values), values["to"], images)


def target(name: str) -> Path:
    """The folder of a name below the data root.

    Raises
    ------
    InputError
        If the name is none, or leads outside.
    """
    if not name.strip() or Path(name).name != name or name in (".", ".."):
        raise InputError(f"The folder is called {name!r}", "a name without slashes")
    return paths.inside(paths.data_root(), name)


def run(request: ExportRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: export a recording.

    Returns
    -------
    dict
        ``where`` it lies.
    """
    ds = request.reference.open()
    return {"where": str(export(ds, target(request.to), request.images, progress))}
