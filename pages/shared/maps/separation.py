"""How far each category stands apart, on the map and in the space."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import maps
from core.datasets import Dataset
from core.figures import maps as figures
from core.maps import Map
from pages.shared.frame.text import plain
from pages.shared.maps import spaces as map_spaces
from pages.shared.maps.settings import grouping
from pages.shared.maps.spaces import Wanted


def separation(ds: Dataset, wanted: list[Wanted]) -> None:
    """How far each category stands apart, on the map and in the space."""
    columns = grouping(ds, "supercategory", "category", "source")
    if not columns:
        return
    with st.expander(
        "How far do categories stand apart?", key="maps.apart", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        column = st.selectbox("Of", columns, key="maps.apart_by", width=200)
        for place, one in zip(st.columns(len(wanted)), wanted, strict=True):
            drawn = map_spaces.stored(ds, one)
            if drawn is None:
                continue
            table = _separation(ds.fingerprint, one, column, drawn, ds)
            with place:
                st.markdown(f"**{plain(one.space)}**")
                alt = f"Mean silhouette of each {column}"
                st.plotly_chart(figures.separation_strip(table), key=f"strip_{one.space}", alt=alt)


@st.cache_resource(max_entries=16, show_spinner="Measuring the separation …")
def _separation(
    fingerprint: str, wanted: Wanted, column: str, _drawn: Map, _ds: Dataset
) -> pd.DataFrame:
    of = map_spaces.features(_ds.fingerprint, wanted.space, _ds, wanted)
    return maps.separation(
        _drawn.coordinates, _ds.stimuli[column].tolist(), of.array, wanted.metric, of.is_distances
    )
