"""The settings of page Cortex: which map, of what, how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.cortex import MAPS, WAYS, CortexRequest
from core.datasets import Dataset, Reference
from pages.shared.components.cortex.cortex import VIEWS
from pages.shared.frame import widgets
from pages.shared.frame.text import plain

CHOICE, DETAIL = "cortex.choice", "cortex.detail"


@dataclass(frozen=True)
class CortexView:
    """What is in view: the request, inflated or flat, borders, and how vertices are taken."""

    request: CortexRequest
    view: str
    rois: tuple[str, ...]
    way: str

    @property
    def label(self) -> str:
        """Of the values, with what was chosen and their unit."""
        chosen, request = MAPS[self.request.map], self.request
        words = [chosen.label, request.choice, request.detail if chosen.needs_detail else ""]
        unit = f" ({chosen.unit})" if chosen.unit else ""
        return ", ".join(word for word in words if word) + unit


def choose(ds: Dataset) -> CortexView | None:
    """Map and what of it; the rest behind Settings. None where there is nothing to choose from."""
    notes = st.container()
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        name = _choose_map()
        chosen = MAPS[name]
        choices = list(chosen.choices(ds)) if chosen.needs_choice else []
        choice = _choose(chosen.needs_choice, choices, CHOICE) if choices else ""
        details = list(chosen.details(ds, choice)) if choice and chosen.needs_detail else []
        detail = _choose(chosen.needs_detail, details, DETAIL) if details else ""
        view, way = _choose_view(ds)
        rois = _choose_borders(ds, notes)
    note = f"{chosen.label}. {chosen.note} {chosen.citation}".strip()
    st.caption(plain(note))
    if chosen.needs_choice and not choices:
        st.info(chosen.empty, icon=":material/info:")
        return None
    return CortexView(CortexRequest(Reference.of(ds), name, choice, detail), view, rois, way)


def _choose_map() -> str:
    names = list(MAPS)
    widgets.warn_unknown("cortex.map", names, "There is no map")
    return st.selectbox(
        "Map",
        names,
        key="cortex.map",
        bind="query-params",
        width=170,
    )


def _choose(label: str, names: list[str], key: str) -> str:
    """One of what a map offers; a choice of another map is forgotten."""
    if st.session_state.get(key, names[0]) not in names:
        del st.session_state[key]
    return st.selectbox(
        label,
        names,
        key=key,
        bind="query-params",
        width=170,
    )


def _choose_view(ds: Dataset) -> tuple[str, str]:
    if ds.surface is None:
        return VIEWS[0], WAYS[0]
    view = st.segmented_control(
        "Surface",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key="cortex.view",
        bind="query-params",
    )
    with st.popover("Settings", icon=":material/tune:"):
        way = st.segmented_control(
            "Values",
            WAYS,
            default=WAYS[1],
            required=True,
            key="cortex.way",
            bind="query-params",
            help="The recording has 163,842 vertices a hemisphere, the surface drawn 10,242 of "
            "them. Either these are shown, or the mean of all that lie nearest to each.",
        )
    return view or VIEWS[0], way or WAYS[1]


def _choose_borders(ds: Dataset, notes: st.delta_generator.DeltaGenerator) -> tuple[str, ...]:
    """ROIs whose borders are drawn."""
    if ds.surface is None:
        return ()
    chosen = widgets.choose_rois(
        list(ds.rois),
        "There is no ROI",
        label="Borders of ROIs",
        notes=notes,
        placeholder="every region",
        width=170,
    )
    return tuple(chosen) or tuple(ds.regions or ds.rois)
