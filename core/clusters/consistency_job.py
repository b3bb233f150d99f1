"""The job that asks whether clusters come back in other subjects, or with another k."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import store
from core.clusters.agreement import (
    SURROGATES,
    Consistency,
    consistency_across_k,
    consistency_across_subjects,
)
from core.clusters.job import K, RecordingsRequest, check_ks, ids_of, recordings_of
from core.clusters.pooling import pooled, rows_of
from core.datasets.reference import FIELDS
from core.errors import InputError
from core.jobs.request import check_fields
from core.progress import Progress
from core.registry import Parameter

VERSION = 2
ACROSS = ("subjects", "k")
NUMBERS = ("cluster_first", "cluster_second", "r")
OWN = ("across", "k", "ks", "source", "roi", "metric", "seed", "surrogates")
SIMULATIONS = Parameter("surrogates", "Simulations", SURROGATES, minimum=0, maximum=1_000_000)


@dataclass(frozen=True)
class ConsistencyRequest(RecordingsRequest):
    """Whether the clusters of subjects, or of several k, match.

    Attributes
    ----------
    across : str
        'subjects', each with ``k`` clusters of the regions; or 'k', the rows of ``source``
        with each of ``ks``.
    k : int
    ks : tuple of int
    surrogates : int
        Simulations of responses without clusters.
    """

    operation = "consistency"

    across: str = "subjects"
    k: int = 0
    ks: tuple[int, ...] = ()
    surrogates: int = SURROGATES

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.across not in ACROSS:
            raise InputError(f"across is {self.across!r}", choices=ACROSS)
        by_k = self.across == "k"
        checked = {
            "k": 0 if by_k else K.check(self.k),
            "ks": check_ks(self.ks) if by_k else (),
            "surrogates": SIMULATIONS.check(self.surrogates),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def label(self) -> str:
        return "Match the clusters, and those of responses without clusters"

    def key(self) -> str:
        settings: dict[str, Any] = {"across": self.across, "metric": self.metric}
        settings["surrogates"] = self.surrogates
        if self.across == "subjects":
            settings["k"] = self.k
        else:
            settings |= {"ks": list(self.ks), "source": self.source, "roi": list(self.roi)}
        content, seed = self.content(), self.seed
        return store.key("consistency", content, settings, seed=seed, version=VERSION)

    def match(self, progress: Progress) -> Consistency:
        """Match the centroids of several clusterings, with surrogates as null."""
        opened = self.open()
        settings = (self.metric, self.seed, self.surrogates)
        if self.across == "k":
            rows = rows_of(opened, self.source, self.roi, self.seed)
            return consistency_across_k(
                rows.responses, self.ks, *settings, progress, rows.ids(opened)
            )
        rows = pooled(opened)
        names = [ds.subject for ds in opened]
        parts = [rows.responses[rows.subjects == name] for name in names]
        return consistency_across_subjects(
            parts, self.k, *settings, names, progress, ids_of(opened)
        )

    def to_json(self) -> dict[str, Any]:
        numbers = {"k": self.k} if self.across == "subjects" else {"ks": list(self.ks)}
        changed = {} if self.surrogates == SURROGATES else {"surrogates": self.surrogates}
        return {**super().to_json(), "across": self.across, **numbers, **changed}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ConsistencyRequest:
        check_fields(cls.operation, values, (*FIELDS, "subjects", *OWN), ("dataset", "across"))
        settings = {name: values[name] for name in OWN if values.get(name) is not None}
        return cls(recordings_of(values), **settings)


def run(request: ConsistencyRequest, progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: match the clusters of a request into the store.

    Returns
    -------
    dict
        ``key`` of the result, for ``load_consistency``.
    """
    progress(0.0, "Opening the recording")
    opened, key = request.open(), request.key()
    if store.load(key) is None:
        matched = request.match(progress)
        facts = {
            "names": list(matched.names),
            "first": matched.pairs["first"].tolist(),
            "second": matched.pairs["second"].tolist(),
            "mean": matched.mean,
            "above": matched.above,
            "p_match": None if np.isnan(matched.p_match) else matched.p_match,
            "p_apart": matched.p_apart,
        }
        pairs = {name: matched.pairs[name].to_numpy() for name in NUMBERS}
        arrays = {"matrix": matched.matrix, "null": matched.null, **pairs}
        about = {"title": opened[0].info.title, **request.to_json()}
        # The name of version 0.1, in stored results.
        store.save(key, arrays, {**about, "found": facts})
    return {"key": key}


def load_consistency(key: str) -> Consistency | None:
    """A result from the store, None where there is none. Its arrays are read-only."""
    result = store.load(key)
    if result is None:
        return None
    with store.reading(key):
        facts, arrays = result.facts["found"], result.arrays
        pairs = pd.DataFrame({"first": facts["first"], "second": facts["second"]})
        return Consistency(
            tuple(facts["names"]),
            pairs.assign(**{name: np.array(arrays[name]) for name in NUMBERS}),
            arrays["matrix"],
            facts["mean"],
            facts["above"],
            arrays["null"],
            float("nan") if facts["p_match"] is None else facts["p_match"],
            facts["p_apart"],
        )
