"""The audit of a split in view: its badge, every finding, and the pictures behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core import splits
from core.datasets import Dataset
from core.decoders import Config, prepare
from core.splits import Finding
from pages.shared import pictures
from pages.shared.components.gallery import Tile, gallery
from pages.shared.text import plain

COLOURS = {"green": "green", "amber": "orange", "red": "red"}
MARKS = {
    "green": ":green[:material/check_circle:]",
    "amber": ":orange[:material/error:]",
    "red": ":red[:material/dangerous:]",
}
WORDS = {"green": "no leak found", "amber": "read with care", "red": "leaks"}
MOST_PAIRS = 6


def badge(findings: Sequence[Mapping[str, Any]]) -> None:
    """Green, amber or red, and how much was checked."""
    levels = [finding["level"] for finding in findings]
    worst = next((level for level in ("red", "amber") if level in levels), "green")
    checked = sum(bool(finding["checked"]) for finding in findings)
    st.badge(
        f"Split: {WORDS[worst]} ({checked} of {len(findings)} checks made)",
        icon=":material/rule:",
        color=COLOURS[worst],  # type: ignore[arg-type]
    )


def show(ds: Dataset, config: Config, findings: Sequence[Mapping[str, Any]]) -> None:
    """Every finding; the evidence of those that found something on demand."""
    with st.expander("Audit of the split", key="audit", on_change="rerun") as opened:
        if not opened.open:
            return
        for finding in findings:
            mark = MARKS[finding["level"]] if finding["checked"] else ":material/remove:"
            st.markdown(f"{mark} **{plain(finding['title'])}.** {plain(finding['message'])}")
        if any(finding["count"] for finding in findings if finding["level"] != "green"):
            for number, found in enumerate(_audited(ds.fingerprint, str(config.to_json()), config)):
                if found.level != "green" and len(found.evidence):
                    _evidence(ds, found, number)


@st.cache_resource(max_entries=4, show_spinner="Collecting the evidence …")
def _audited(fingerprint: str, settings: str, _config: Config) -> list[Finding]:
    data = prepare(_config)
    return splits.audit(
        data.fold, data.opened[0], data.embeddings, fitted_on=np.asarray(data.fold.train)
    )


def _evidence(ds: Dataset, found: Finding, number: int) -> None:
    st.markdown(f"**{plain(found.title)}**: test pictures, each followed by one of the other side")
    tiles = []
    for place, row in enumerate(found.evidence.head(MOST_PAIRS).itertuples()):
        for side, stimulus in (("test", row.test), (row.side, row.train)):
            if ds.has_stimulus(str(stimulus)):
                words = f"{pictures.describe(ds.stimuli.iloc[ds.row(str(stimulus))])}, {side}"
                image = pictures.picture(ds, str(stimulus))
                tiles.append(Tile(f"{place} {side}", image, f"{side}: {stimulus}", "", words))
    gallery(
        tiles,
        key=f"evidence_{number}",
        selected=(),
        on_change=lambda ids: None,
        selectable=False,
        show_captions=True,
    )
