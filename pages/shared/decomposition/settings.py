"""The settings of page Components: of what, by which method, how many, in which order."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.components import METHODS, ComponentsRequest
from core.components.job import ORDERS, K
from core.datasets import Dataset, Reference
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

SOURCES = {"region means": "regions", "units of ROIs": "units"}
FEWEST_REGIONS = 3
USUAL = "nmf"


@dataclass(frozen=True)
class ComponentsView:
    """What is in view: the request, and by what its components are ordered."""

    request: ComponentsRequest
    order: str


def choose(ds: Dataset) -> ComponentsView:
    """Source, method, number and order; the seed behind Settings."""
    sources = list(SOURCES) if len(ds.regions) >= FEWEST_REGIONS else list(SOURCES)[1:]
    notes = st.container()
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Components of",
            sources,
            default=sources[0],
            required=True,
            key="components.source",
            bind="query-params",
            help="Mean responses of every region, or the responses of single units.",
        )
        rois: list[str] = []
        if SOURCES[source or sources[0]] == "units":
            rois = widgets.choose_rois(list(ds.rois), "There is no ROI", notes=notes, width=200)
        method = _choose_method()
        k = _choose_number()
        order = st.segmented_control(
            "First",
            ORDERS,
            default=ORDERS[0],
            required=True,
            key="components.order",
            bind="query-params",
            help="The most reliable, or the largest.",
        )
        with st.popover("Settings", icon=":material/tune:"):
            seed = widgets.choose_seed()
    st.caption(plain(f"{METHODS[method].label}. {METHODS[method].note}"))
    request = ComponentsRequest(
        Reference.of(ds), SOURCES[source or sources[0]], tuple(rois), method, k, seed
    )
    return ComponentsView(request, order or ORDERS[0])


def _choose_number() -> int:
    number = st.number_input(
        "Components",
        int(K.minimum or 0),
        int(K.maximum or 100),
        K.default,
        key="components.k",
        bind="query-params",
        width=150,
        help="0: as many as come back in the other half of the repeats",
    )
    return int(number)


def _choose_method() -> str:
    methods = list(METHODS)
    widgets.warn_unknown("components.method", methods, "There is no method")
    return st.selectbox(
        "Method",
        methods,
        index=methods.index(USUAL),
        key="components.method",
        bind="query-params",
        width=120,
    )
