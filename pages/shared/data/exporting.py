"""The recording in view as a folder of one's own, written by a job."""

from __future__ import annotations

import re

import streamlit as st

from core.datasets import Dataset, Reference
from core.datasets.own.job import ExportRequest, target
from core.errors import NeurogalleryError
from pages.shared.frame import results
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain
from pages.shared.frame.widgets import set_widgets


def offer(ds: Dataset) -> None:
    """Name a folder; a button writes it, and opens it when it is there."""
    st.caption(
        f"{plain(ds.info.title)}, {plain(ds.subject)}, as it is in view: stimuli.csv, responses, "
        "ROIs, RDMs and embeddings with the same numbers, a folder that opens here and is easily "
        "read elsewhere. Heed its licence before you pass it on."
    )
    suggestion = re.sub(r"[^\w-]+", "-", f"{ds.info.name}-{ds.subject}").strip("-")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Folder below the data folder", suggestion, width=320)
        images = st.toggle("with images", value=True, disabled=ds.images is None)
    try:
        folder = target(name)
    except NeurogalleryError as error:
        show_error(error)
        return
    if folder.exists():
        st.success(f"{plain(folder)} is there.", icon=":material/check_circle:")
        opens = {"recording": f"folder:{name}"}
        st.button("Open it", key="data.open_export", on_click=set_widgets, args=(opens,))
        return
    request = ExportRequest(Reference.of(ds), name, images and ds.images is not None)
    results.get(request, lambda key: None, on_click=True, icon=":material/save:")
