"""The job that trains and scores every fold of a decoder, beside permuted controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.decoders.config import Config
from core.decoders.scoring.fold_table import fold_count
from core.encoders import get as get_encoder
from core.encoders import job_device
from core.jobs.request import Request, check_fields
from core.progress import Progress


@dataclass(frozen=True)
class FoldsRequest(Request):
    """All folds of a decoder; that of ``config`` counts for nothing and is 0."""

    operation = "folds"

    config: Config

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", replace(self.config, fold=0))

    @property
    def label(self) -> str:
        return f"Score all {fold_count(self.config)} folds as one"

    def key(self) -> None:
        """None: the key follows from the prepared data, which the job alone has."""

    def device(self) -> str:
        return "cpu" if self.config.is_closed_form else job_device(True)

    def to_json(self) -> dict[str, Any]:
        config = self.config
        stored = {**config.to_json(), "encoder": get_encoder(config.encoder).stored_id}
        return {"config": stored, "dataset": config.dataset, "head": config.head}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FoldsRequest:
        check_fields(cls.operation, values, ("config", "dataset", "head"), ("config",))
        return cls(Config.from_json(values["config"]))


def run(request: FoldsRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: every fold and its controls, into the store.

    Returns
    -------
    dict
        ``key`` of the scores.
    """
    from core.decoders.scoring import folds

    return {"key": folds.evaluate(request.config, progress)}
