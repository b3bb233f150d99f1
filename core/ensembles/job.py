"""The job that scores an average of decoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from core import decoders, store
from core.decoders.scoring.score_table import as_json
from core.ensembles.members import FEWEST, MOST
from core.errors import InputError, NotFoundError
from core.jobs.request import Request, check_fields, check_names
from core.progress import Progress

VERSION = 1


@dataclass(frozen=True)
class EnsembleRequest(Request):
    """Decoders to average.

    Attributes
    ----------
    runs : tuple of str
        Their keys, which are put in order: the same decoders are one request.
    dataset : str
        For the reader.
    """

    operation = "ensemble"

    runs: tuple[str, ...]
    dataset: str = ""

    def __post_init__(self) -> None:
        runs = tuple(sorted(check_names("runs", self.runs)))
        if len(set(runs)) < len(runs) or not FEWEST <= len(runs) <= MOST:
            raise InputError(
                f"{len(runs)} decoders cannot be averaged", f"{FEWEST} to {MOST} different ones"
            )
        object.__setattr__(self, "runs", runs)

    @property
    def label(self) -> str:
        return f"Average {len(self.runs)} decoders"

    def key(self) -> str:
        fingerprint = store.fingerprint(list(self.runs))
        return store.key(self.operation, fingerprint, {}, seed=0, version=VERSION)

    def to_json(self) -> dict[str, Any]:
        return {"runs": list(self.runs), "dataset": self.dataset}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        check_fields(cls.operation, values, ("runs", "dataset"), ("runs",))
        return cls(values["runs"], values.get("dataset", ""))


def run(request: EnsembleRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: score the average of decoders beside its members, into the store.

    Returns
    -------
    dict
        ``key`` of the scores.
    """
    from core.ensembles.scoring import evaluate

    members = []
    for name in request.runs:
        member = decoders.load(name)
        if member is None:
            raise NotFoundError(f"There is no decoder {name}", "one that was trained")
        members.append(member)
    ensemble = evaluate(members, progress)
    key = request.key()
    facts = {"scores": as_json(ensemble.table), "best": ensemble.best}
    title = f"Average of {len(members)} decoders: {request.dataset}"
    store.save(key, {}, {"title": title, **facts, "validation": dict(ensemble.validation)})
    return {"key": key}
