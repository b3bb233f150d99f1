"""The one selection of stimuli that all pages share, with undo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import streamlit as st

from core.datasets import Dataset
from core.datasets.tables import stimuli_csv

UNDO_STEPS = 30


@dataclass
class Selection:
    """Ids in stimulus order, and what was selected before."""

    ids: tuple[str, ...] = ()
    past: list[tuple[str, ...]] = field(default_factory=list)

    def replace(self, ids: Iterable[str], order: Iterable[str]) -> None:
        """Select exactly ``ids``, kept in ``order``; an unchanged selection is no step."""
        selected = set(ids)
        new = tuple(stimulus for stimulus in order if stimulus in selected)
        if new != self.ids:
            self.past = [*self.past, self.ids][-UNDO_STEPS:]
            self.ids = new

    def undo(self) -> None:
        if self.past:
            self.ids = self.past.pop()


def current(ds: Dataset) -> Selection:
    """The selection of a recording; its subjects share it."""
    kept: dict[str, Selection] = st.session_state.setdefault("selections", {})
    return kept.setdefault(ds.info.name, Selection())


def select(ds: Dataset, ids: Iterable[str]) -> None:
    """Select exactly these stimuli."""
    current(ds).replace(ids, ds.stimuli["id"])


def add(ds: Dataset, ids: Iterable[str]) -> None:
    """Add stimuli to the selection."""
    select(ds, {*current(ds).ids, *ids})


def panel(ds: Dataset) -> None:
    """Count, clear, undo and export, for the sidebar."""
    selection = current(ds)
    st.markdown(f"**{len(selection.ids):,} of {ds.n_stimuli:,} stimuli selected**")
    clear, undo, export = st.columns(3, gap="xsmall")
    clear.button(
        "Clear",
        key="selection_clear",
        disabled=not selection.ids,
        on_click=select,
        args=(ds, ()),
        width="stretch",
    )
    undo.button(
        "Undo",
        key="selection_undo",
        disabled=not selection.past,
        on_click=selection.undo,
        width="stretch",
    )
    table = ds.stimuli[ds.stimuli["id"].isin(selection.ids)]
    export.download_button(
        "Export",
        key="selection_export",
        data=lambda: stimuli_csv(table),
        file_name=f"{ds.info.name.replace(':', '_')}_selection.csv",
        mime="text/csv",
        disabled=not selection.ids,
        on_click="ignore",
        width="stretch",
        help="The selected stimuli as CSV",
    )
