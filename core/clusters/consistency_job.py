"""The job that asks whether clusters come back in other subjects, or with another k."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from core.clusters.job import open_subjects
from core.clusters.pooling import pooled, rows_of
from core.datasets import Dataset
from core.errors import InputError
from core.progress import Progress

VERSION = 1
ACROSS = ("subjects", "k")
NUMBERS = ("cluster_first", "cluster_second", "r")


def recurrence_key(opened: Sequence[Dataset], request: Mapping[str, Any]) -> str:
    """Key of the result of a request in the store; see ``run``."""
    settings = _settings(request)
    seed = settings.pop("seed")
    content = store.fingerprint([ds.fingerprint for ds in opened])
    return store.key("consistency", content, settings, seed=seed, version=VERSION)


def run(request: Mapping[str, Any], progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: match the centroids of several clusterings, with surrogates as null.

    Parameters
    ----------
    request : mapping
        ``dataset``, ``across``: 'subjects' (with ``subjects`` and ``k``) or 'k' (with
        ``subject`` and ``ks``); optionally ``options``, ``stimuli``, ``source``, ``roi``
        (for 'k'), ``metric``, ``seed`` and ``surrogates``.

    Returns
    -------
    dict
        ``key`` of the result, for ``load_recurrence``.
    """
    progress(0.0, "Opening the recording")
    opened = open_subjects(request)
    key = recurrence_key(opened, request)
    if store.load(key) is None:
        found = _found(opened, request, progress)
        pairs = {name: found.pairs[name].to_numpy() for name in NUMBERS}
        facts = {
            "names": list(found.names),
            "first": found.pairs["first"].tolist(),
            "second": found.pairs["second"].tolist(),
            "mean": found.mean,
            "above": found.above,
            "p": None if np.isnan(found.p) else found.p,
        }
        arrays = {"matrix": found.matrix, "null": found.null, **pairs}
        store.save(key, arrays, {"title": opened[0].info.title, **request, "found": facts})
    return {"key": key}


def load_recurrence(key: str) -> Consistency | None:
    """A result from the store, None where there is none. Its arrays are read-only."""
    result = store.load(key)
    if result is None:
        return None
    facts, arrays = result.facts["found"], result.arrays
    pairs = pd.DataFrame({"first": facts["first"], "second": facts["second"]})
    return Consistency(
        tuple(facts["names"]),
        pairs.assign(**{name: np.array(arrays[name]) for name in NUMBERS}),
        arrays["matrix"],
        facts["mean"],
        facts["above"],
        arrays["null"],
        float("nan") if facts["p"] is None else facts["p"],
    )


def _found(
    opened: Sequence[Dataset], request: Mapping[str, Any], progress: Progress
) -> Consistency:
    given = _settings(request)
    shared = (given["metric"], given["seed"], given["surrogates"])
    if given["across"] == "k":
        rows = rows_of(opened, given["source"], given["roi"], given["seed"])
        return consistency_across_k(rows.responses, given["ks"], *shared, progress=progress)
    rows = pooled(opened)
    names = [ds.subject for ds in opened]
    parts = [rows.responses[rows.subjects == name] for name in names]
    return consistency_across_subjects(parts, given["k"], *shared, names=names, progress=progress)


def _settings(request: Mapping[str, Any]) -> dict[str, Any]:
    across = request["across"]
    if across not in ACROSS:
        raise InputError(f"across is {across!r}", choices=ACROSS)
    given: dict[str, Any] = {
        "across": across,
        "metric": request.get("metric", "correlation"),
        "seed": int(request.get("seed", 0)),
        "surrogates": int(request.get("surrogates", SURROGATES)),
    }
    if across == "subjects":
        return {**given, "k": int(request["k"])}
    roi = request.get("roi") or []
    return {
        **given,
        "ks": [int(k) for k in request["ks"]],
        "source": request.get("source", "regions"),
        "roi": [roi] if isinstance(roi, str) else list(roi),
    }
