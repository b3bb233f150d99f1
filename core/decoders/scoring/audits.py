"""The audit of a decoder's split: computed once, and kept with the images that are its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from core import splits, store
from core.decoders.config import Config
from core.decoders.scoring import effects
from core.decoders.training.data import Data, prepare
from core.progress import Progress, portion
from core.splits import Finding
from core.splits.checks import COPIES as ALTERED

VERSION = 4
OPERATION = "audit"
# What a run keeps of a finding; the evidence stays in the store.
BRIEF = ("id", "level", "title", "message", "checked", "count", "effect")
NOT_MEASURED = "effect on the score not measured yet"
NOT_MEASURABLE = "no effect on the score can be measured: too few images would be left"
FORMER = "the decoder was trained by a version without this check; train it again"


def audit(data: Data, config: Config, progress: Progress | None = None) -> list[Finding]:
    """The findings about the sets of a decoder, from the store where they are there.

    Clusters are those of the split, where it is one by cluster.
    """
    key, clusters = _key(data, config)
    stored = load(key)
    if stored is not None:
        return stored
    ds = data.opened[0]
    splits.store_copies(ds, portion(progress, 0.0, 0.5))
    findings = splits.audit(
        data.fold,
        ds,
        data.embeddings,
        fitted_on=data.fold.train,
        progress=portion(progress, 0.5, 1.0),
        seed=config.seed,
        **clusters,
    )
    title = f"Audit: {data.opened[0].info.title}"
    kept = [_as_json(finding) for finding in findings]
    store.save(key, {}, {"title": title, "findings": kept})
    return findings


def load(key: str) -> list[Finding] | None:
    """The findings of a key, evidence included; None where they are not in the store."""
    stored = store.load(key)
    if stored is None:
        return None
    with store.reading(key):
        return [_restored(each) for each in stored.facts["findings"]]


def key_of(data: Data, config: Config) -> str:
    """Key of the audit of a config's split in the store."""
    return _key(data, config)[0]


def _key(data: Data, config: Config) -> tuple[str, dict[str, Any]]:
    """The key, and the number of clusters where the split says it."""
    values = config.split_parameters
    clusters = {"clusters": values["k"]} if config.split == "cluster" else {}
    if config.split == "kfold" and values["by"] == "cluster":
        clusters = {"clusters": values["clusters"]}
    sets = [data.fold.train, data.fold.validation, data.fold.test]
    # The word of version 0.1 for sets, in the keys of stored audits.
    parameters = {"sides": store.fingerprint(sets), **clusters}
    key = store.key(OPERATION, data.fingerprint, parameters, seed=config.seed, version=VERSION)
    return key, clusters


def evidence(config: Config, progress: Progress | None = None) -> list[Finding]:
    """The findings about a config's split, evidence included."""
    return audit(prepare(config), config, progress)


def brief(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON values, without evidence."""
    return [{name: getattr(finding, name) for name in BRIEF} for finding in findings]


def completed(listed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Findings of a decoder, also those that its version did not look for.

    What a former version did not check is not green, and its clusters are not amber.
    """
    known = {finding["id"]: dict(finding) for finding in listed}
    if ALTERED.id in known:
        return list(known.values())
    if "clusters" in known:
        known["clusters"]["level"] = "green"
    for name in ("near-duplicates", "clusters", "same-content"):
        if name in known and not known[name]["checked"]:
            known[name]["level"] = "unchecked"
    return [*known.values(), *brief([ALTERED.skipped(FORMER)])]


def is_former(listed: Sequence[Mapping[str, Any]]) -> bool:
    """Whether findings are those of a version that did not look for altered copies."""
    return any(FORMER in finding["message"] for finding in listed)


def ordered(listed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Findings by level, the worst first, then by what they do to the score."""

    def weight(finding: Mapping[str, Any]) -> tuple[int, float]:
        effect = finding.get("effect")
        return -splits.LEVELS.index(finding["level"]), -(effect["difference"] if effect else 0.0)

    return sorted(listed, key=weight)


def effect_words(finding: Mapping[str, Any]) -> str:
    """What the images of a finding do to the score, in words; '' where it names none."""
    if not finding["count"] or finding["id"] not in effects.MEASURED:
        return ""
    effect = finding.get("effect")
    if effect is None:
        return NOT_MEASURED
    return effects.Effect(**effect).sentence if effect else NOT_MEASURABLE


def reasons(listed: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why a split has its level: title and effect of the worst findings; [] where it is green."""
    level = splits.worst(finding["level"] for finding in listed)
    if level == "green":
        return []
    worst = [finding for finding in ordered(listed) if finding["level"] == level]
    words = [(finding["title"].lower(), effect_words(finding)) for finding in worst]
    return [f"{title} ({words_of})" if words_of else title for title, words_of in words]


def effects_table(listed: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Score with and without the test images of each finding, a row a finding that names some."""
    rows = []
    for finding in ordered(listed):
        effect = finding.get("effect")
        if not effect:
            continue
        difference, low, high = (effect[name] for name in ("difference", "low", "high"))
        rows.append(
            {
                "Finding": finding["title"],
                "Images left out": f"{effect['left_out']:,} of {effect['images']:,}",
                "Measure": effect["measure"],
                "All": f"{effect['every']:.1%}",
                "Without them": f"{effect['without']:.1%}",
                "Difference (95 %)": f"{difference:+.1%} ({low:+.1%} to {high:+.1%})",
                "Over": effect["unit"],
                "Level": finding["level"],
            }
        )
    return pd.DataFrame(rows)


def _as_json(finding: Finding) -> dict[str, Any]:
    values = {field.name: getattr(finding, field.name) for field in fields(finding)}
    concerned = list(finding.concerned)
    return {**values, "evidence": finding.evidence.to_dict("list"), "concerned": concerned}


def _restored(values: dict[str, Any]) -> Finding:
    evidence, concerned = pd.DataFrame(values["evidence"]), tuple(values["concerned"])
    return Finding(**{**values, "evidence": evidence, "concerned": concerned})
