"""The map in view on both hemispheres, or on a schematic where units have no place there."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import cortex
from core.cortex import MAPS, Schematic
from core.datasets import Dataset
from core.figures import cortex as figures
from pages.shared.components.cortex.cortex import SurfaceMap
from pages.shared.components.cortex.cortex import cortex as component
from pages.shared.cortex.settings import CortexView
from pages.shared.cortex.unit import UNIT
from pages.shared.export.figures import add, show_chart
from pages.shared.frame.text import counted, plain

KEY = "cortex_surface"
WHY = {
    True: "a schematic: these units were simulated, and lie on sheets of their regions, no brain",
    False: "a schematic: responses in volume, by ROI, have no place on a surface here; units fill "
    "the tile of their ROI in their order",
}


def show(ds: Dataset, view: CortexView, values: np.ndarray) -> None:
    """The map of a recording on fsaverage, or its schematic with a sentence why."""
    signed = MAPS[view.request.map].is_signed
    ends = figures.ends_of(values, signed)
    if ds.surface is None:
        _show_schematic(ds, view, values, ends)
        return
    placed = cortex.place(ds.surface, values, view.way)
    rois = {name: ds.rois[name] for name in view.rois if name in ds.rois}
    borders = cortex.labels(ds.surface, rois, view.way) if rois else None
    shown = SurfaceMap(
        placed.values, ends, figures.palette(signed), view.label, borders, tuple(rois)
    )

    def pick(side: int, vertex: int) -> None:
        unit = int(placed.unit[side, vertex])
        if unit >= 0:
            st.session_state[UNIT] = unit

    count = int(np.isfinite(placed.values).sum())
    words = f"{view.label} on both hemispheres, {view.view}; {count:,} vertices have a value"
    component(
        shown,
        key=KEY,
        description=words,
        on_pick=pick,
        picked=_where(placed.unit, st.session_state.get(UNIT)),
        view=view.view,
    )
    drawing = figures.CortexDrawing(
        placed.values, ends, shown.palette, view.label, borders, view.view == "flat", view.label
    )
    add("cortex.map", view.label, lambda: drawing)
    used = int((ds.surface.vertex >= 0).sum())
    st.caption(
        f"fsaverage5, {view.way}: {count:,} of its 20,484 vertices have a value, from "
        f"{counted(used, 'unit')} on fsaverage. Colours of both hemispheres are one scale, up to "
        "the 99th percentile; grey is no value, darker in sulci."
    )


def _where(units: np.ndarray, unit: int | None) -> tuple[int, int] | None:
    """Hemisphere and vertex of a unit, where it is shown."""
    places = np.argwhere(units == unit) if unit is not None else np.empty((0, 2))
    return (int(places[0, 0]), int(places[0, 1])) if len(places) else None


@st.cache_data(max_entries=16, show_spinner=False)
def _plan(fingerprint: str, _ds: Dataset) -> Schematic:
    return cortex.schematic(_ds)


def _show_schematic(
    ds: Dataset, view: CortexView, values: np.ndarray, ends: tuple[float, float]
) -> None:
    plan = _plan(ds.fingerprint, ds)
    signed = MAPS[view.request.map].is_signed
    figure = figures.tiles(plan, values, ends, figures.palette(signed), view.label)

    def take() -> None:
        points = st.session_state["cortex_tiles"]["selection"]["points"]
        if points:
            st.session_state[UNIT] = int(points[0]["customdata"])

    show_chart(
        figure,
        key="cortex_tiles",
        alt=f"{view.label}, on a schematic of {len(plan.boxes)} regions",
        on_select=take,
        selection_mode="points",
    )
    st.caption(f"This is {plain(WHY[ds.sheet is not None])}. Colours go up to the 99th percentile.")
