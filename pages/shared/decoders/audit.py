"""The audit of a split in view: its badge, every finding, and the images behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import splits
from core.datasets import Dataset
from core.decoders import Config
from core.decoders.scoring import audits
from core.splits import Finding
from pages.shared.frame import images
from pages.shared.frame.text import plain

COLOURS = {"green": "green", "amber": "orange", "red": "red"}
MARKS = {
    "green": ":green[:material/check_circle:]",
    "amber": ":orange[:material/error:]",
    "red": ":red[:material/dangerous:]",
}
WORDS = {"green": "no leak found", "amber": "read with care", "red": "leaks"}
MOST_PAIRS = 12


def badge(findings: Sequence[Mapping[str, Any]]) -> None:
    """Green, amber or red, why, and how much was checked."""
    worst = splits.worst(finding["level"] for finding in findings)
    titles = [f["title"].lower() for f in findings if f["level"] == worst != "green"]
    checked = sum(bool(finding["checked"]) for finding in findings)
    why = f": {', '.join(titles)}" if titles else ""
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
        for finding in findings:
            mark = MARKS[finding["level"]] if finding["checked"] else ":material/remove:"
            st.markdown(f"{mark} **{plain(finding['title'])}.** {plain(finding['message'])}")
        if any(finding["count"] for finding in findings if finding["level"] != "green"):
            audited = _audited(ds.fingerprint, str(config.to_json()), config)
            for evident in [f for f in audited if f.level != "green" and len(f.evidence)]:
                _evidence(ds, evident)
            _download(audited)


@st.cache_resource(max_entries=4, show_spinner="Collecting the evidence …")
def _audited(fingerprint: str, settings: str, _config: Config) -> list[Finding]:
    return audits.evidence(_config)


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
