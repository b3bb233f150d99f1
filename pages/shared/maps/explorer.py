"""Maps side by side, with one colouring and one selection."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets import Dataset
from core.figures.maps import Colouring
from pages.shared.frame import guard, selection
from pages.shared.frame.text import plain
from pages.shared.maps import legend, settings, spaces
from pages.shared.maps import view as map_view
from pages.shared.maps.classifier import choose_groups, classifier_of
from pages.shared.maps.colours import choose_colours
from pages.shared.maps.separation import separation
from pages.shared.maps.spaces import MapView
from pages.shared.selections import finding

HINT = "Click a point for the images nearest to it."


@guard.fragment()
def explore(ds: Dataset) -> None:
    """Maps of up to three spaces, with one colouring and one selection."""
    before = st.session_state.get("maps.selection")
    views, coloured, groups, as_images = _choose(ds)
    if not views:
        st.info("Choose at least one space.", icon=":material/info:")
        return
    above = st.container()
    alone = len(views) == 1
    with st.container(key="explorer_map" if alone else "spaces"):
        columns = st.columns([3, 2] if alone else len(views), gap="medium")
    beside = columns[1] if alone else st.container()
    colours = _find_and_explain(ds, above, beside, coloured)
    picked = beside.container(key="picked_beside" if alone else "picked_below")
    if not map_view.is_picked(ds):
        picked.caption(HINT)
    for column, view in zip(columns, views, strict=False):
        with column:
            if not alone:
                st.markdown(f"**{plain(view.space)}**")
            map_ = spaces.get(ds, view)
            if map_ is not None:
                classifier = classifier_of(ds, view, map_, groups)
                map_view.show(ds, view, map_, colours, as_images, classifier, picked)
    with beside:
        map_view.selected(ds)
    separation(ds, views)
    after = selection.ids_of(ds)
    st.session_state["maps.selection"] = after
    if before is not None and before != after:
        st.rerun()


def _choose(
    ds: Dataset,
) -> tuple[list[MapView], tuple[str, Colouring], tuple[np.ndarray, np.ndarray] | None, bool]:
    """Spaces, method and colours in one row; behind a button the rest, and what of it differs."""
    settings.warn_unknown(ds)
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        names, method = settings.choose_spaces(ds)
        coloured = choose_colours(ds)
        with st.popover("Settings", icon=":material/tune:"):
            has_images = ds.images is not None
            as_images = st.toggle(
                "Images as points",
                key="maps.as_images",
                bind="query-params",
                disabled=not has_images,
            )
            views, differing = settings.choose_views(names, method)
            groups = choose_groups(ds)
    if differing:
        st.caption(differing)
    return views, coloured, groups, as_images and has_images


def _find_and_explain(
    ds: Dataset, above: DeltaGenerator, beside: DeltaGenerator, coloured: tuple[str, Colouring]
) -> Colouring:
    """The search beside the map, the legend above it; gives the colours with others paler."""
    pick = partial(map_view.click, ds)
    with beside:
        matches = finding.field(ds, "maps", pick)
        finding.results(ds, "maps", matches, pick)
    with above:
        return legend.show(ds, *coloured, matches)
