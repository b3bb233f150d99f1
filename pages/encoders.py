"""Images and text as vectors: search in an encoder's space, compare encoders, keep embeddings."""

import streamlit as st

from core.datasets import Dataset
from pages.shared.encoders.compare import compare
from pages.shared.encoders.search import search
from pages.shared.encoders.settings import choose_images, choose_spaces
from pages.shared.encoders.stored import list_stored
from pages.shared.frame import recording
from pages.shared.head import head


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.images is None and not ds.embeddings:
        st.info(f"{ds.info.title} comes without images, so there is nothing to encode.")
        return
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        spaces = choose_spaces(ds)
        which = choose_images(ds)
    search_tab, compare_tab, stored_tab = st.tabs(
        ["Search", "Compare", "Stored"], key="encoders.tab", on_change="rerun", bind="query-params"
    )
    with search_tab:
        if search_tab.open and spaces:
            search(ds, spaces, which)
    with compare_tab:
        if compare_tab.open and spaces:
            compare(ds, spaces, which)
    with stored_tab:
        if stored_tab.open:
            list_stored()
    if not spaces and not stored_tab.open:
        st.info("Choose at least one encoder.", icon=":material/info:")


page(recording.require())
