"""Images and text as vectors: search in an encoder's space, compare encoders, keep embeddings."""

import streamlit as st

from core.datasets import Dataset
from pages.shared.encoders import search as image_search
from pages.shared.encoders.compare import compare
from pages.shared.encoders.settings import choose_images, choose_spaces
from pages.shared.encoders.stored import kept
from pages.shared.frame import recording


def page(ds: Dataset) -> None:
    recording.title(ds, "Encoders")
    st.markdown(
        "Which images does a model hold to be alike? Search by words or by an image, and see "
        "how encoders differ."
    )
    if ds.images is None and not ds.embeddings:
        st.info(f"{ds.info.title} comes without images, so there is nothing to encode.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        spaces = choose_spaces(ds)
        which = choose_images(ds)
    search, comparison, storage = st.tabs(
        ["Search", "Compare", "Stored"], key="encoders.tab", on_change="rerun", bind="query-params"
    )
    with search:
        if search.open and spaces:
            image_search.search(ds, spaces, which)
    with comparison:
        if comparison.open and spaces:
            compare(ds, spaces, which)
    with storage:
        if storage.open:
            kept()
    if not spaces and not storage.open:
        st.info("Choose at least one encoder.", icon=":material/info:")


page(recording.require())
