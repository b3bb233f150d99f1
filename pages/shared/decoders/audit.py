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
    found = [f["title"].lower() for f in findings if f["level"] == worst != "green"]
    checked = sum(bool(finding["checked"]) for finding in findings)
    why = f": {', '.join(found)}" if found else ""
    st.badge(
        f"Split: {WORDS[worst]}{plain(why)} ({checked} of {len(findings)} checks made)",
        icon=":material/rule:",
        color=COLOURS[worst],  # type: ignore[arg-type]
    )


def show(ds: Dataset, config: Config, findings: Sequence[Mapping[str, Any]]) -> None:
    """Every finding; the evidence of those that found something on demand."""
    with st.expander("Audit of the split", key="train.audit", on_change="rerun") as opened:
        if not opened.open:
            return
        for finding in findings:
            mark = MARKS[finding["level"]] if finding["checked"] else ":material/remove:"
            st.markdown(f"{mark} **{plain(finding['title'])}.** {plain(finding['message'])}")
        if any(finding["count"] for finding in findings if finding["level"] != "green"):
            found = _audited(ds.fingerprint, str(config.to_json()), config)
            for one in found:
                if one.level != "green" and len(one.evidence):
                    _evidence(ds, one)
            _download(found)


@st.cache_resource(max_entries=4, show_spinner="Collecting the evidence …")
def _audited(fingerprint: str, settings: str, _config: Config) -> list[Finding]:
    return audits.evidence(_config)


def _evidence(ds: Dataset, found: Finding) -> None:
    shown = _spread(found.evidence)
    st.markdown(
        f"**{plain(found.title)}**: {len(shown)} of {found.count:,} {found.held} images, each "
        "beside the most similar one of the other side that it shares this with."
    )
    known = shown[shown["test"].map(ds.has_stimulus) & shown["train"].map(ds.has_stimulus)]
    rows = [
        (ds.row(one), ds.row(other))
        for one, other in zip(known["test"], known["train"], strict=True)
    ]
    images.pairs(ds, rows, [(found.held, side) for side in known["side"]])


def _spread(evidence: pd.DataFrame) -> pd.DataFrame:
    """A few rows, of as many labels as there are."""
    turn = evidence.groupby(evidence["value"].astype(str)).cumcount()
    return evidence.iloc[turn.to_numpy().argsort(kind="stable")[:MOST_PAIRS]]


def _download(findings: Sequence[Finding]) -> None:
    tables = [one.evidence.assign(check=one.title) for one in findings if len(one.evidence)]
    st.download_button(
        "Evidence (CSV)",
        lambda: pd.concat(tables).to_csv(index=False),
        "audit.csv",
        "text/csv",
        icon=":material/download:",
    )
