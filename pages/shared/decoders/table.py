"""The table of the decoders, own and examples: filter, choose, open, import, delete."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from core import jobs, store
from core.datasets import Dataset
from core.decoders import HEADS, Config
from core.decoders.config import SEED
from core.decoders.scoring.score_table import forget_tables
from core.errors import NotFoundError
from core.store import read_only
from pages.shared.decoders import importing
from pages.shared.decoders.apply import apply
from pages.shared.decoders.described import ONLY_HERE, Row, every, is_here, matching
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame.job_parts.session import NOT_OWN, is_own
from pages.shared.frame.text import counted, plain

ABSENT = "–"
PER_CENT = "%.1f%%"
EVERY_COLUMN = "train.every_column"
MAIN_COLUMNS = (
    "Decoder", "Test two-way", "Test top-1", "Validation two-way", "ROIs", "Split", "Audit",
    "State", "Settings",
)  # fmt: skip
STATES = "An example comes with the project and stays; one of your own goes before it."


def choose(ds: Dataset) -> list[Row]:
    """Show the table, filtered, and what can be done with the rows chosen; give those."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text, only = _filters()
        importing.offer(ds)
    rows = every()
    here = [row for row in rows if not only or row.problem or is_here(row, ds)]
    shown = matching(here, text)
    if not shown:
        st.info(_nothing(rows, text, only), icon=":material/info:")
        return []
    picked = [shown[place] for place in _selected(shown) if place < len(shown)]
    for row in picked:
        if row.problem:
            st.warning(plain(row.problem), icon=":material/warning:")
    if picked:
        _actions(picked)
    else:
        st.caption(
            "Select one decoder to open or delete it, several to compare their curves, scores "
            f"and settings.{_baselines(here, shown)}"
        )
    return picked


def _filters() -> tuple[str, bool]:
    text = st.text_input(
        "Filter",
        key="train.filter",
        bind="query-params",
        icon=":material/search:",
        help="Rows that hold every word, such as: mlp red",
        width=260,
    )
    only = st.toggle(
        ONLY_HERE,
        value=True,
        key="train.only_here",
        bind="query-params",
        help="With its options in view; a decoder of several subjects counts where one is in view.",
    )
    st.toggle(
        "Every column",
        key=EVERY_COLUMN,
        bind="query-params",
        help="Also when and of what each was trained",
    )
    return text or "", only


def _baselines(rows: Sequence[Row], shown: Sequence[Row]) -> str:
    hidden = sum(row.is_baseline for row in rows) - sum(row.is_baseline for row in shown)
    if not hidden:
        return ""
    return f" Not listed: {counted(hidden, 'baseline')} of the scores; the filter 'baseline' does."


def _nothing(rows: Sequence[Row], text: str, only: bool) -> str:
    if not rows:
        return "No decoder was trained yet."
    hiding = [f"'{ONLY_HERE}' is on"] if only else []
    hiding += [f"the filter is '{plain(text)}'"] if text else []
    noun = "example" if all(row.is_example for row in rows) else "decoder"
    return f"Of {counted(len(rows), noun)} none is shown: {' and '.join(hiding)}."


def _selected(rows: Sequence[Row]) -> list[int]:
    table = pd.DataFrame([row.cells for row in rows])
    every = st.session_state.get(EVERY_COLUMN, False)
    chosen = st.dataframe(
        table,
        column_order=None if every else [name for name in MAIN_COLUMNS if name in table],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_columns(),
        placeholder=ABSENT,
        key=key_of_table(rows),
        alt="Decoders",
    )
    return list(chosen.selection.rows)


def key_of_table(rows: Sequence[Row]) -> str:
    """Of its rows: a selection is one of places, so that other rows begin with none."""
    return f"decoders_{store.fingerprint([row.key for row in rows])[:12]}"


def _columns() -> dict[str, Any]:
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    tested = "Test set, repeats averaged. Scores are computed when a decoder is opened."
    return {
        # Together little wider than a page of 1024 pixels; the settings go on behind its edge.
        "Decoder": text(width=156, pinned=True),
        "Test two-way": number("Two-way", width=64, format=PER_CENT, help=f"{tested} Chance 50%."),
        "Test top-1": number("Top-1", width=52, format=PER_CENT, help=tested),
        "Validation two-way": number(
            "Validation", width=76, format=PER_CENT, help="Two-way of the epoch kept."
        ),
        "ROIs": text(width=80),
        "Split": text(width=72, help="Which images are in the test set"),
        "Audit": text(width=78, help="Of the split. Red: the scores measure a leak."),
        "State": text(width=80, help=STATES),
        "Settings": text(width=96, help="What differs from its default"),
        "Fold": number(width="small"),
        "Seed": number(width="small", format="plain"),
        "Epochs": number(width="small"),
    }


def _actions(picked: Sequence[Row]) -> None:
    with st.container(horizontal=True):
        if len(picked) == 1 and picked[0].config is not None:
            _open(picked[0].config)
        own = [row for row in picked if not row.is_example]
        label, kept = f"Delete {counted(len(own), 'decoder')}", read_only.why_kept()
        if own and st.button(
            label, icon=":material/delete:", disabled=bool(kept), help=kept or None
        ):
            _confirm(own)


def _open(config: Config) -> None:
    if config.divided:
        st.caption("A baseline of a decoder of several subjects: open that one.")
        return
    st.button(
        "Open",
        icon=":material/settings_backup_restore:",
        help="Set the page to its settings",
        on_click=apply,
        args=(config,),
    )
    following = config.seed + 1
    if SEED.maximum is None or following <= SEED.maximum:
        st.button(
            f"Again with seed {following}",
            icon=":material/casino:",
            help="Set the page to its settings with the next seed",
            on_click=apply,
            args=(replace(config, seed=following),),
        )


@st.dialog("Delete for good?", icon=":material/delete:")
def _confirm(rows: Sequence[Row]) -> None:
    for row in rows:
        head = f" {row.problem}" if row.config is None else f", {HEADS[row.config.head].label}"
        trained = f", trained {row.trained}" if row.config is not None else ""
        st.markdown(f"**{plain(row.name)}**{plain(head)}{trained}")
    others = [plain(row.name) for row in rows if not is_own(row.session)]
    if others:
        st.warning(f"{NOT_OWN}: {', '.join(others)}.", icon=":material/group:")
    keys = [row.key for row in rows]
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="train.delete", on_click=delete, args=(keys,)):
            st.rerun()
        if st.button("Keep", key="train.keep"):
            st.rerun()


def delete(keys: Sequence[str]) -> None:
    """Remove decoders, their scores and the jobs that trained them; a callback."""
    for job, status in jobs.statuses().items():
        with suppress(NotFoundError):  # somebody else removed it
            if status not in jobs_panel.ACTIVE and job.result.get("key") in keys:
                job.remove()
    for key in keys:
        store.remove(key)
        forget_tables(key)
