"""The job that checks the score of a decoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from core import decoders, scores, store
from core.decoders import HEADS, Run
from core.decoders.scoring.evaluation import check_same, queries
from core.decoders.scoring.score_table import over
from core.decoders.training.data import Data
from core.encoders import job_device
from core.errors import NotFoundError
from core.jobs.request import Request, check_fields
from core.progress import Progress, portion
from core.trust.bottleneck import bottleneck
from core.trust.controls import controls
from core.trust.dimensions import dimensions
from core.trust.identification import two_way
from core.trust.learning import learning
from core.trust.nearness import nearness

VERSION = 1
PREPARED, CONTROLLED = 0.05, 0.6


@dataclass(frozen=True)
class TrustRequest(Request):
    """The score of a decoder to check; ``head`` and ``dataset`` are for the reader."""

    operation = "trust"

    run: str
    head: str = ""
    dataset: str = ""

    @classmethod
    def of(cls, run: Run) -> TrustRequest:
        """The request for a decoder."""
        return cls(run.key, run.config.head, run.config.dataset)

    @property
    def label(self) -> str:
        return "Check the score"

    @property
    def seconds(self) -> float | None:
        """Of a head in closed form on the simulated experiment, on two cores."""
        return 60.0 if self._is_closed_form else None

    @property
    def _is_closed_form(self) -> bool:
        return self.head in HEADS and HEADS[self.head].trained_by == "closed form"

    def key(self) -> str:
        fingerprint = store.fingerprint(self.run)
        return store.key(self.operation, fingerprint, {}, seed=0, version=VERSION)

    def device(self) -> str:
        """Controls and the learning curve train the head again."""
        return "cpu" if self._is_closed_form else job_device(True)

    def to_json(self) -> dict[str, Any]:
        return {"run": self.run, "head": self.head, "dataset": self.dataset}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        check_fields(cls.operation, values, ("run", "head", "dataset"), ("run",))
        return cls(**values)


def run(request: TrustRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: controls, bottleneck, dimensions, learning curve and nearness of a decoder.

    Returns
    -------
    dict
        ``key`` of the checks in the store.
    """
    decoder = decoders.load(request.run)
    if decoder is None:
        raise NotFoundError(f"There is no decoder {request.run}")
    data = decoders.prepare(decoder.config, portion(progress, 0.0, PREPARED))
    check_same(decoder, data)
    config = decoder.config
    known = controls(config, data, portion(progress, PREPARED, CONTROLLED))
    by_image = two_way(decoder, data)
    whole = float(np.nanmean(by_image))
    near = nearness(data, by_image, config.seed)
    parts = {
        "controls": known,
        "bottleneck": bottleneck(decoder, data),
        "dimensions": dimensions(decoder, data),
        "learning": learning(config, data, whole, portion(progress, CONTROLLED, 1.0)),
    }
    ids = data.opened[0].stimuli["id"].to_numpy(dtype=object)[data.fold.test]
    checks = {
        "score": _score(decoder, data),
        "parts": parts,
        "rank": {"rho": near.rho, "p": near.p},
        "images": ids[np.isfinite(by_image)].tolist(),
    }
    arrays = {"distance": near.distance, "score": near.score}
    key = request.key()
    store.save(key, arrays, {"title": f"Checks of a score: {config.dataset}", "checks": checks})
    return {"key": key}


def _score(decoder: Run, data: Data) -> dict[str, Any]:
    table = scores.evaluate(queries(decoder, data, "test", "mean"), permutations=1, resamples=1)
    row = table[table["measure"] == "two-way"].to_dict("records")[0]
    named = {name: float(row[name]) for name in ("value", "low", "high")}
    return {
        "score": named["value"],
        "low": named["low"],
        "high": named["high"],
        "over": over(row, "resampled"),
    }
