"""The line on a map between two groups of stimuli."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import maps
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.maps import Map
from pages.shared.frame.text import plain
from pages.shared.maps.settings import grouping
from pages.shared.maps.spaces import Wanted

MOST_DIVIDED = 3000


def choose_line(ds: Dataset) -> tuple[np.ndarray, np.ndarray] | None:
    """Two groups of stimuli that a line is to separate."""
    columns = grouping(ds, "supercategory", "category")
    if not columns:
        return None
    with st.popover("Dividing line", icon=":material/call_split:"):
        column = st.selectbox("Groups by", columns, key="divide", bind="query-params")
        values = sorted(set(ds.stimuli[column]) - {""})
        first = st.multiselect("One side", values, key="side_a", bind="query-params")
        second = st.multiselect(
            "Other side",
            values,
            key="side_b",
            bind="query-params",
            placeholder="all others" if first else "choose one side first",
        )
    if not first:
        return None
    one = ds.stimuli[column].isin(first).to_numpy()
    other = ds.stimuli[column].isin(second).to_numpy() if second else ~one
    return one, other & ~one & (ds.stimuli[column] != "").to_numpy()


@st.cache_resource(max_entries=32, show_spinner="Looking for the line …")
def dividing_line(
    key: tuple[object, ...], _drawn: Map, _groups: tuple[np.ndarray, np.ndarray]
) -> maps.Line | str:
    permutations = 200 if len(_drawn.coordinates) <= MOST_DIVIDED else 20
    try:
        return maps.dividing_line(_drawn.coordinates, *_groups, permutations=permutations)
    except NeurogalleryError as error:
        return str(error)


def line_of(
    ds: Dataset, wanted: Wanted, drawn: Map, groups: tuple[np.ndarray, np.ndarray] | None
) -> maps.Line | None:
    if groups is None:
        return None
    stamp = tuple(np.packbits(group).tobytes() for group in groups)
    key = (ds.fingerprint, wanted.space, wanted.method, str(wanted.parameters), wanted.seed, stamp)
    found = dividing_line(key, drawn, groups)
    if isinstance(found, str):
        st.info(plain(found), icon=":material/info:")
        return None
    return found
