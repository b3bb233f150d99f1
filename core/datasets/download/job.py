"""Job: download a recording, or copy its files from a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.datasets.catalogue import DATASETS
from core.datasets.download.fetch import fetch
from core.datasets.download.local import check_source
from core.jobs.request import Request, check_fields, check_names
from core.progress import Progress


@dataclass(frozen=True)
class FetchRequest(Request):
    """The files of a recording.

    Attributes
    ----------
    name : str
    source : str or None
        Folder to copy the files from, instead of downloading them.
    subjects, parts : tuple of str
        Which; every subject, and the default parts, for none.
    """

    operation = "fetch"

    name: str
    source: str | None = None
    subjects: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        chosen = ", ".join((*self.subjects, *self.parts))
        what = "Download" if self.source is None else "Copy the files of"
        return f"{what} {self.name}" + (f": {chosen}" if chosen else "")

    def key(self) -> None:
        """None: the files go to the data root, not into the store."""

    def to_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {"name": self.name, "source": self.source}
        # Left out where they say nothing: ids of jobs stay what they were.
        chosen = {"subjects": self.subjects, "parts": self.parts}
        return values | {name: [*names] for name, names in chosen.items() if names}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FetchRequest:
        check_fields(cls.operation, values, ("name", "source", "subjects", "parts"), ("name",))
        chosen = {
            name: check_names(name, values[name])
            for name in ("subjects", "parts")
            if name in values
        }
        return cls(values["name"], values.get("source"), **chosen)


def run(request: FetchRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: fetch a recording; of a folder, files that are links out of it are refused.

    Returns
    -------
    dict
        ``where`` its files are.
    """
    subjects, parts = request.subjects, request.parts
    if request.source is not None:
        progress(0.0, f"Looking through {request.source}")
        check_source(DATASETS[request.name], Path(request.source), subjects)
    where = fetch(request.name, request.source, progress, subjects=subjects, parts=parts)
    return {"where": str(where)}
