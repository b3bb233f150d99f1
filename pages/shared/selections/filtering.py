"""One filter for every page: stimuli by the values of a column become the selection."""

from __future__ import annotations

import streamlit as st

from core import selections
from core.datasets import Dataset
from core.selections import Column
from core.words import counted
from pages.shared.frame import guard, selection

OPEN = "filter_open"
ACTIONS = {
    "Select": (selection.select, "Select exactly these"),
    "Add": (selection.add, "Add these to the selection"),
    "Keep only": (selection.keep_only, "Keep what is selected and among these"),
    "Remove": (selection.remove, "Take these out of the selection"),
}


@st.cache_resource(max_entries=16, show_spinner=False)
def columns_of(fingerprint: str, _ds: Dataset) -> dict[str, Column]:
    """What stimuli can be filtered by, by name."""
    return {column.name: column for column in selections.columns_of(_ds.stimuli)}


@guard.fragment()
def offer(ds: Dataset) -> None:
    """The filter, folded: what is chosen in it runs no page, only its buttons do."""
    fold = st.expander("Filter", icon=":material/filter_alt:", key=OPEN, on_change="rerun")
    if fold.open:
        with fold:
            _show(ds)


def _show(ds: Dataset) -> None:
    """Choose a column and values; buttons select, add, keep or remove what they match."""
    columns = columns_of(ds.fingerprint, ds)
    if not columns:
        st.caption("No column of stimuli.csv divides the stimuli.")
        return
    name = st.selectbox("Column", list(columns), key="filter_column")
    ids = _chosen(ds, columns[name])
    st.caption(f"{counted(len(ids), 'stimulus', 'stimuli')} of {ds.n_stimuli:,}")
    with st.container(horizontal=True, gap="small"):
        for label, (act, text) in ACTIONS.items():
            key = f"filter_{label}"
            if st.button(label, key=key, help=text, disabled=not ids, on_click=act, args=(ds, ids)):
                st.rerun()
    st.caption("One column after another: *Select*, then *Keep only*.")


def _chosen(ds: Dataset, column: Column) -> list[str]:
    key = f"filter_values_{column.name}"
    if column.ends is not None:
        low, high = column.ends
        ends = st.slider("From, to", low, high, (low, high), key=f"{key}_{low}_{high}")
        return selections.matches(ds.stimuli, column, ends=ends)
    if key in st.session_state:  # of another recording, or of other options
        st.session_state[key] = [v for v in st.session_state[key] if v in column.counts]
    values = st.multiselect(
        "Values",
        list(column.counts),
        key=key,
        format_func=lambda value: f"{value} ({column.counts[value]:,})",
        placeholder="any of these",
    )
    return selections.matches(ds.stimuli, column, values)
