"""The check of a person's folder, as a job: it reads all of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import paths, store
from core.datasets.own.checking import FolderProblem, check_folder
from core.datasets.own.job import target
from core.errors import InputError
from core.jobs.request import Request, check_fields
from core.progress import Progress

VERSION = 1


@dataclass(frozen=True)
class CheckRequest(Request):
    """A folder below the data root, as it is now.

    Attributes
    ----------
    name : str
    state : str
        What its files are told by, see ``CheckRequest.of``: a changed folder is checked anew.
    """

    operation = "check"

    name: str
    state: str

    @classmethod
    def of(cls, name: str) -> CheckRequest:
        """The request of a folder: names, sizes and times of change of its files."""
        folder = target(name)
        files = []
        for parent, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if not paths.is_hidden(name))
            for each in sorted(names):
                path = Path(parent) / each
                if not paths.is_hidden(each) and path.is_file():
                    status = path.stat()
                    below = path.relative_to(folder).as_posix()
                    files.append([below, status.st_size, status.st_mtime_ns])
        return cls(name, store.fingerprint(files))

    @property
    def label(self) -> str:
        return f"Check {self.name}"

    def key(self) -> str:
        return store.key("check", self.state, {"name": self.name}, version=VERSION)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "state": self.state}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CheckRequest:
        check_fields(cls.operation, values, ("name", "state"), ("name", "state"))
        if not isinstance(values["name"], str) or not isinstance(values["state"], str):
            raise InputError(f"The check is of {values['name']!r}", "the name of a folder")
        return cls(values["name"], values["state"])


def run(request: CheckRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: check a folder, and keep the list of its problems under the key of its state now.

    Returns
    -------
    dict
        ``key`` of the list.
    """
    now = CheckRequest.of(request.name)
    problems = check_folder(target(now.name), progress)
    facts = {"label": now.label, "problems": [list(problem) for problem in problems]}
    store.save(now.key(), {}, facts)
    return {"key": now.key()}


def load(key: str) -> list[FolderProblem] | None:
    """The problems that a check has listed; None where the store has no such check."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        return [FolderProblem(*each) for each in result.facts["problems"]]
