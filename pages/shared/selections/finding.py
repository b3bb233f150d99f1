"""A search field that finds stimuli on a map or matrix, by id, category or label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from core import selections
from core.datasets import Dataset
from core.words import counted
from pages.shared.components.gallery.gallery import gallery
from pages.shared.frame import images, selection
from pages.shared.frame.text import plain

SHOWN, TILE = 12, 56
NONE = np.empty(0, dtype=np.intp)


def field(ds: Dataset, key: str, pick: Callable[[int], None]) -> np.ndarray:
    """The field; what is entered picks the first match. Gives the rows of all. (k,) int"""
    name = f"{key}.find"

    def enter() -> None:
        rows = _rows(ds.fingerprint, st.session_state[name], ds)
        if len(rows):
            pick(int(rows[0]))

    text = st.text_input(
        "Find stimuli",
        key=name,
        placeholder="Find by id, category or label",
        icon=":material/search:",
        label_visibility="collapsed",
        width=290,
        on_change=enter,
    )
    return _rows(ds.fingerprint, text, ds) if text.strip() else NONE


def results(ds: Dataset, key: str, rows: np.ndarray, pick: Callable[[int], None]) -> None:
    """The first matches as tiles, of which a click picks another, and a button for all."""
    text = st.session_state.get(f"{key}.find", "").strip()
    if not text:
        return
    if not len(rows):
        st.caption(f"No id, category or label holds '{plain(text)}'.")
        return
    ids = ds.stimuli["id"].iloc[rows]
    with st.container(horizontal=True, vertical_alignment="center"):
        count = counted(len(rows), "stimulus", "stimuli")
        more = f", the first {SHOWN} below" if len(rows) > SHOWN else ""
        st.markdown(f"**{count}** with '{plain(text)}'{more}", width="content")
        st.button(
            "Select them" if len(rows) > 1 else "Select it",
            key=f"{key}.find_select",
            icon=":material/check_box:",
            on_click=selection.select,
            args=(ds, ids),
        )
    gallery(
        images.tiles(ds, ds.stimuli.iloc[rows[:SHOWN]]),
        key=f"{key}.find_tiles",
        selected=(),
        on_change=lambda names: pick(ds.row(names[0])) if names else None,
        size=TILE,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _rows(fingerprint: str, text: str, _ds: Dataset) -> np.ndarray:
    return selections.find(_ds.stimuli, text)
