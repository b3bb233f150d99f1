"""The selection itself: its images, its names, what is imported, and two beside each other."""

from __future__ import annotations

import streamlit as st

from core.datasets import Dataset
from pages.shared.frame import images, recording, selection
from pages.shared.head import head
from pages.shared.selections import comparing, importing, naming

TABS = ("Images", "Names", "Import", "Compare")


def show_images(ds: Dataset) -> None:
    """Every selected stimulus, a page at a time."""
    ids = selection.ids_of(ds)
    if not ids:
        st.info(
            "Nothing is selected. Click images on Overview, draw a lasso on Maps, filter by a "
            "column in the sidebar, or import ids here.",
            icon=":material/info:",
        )
        return
    st.caption("A click takes an image out of the selection; *Undo* in the sidebar brings it back.")
    stimuli = ds.stimuli[ds.stimuli["id"].isin(ids)]
    group = "category" if stimuli["category"].ne("").any() else None
    images.browse(ds, stimuli, "selection", group)


def page(ds: Dataset) -> None:
    head.show(ds)
    tabs = st.tabs(TABS, key="selection.tab", on_change="rerun", bind="query-params")
    parts = (show_images, naming.show, importing.show, comparing.show)
    for tab, part in zip(tabs, parts, strict=True):
        with tab:
            if tab.open:
                part(ds)


page(recording.require())
