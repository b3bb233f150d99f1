"""The job that trains and scores every fold of a decoder, beside permuted controls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.decoders.job import ConfigRequest
from core.decoders.scoring.fold_table import fold_count
from core.progress import Progress


@dataclass(frozen=True)
class FoldsRequest(ConfigRequest):
    """All folds of a decoder; that of ``config`` counts for nothing and is 0."""

    operation = "folds"

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", replace(self.config, fold=0))

    @property
    def label(self) -> str:
        return f"Score all {fold_count(self.config)} folds as one"


def run(request: FoldsRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: every fold and its controls, into the store.

    Returns
    -------
    dict
        ``key`` of the scores.
    """
    from core.decoders.scoring import folds

    return {"key": folds.evaluate(request.config, progress)}
