"""How far each category stands apart, on the map and in the space."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import maps
from core.datasets import Dataset
from core.figures import maps as figures
from core.maps import Map
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame.text import plain
from pages.shared.maps import spaces
from pages.shared.maps.settings import grouping
from pages.shared.maps.spaces import MapView


def separation(ds: Dataset, views: list[MapView]) -> None:
    """How far each category stands apart, on the map and in the space."""
    columns = grouping(ds, "supercategory", "category", "source")
    if not columns:
        return
    with st.expander("Separation of categories", key="maps.apart", on_change="rerun") as opened:
        if not opened.open:
            return
        column = st.selectbox("Column", columns, key="maps.apart_by", width=200)
        for place, view in zip(st.columns(len(views)), views, strict=True):
            map_ = spaces.stored(ds, view)
            if map_ is None:
                continue
            table = _separation(ds.fingerprint, view, column, map_, ds)
            with place:
                st.markdown(f"**{plain(view.space)}**")
                alt = f"Mean silhouette of each {column}"
                show_chart(
                    drawn(figures.separation_strip, table), key=f"strip_{view.space}", alt=alt
                )


@st.cache_resource(max_entries=16, show_spinner="Measuring the separation …")
def _separation(
    fingerprint: str, view: MapView, column: str, _map: Map, _ds: Dataset
) -> pd.DataFrame:
    space = spaces.features(_ds.fingerprint, view.space, _ds, view)
    return maps.separation(
        _map.coordinates, _ds.stimuli[column].tolist(), space.array, view.metric, space.is_distances
    )
