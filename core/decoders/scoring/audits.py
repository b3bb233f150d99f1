"""The audit of a decoder's split: made once, and kept with the images that are its evidence."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pandas as pd

from core import splits, store
from core.decoders.config import Config
from core.decoders.training.data import Data, Progress, prepare
from core.splits import Finding

VERSION = 1
OPERATION = "audit"
# What a run keeps of a finding; the evidence stays in the store.
BRIEF = ("id", "level", "title", "message", "checked", "count")


def audit(data: Data, config: Config, progress: Progress | None = None) -> list[Finding]:
    """The findings about the sides of a decoder, from the store where they are there.

    Clusters are those of the split, where it is one by cluster.
    """
    values = config.split_parameters
    clusters = {"clusters": values["k"]} if config.split == "cluster" else {}
    if config.split == "kfold" and values["by"] == "cluster":
        clusters = {"clusters": values["clusters"]}
    sides = [data.fold.train, data.fold.validation, data.fold.test]
    made = {"sides": store.fingerprint(sides), **clusters}
    key = store.key(OPERATION, data.fingerprint, made, seed=config.seed, version=VERSION)
    stored = store.load(key)
    if stored is not None:
        return [_finding(told) for told in stored.facts["findings"]]
    found = splits.audit(
        data.fold,
        data.opened[0],
        data.embeddings,
        fitted_on=data.fold.train,
        progress=progress,
        seed=config.seed,
        **clusters,
    )
    title = f"Audit: {data.opened[0].info.title}"
    store.save(key, {}, {"title": title, "findings": [_told(finding) for finding in found]})
    return found


def evidence(config: Config, progress: Progress | None = None) -> list[Finding]:
    """The findings about a config's split, evidence included."""
    return audit(prepare(config), config, progress)


def brief(findings: list[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON values, without evidence."""
    return [{name: getattr(finding, name) for name in BRIEF} for finding in findings]


def _told(finding: Finding) -> dict[str, Any]:
    told = {field.name: getattr(finding, field.name) for field in fields(finding)}
    return {**told, "evidence": finding.evidence.to_dict("list")}


def _finding(told: dict[str, Any]) -> Finding:
    return Finding(**{**told, "evidence": pd.DataFrame(told["evidence"])})
