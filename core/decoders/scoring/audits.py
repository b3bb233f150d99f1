"""The audit of a decoder's split: computed once, and kept with the images that are its evidence."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pandas as pd

from core import splits, store
from core.decoders.config import Config
from core.decoders.training.data import Data, prepare
from core.progress import Progress
from core.splits import Finding

VERSION = 1
OPERATION = "audit"
# What a run keeps of a finding; the evidence stays in the store.
BRIEF = ("id", "level", "title", "message", "checked", "count")


def audit(data: Data, config: Config, progress: Progress | None = None) -> list[Finding]:
    """The findings about the sets of a decoder, from the store where they are there.

    Clusters are those of the split, where it is one by cluster.
    """
    values = config.split_parameters
    clusters = {"clusters": values["k"]} if config.split == "cluster" else {}
    if config.split == "kfold" and values["by"] == "cluster":
        clusters = {"clusters": values["clusters"]}
    sets = [data.fold.train, data.fold.validation, data.fold.test]
    # The word of version 0.1 for sets, in the keys of stored audits.
    parameters = {"sides": store.fingerprint(sets), **clusters}
    key = store.key(OPERATION, data.fingerprint, parameters, seed=config.seed, version=VERSION)
    stored = store.load(key)
    if stored is not None:
        return [_restored(values) for values in stored.facts["findings"]]
    findings = splits.audit(
        data.fold,
        data.opened[0],
        data.embeddings,
        fitted_on=data.fold.train,
        progress=progress,
        seed=config.seed,
        **clusters,
    )
    title = f"Audit: {data.opened[0].info.title}"
    kept = [_as_json(finding) for finding in findings]
    store.save(key, {}, {"title": title, "findings": kept})
    return findings


def evidence(config: Config, progress: Progress | None = None) -> list[Finding]:
    """The findings about a config's split, evidence included."""
    return audit(prepare(config), config, progress)


def brief(findings: list[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON values, without evidence."""
    return [{name: getattr(finding, name) for name in BRIEF} for finding in findings]


def _as_json(finding: Finding) -> dict[str, Any]:
    values = {field.name: getattr(finding, field.name) for field in fields(finding)}
    return {**values, "evidence": finding.evidence.to_dict("list")}


def _restored(values: dict[str, Any]) -> Finding:
    return Finding(**{**values, "evidence": pd.DataFrame(values["evidence"])})
