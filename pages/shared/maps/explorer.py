"""Maps side by side, with one colouring and one selection."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.datasets import Dataset
from pages.shared.frame import selection
from pages.shared.frame.text import plain
from pages.shared.maps import legend, spaces
from pages.shared.maps import view as map_view
from pages.shared.maps.classifier import choose_groups, classifier_of
from pages.shared.maps.colours import choose_colours
from pages.shared.maps.spaces import MapView
from pages.shared.selections import finding


@st.fragment
def explore(ds: Dataset, views: list[MapView]) -> None:
    """Maps side by side, with one colouring and one selection."""
    before = st.session_state.get("maps.selection")
    pick = partial(map_view.click, ds)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name, colours = choose_colours(ds)
        groups = choose_groups(ds)
        has_images = ds.images is not None
        as_images = st.toggle(
            "Images as points", key="maps.as_images", bind="query-params", disabled=not has_images
        )
        matches = finding.field(ds, "maps", pick)
    finding.results(ds, "maps", matches, pick)
    colours = legend.show(ds, name, colours, matches)
    with st.container(key="spaces"):
        columns = st.columns(len(views), gap="medium")
    for column, view in zip(columns, views, strict=True):
        with column:
            st.markdown(f"**{plain(view.space)}**")
            map_ = spaces.get(ds, view)
            if map_ is not None:
                classifier = classifier_of(ds, view, map_, groups)
                map_view.show(ds, view, map_, colours, as_images and has_images, classifier)
    map_view.selected(ds)
    after = selection.ids_of(ds)
    st.session_state["maps.selection"] = after
    if before is not None and before != after:
        st.rerun()
