"""The job that clusters a recording with every k and keeps the result in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import datasets, store
from core.clusters.choice import (
    COLUMNS,
    KS,
    MOST,
    REFERENCES,
    RESAMPLES,
    Choice,
    Resampling,
    choose_k,
)
from core.clusters.kmeans import Clustering
from core.clusters.pooling import rows_of
from core.datasets import Dataset
from core.progress import Progress

VERSION = 1
DRAWING = 0.3
COUNTS = ("missing", "undefined", "refilled")
FACTS = ("k", "recommendation", "rows", "most_rows", "metric", "seed", "minimum_gain")


def open_subjects(request: Mapping[str, Any]) -> list[Dataset]:
    """The recording of each subject that a request names, with the stimuli it names."""
    subjects = request.get("subjects") or [request.get("subject")]
    options = request.get("options", {})
    opened = [datasets.load(request["dataset"], subject, **options) for subject in subjects]
    if not request.get("stimuli"):
        return opened
    chosen = set(request["stimuli"])
    # Subjects of a pool may have seen different images.
    return [ds.subset([i for i in ds.stimuli["id"] if i in chosen]) for ds in opened]


def result_key(opened: Sequence[Dataset], request: Mapping[str, Any]) -> str:
    """Key of the clusterings of a request in the store; see ``run``."""
    roi = request.get("roi")
    parameters = {
        **_settings(request),
        "source": request.get("source", "regions"),
        "roi": [roi] if isinstance(roi, str) else list(roi or ()),
    }
    seed = parameters.pop("seed")
    content = store.fingerprint([ds.fingerprint for ds in opened])
    return store.key("clusters", content, parameters, seed=seed, version=VERSION)


def run(request: Mapping[str, Any], progress: Progress, folder: Path) -> dict[str, Any]:
    """Job: ``choose_k`` of a recording, with the clusterings of every k, into the store.

    Parameters
    ----------
    request : mapping
        ``dataset``, and ``subject`` or (pooled) ``subjects``; optionally ``options``,
        ``stimuli`` (ids), ``source`` ('regions', 'voxels', 'pooled', 'map'), ``roi``,
        ``metric``, ``ks``, ``seed``, ``minimum_gain``, ``references``, ``resamples``
        and ``most``.

    Returns
    -------
    dict
        ``key`` of the result, for ``load``.
    """
    progress(0.0, "Opening the recording")
    opened = open_subjects(request)
    key = result_key(opened, request)
    if store.load(key) is None:
        source, seed = request.get("source", "regions"), int(request.get("seed", 0))
        rows = rows_of(
            opened, source, request.get("roi"), seed, lambda f, said: progress(DRAWING * f, said)
        )
        drawn = DRAWING if source == "map" else 0.0
        settings = _settings(request)
        resampling = Resampling(
            **{name: settings.pop(name) for name in ("references", "resamples", "most")}
        )
        choice = choose_k(
            rows.responses,
            **settings,
            resampling=resampling,
            progress=lambda f, said: progress(drawn + (1 - drawn) * f, said),
        )
        save(key, choice, {"title": opened[0].info.title, **request})
    return {"key": key}


def save(key: str, choice: Choice, facts: Mapping[str, Any]) -> None:
    """Keep a choice in the store; ``facts`` (JSON values) are listed with it."""
    ks = list(choice.clusterings)
    found = list(choice.clusterings.values())
    arrays = {
        "ks": np.array(ks),
        "table": choice.table[list(COLUMNS)].to_numpy(dtype=np.float64),
        "labels": np.stack([each.labels for each in found]),
        "fits": np.array([(each.objective, each.r2) for each in found], dtype=np.float64),
        "counts": np.array([[getattr(each, name) for name in COUNTS] for each in found]),
        **{f"centroids_{k}": each.centroids for k, each in choice.clusterings.items()},
    }
    told = {name: getattr(choice, name) for name in FACTS}
    lists = {"chosen": dict(choice.chosen), "notes": list(choice.notes)}
    store.save(key, arrays, {**facts, "choice": {**told, **lists}})


def load(key: str) -> Choice | None:
    """A choice from the store, None where there is none. Its arrays are read-only."""
    result = store.load(key)
    if result is None:
        return None
    facts, arrays = result.facts["choice"], result.arrays
    told = {name: facts[name] for name in FACTS}
    ks = [int(k) for k in arrays["ks"]]
    clusterings = {
        k: Clustering(
            labels=arrays["labels"][row],
            centroids=arrays[f"centroids_{k}"],
            objective=float(arrays["fits"][row, 0]),
            r2=float(arrays["fits"][row, 1]),
            sizes=np.bincount(arrays["labels"][row] + 1, minlength=k + 1)[1:],
            metric=told["metric"],
            k=k,
            seed=told["seed"],
            **{name: int(arrays["counts"][row, i]) for i, name in enumerate(COUNTS)},
        )
        for row, k in enumerate(ks)
    }
    table = pd.DataFrame(np.array(arrays["table"]), columns=list(COLUMNS))
    table.insert(0, "k", ks)
    return Choice(
        table=table,
        clusterings=clusterings,
        chosen=facts["chosen"],
        notes=tuple(facts["notes"]),
        **told,
    )


def _settings(request: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``choose_k`` that a request sets, with the defaults of the others."""
    return {
        "ks": [int(k) for k in request.get("ks", KS)],
        "metric": request.get("metric", "correlation"),
        "seed": int(request.get("seed", 0)),
        "minimum_gain": float(request.get("minimum_gain", 0.01)),
        "references": int(request.get("references", REFERENCES)),
        "resamples": int(request.get("resamples", RESAMPLES)),
        "most": int(request.get("most", MOST)),
    }
