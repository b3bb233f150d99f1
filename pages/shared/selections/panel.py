"""The selection in the sidebar: how much is selected, by which column, and what can be done."""

from __future__ import annotations

import streamlit as st

from core.datasets import Dataset
from core.datasets.tables import stimuli_csv
from pages.shared.frame import selection
from pages.shared.frame.text import plain


def show(ds: Dataset) -> None:
    """Count, clear, undo and export, always in sight at the foot of the sidebar."""
    ids = selection.ids_of(ds)
    st.markdown(f"**{len(ids):,} of {ds.n_stimuli:,} stimuli selected**")
    problem = selection.current(ds).problem
    if problem:
        st.warning(plain(problem), icon=":material/link_off:")
    if ids or selection.current(ds).past:
        _buttons(ds, ids)


def _buttons(ds: Dataset, ids: tuple[str, ...]) -> None:
    chosen = selection.current(ds)
    clear, undo, export = st.columns(3, gap="xsmall")
    clear.button(
        "Clear",
        key="selection_clear",
        disabled=not ids,
        on_click=selection.select,
        args=(ds, ()),
        width="stretch",
    )
    undo.button(
        "Undo",
        key="selection_undo",
        disabled=not chosen.past,
        on_click=chosen.undo,
        width="stretch",
    )
    table = ds.stimuli[ds.stimuli["id"].isin(ids)]
    export.download_button(
        "Export",
        key="selection_export",
        data=lambda: stimuli_csv(table),
        file_name=f"{ds.info.name.replace(':', '_')}_selection.csv",
        mime="text/csv",
        disabled=not ids,
        on_click="ignore",
        width="stretch",
        help="The selected stimuli as CSV",
    )
