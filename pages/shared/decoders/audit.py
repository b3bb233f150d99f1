"""The audit of a split in view: its badge, every finding, and the images behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import splits
from core.datasets import Dataset
from core.decoders import AuditRequest, Config
from core.decoders.scoring import audits
from core.splits import Finding
from pages.shared.frame import images, results
from pages.shared.frame.text import plain

COLOURS = {"green": "green", "unchecked": "gray", "amber": "orange", "red": "red"}
MARKS = {
    "green": ":green[:material/check_circle:]",
    "unchecked": ":material/remove:",
    "amber": ":orange[:material/error:]",
    "red": ":red[:material/dangerous:]",
}
WORDS = {
    "green": "no leak found",
    "unchecked": "not checked in full",
    "amber": "read with care",
    "red": "leaks",
}
RULE = (
    "Red: one image in two sets, or statistics fitted on test images, whatever it does to the "
    "score. Amber: images that are merely alike and whose leaving out lowers two-way beyond the "
    "95 % interval, or near-duplicates and shared categories whose effect is not measured yet. "
    "Grey: not checked, which is not green. Left-out images stay among the candidates."
)
MOST_PAIRS = 12


def badge(findings: Sequence[Mapping[str, Any]]) -> None:
    """Green, grey, amber or red, why, and how much was checked."""
    worst = splits.worst(finding["level"] for finding in findings)
    checked = sum(bool(finding["checked"]) for finding in findings)
    why = f": {'; '.join(audits.reasons(findings))}".removesuffix(": ")
    st.badge(
        f"Split: {WORDS[worst]}{plain(why)} ({checked} of {len(findings)} checks done)",
        icon=":material/rule:",
        color=COLOURS[worst],  # type: ignore[arg-type]
    )


def show(ds: Dataset, config: Config, findings: Sequence[Mapping[str, Any]]) -> None:
    """Every finding, and the evidence of those that are not green on demand."""
    with st.expander("Audit of the split", key="train.audit", on_change="rerun") as opened:
        if not opened.open:
            return
        _list(findings)
        _effects(findings)
        if any(finding["count"] for finding in findings if finding["level"] != "green"):
            _show_evidence(ds, config, findings)


def show_split(config: Config, key: str) -> None:
    """The audit of a split that no decoder was trained on yet, where it is asked for."""
    with st.expander("Audit of the split", key=key, on_change="rerun") as opened:
        if not opened.open:
            return
        audited = results.get(AuditRequest(config), audits.load, icon=":material/rule:")
        if audited is None:
            return
        findings = audits.brief(audited)
        badge(findings)
        _list(findings, with_effects=False)
        st.caption(RULE)
        _download(audited)


def _list(findings: Sequence[Mapping[str, Any]], with_effects: bool = True) -> None:
    for finding in audits.ordered(findings):
        mark = MARKS[finding["level"]] if finding["checked"] else MARKS["unchecked"]
        effect = audits.effect_words(finding) if with_effects else ""
        words = f"{finding['message']} {effect}".strip()
        st.markdown(f"{mark} **{plain(finding['title'])}.** {plain(words)}")


def _effects(findings: Sequence[Mapping[str, Any]]) -> None:
    """What leaving the images of each finding out does to the score."""
    table = audits.effects_table(findings)
    if not table.empty:
        st.dataframe(table, hide_index=True, height="content")
    st.caption(RULE)


def _show_evidence(ds: Dataset, config: Config, findings: Sequence[Mapping[str, Any]]) -> None:
    """Images behind the findings that are not green."""
    shown = {finding["id"] for finding in findings if finding["level"] != "green"}
    audited = results.get(AuditRequest(config), audits.load, on_click=False, icon=":material/rule:")
    if audited is None:
        return
    for evident in [f for f in audited if f.id in shown and len(f.evidence)]:
        _evidence(ds, evident)
    _download(audited)


def _evidence(ds: Dataset, finding: Finding) -> None:
    shown = _spread(finding.evidence)
    st.markdown(
        f"**{plain(finding.title)}**: {len(shown)} of {finding.count:,} {finding.held} images, "
        "each beside the most similar image of the other set that shares this."
    )
    known = shown[shown["test"].map(ds.has_stimulus) & shown["train"].map(ds.has_stimulus)]
    rows = [
        (ds.row(held), ds.row(other))
        for held, other in zip(known["test"], known["train"], strict=True)
    ]
    images.pairs(ds, rows, [(finding.held, name) for name in known["side"]])


def _spread(evidence: pd.DataFrame) -> pd.DataFrame:
    """A few rows, of as many labels as there are."""
    turn = evidence.groupby(evidence["value"].astype(str)).cumcount()
    return evidence.iloc[turn.to_numpy().argsort(kind="stable")[:MOST_PAIRS]]


def _download(findings: Sequence[Finding]) -> None:
    tables = [f.evidence.assign(check=f.title) for f in findings if len(f.evidence)]
    st.download_button(
        "Evidence (CSV)",
        lambda: pd.concat(tables).to_csv(index=False),
        "audit.csv",
        "text/csv",
        icon=":material/download:",
    )
