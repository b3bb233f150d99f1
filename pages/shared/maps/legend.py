"""What the colours of a map stand for: a scale, or entries to show alone and to select."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from core.datasets import Dataset
from core.figures import maps as figures
from pages.shared.components.legend.legend import Entry, legend
from pages.shared.frame import selection

NO_MATCHES = np.empty(0, dtype=np.intp)


def show(
    ds: Dataset, name: str, colours: figures.Colouring, matches: np.ndarray = NO_MATCHES
) -> figures.Colouring:
    """The legend; gives the colours with those paler that are neither shown alone nor matched."""
    shown: list[int] = []
    if colours.ends is not None:
        _scale(name, *colours.ends, colours.palette)
    else:
        shown = _entries(ds, name, colours)
    kept = np.isin(colours.codes, shown) if shown else np.ones(len(colours.codes), dtype=bool)
    if len(matches):
        kept &= np.isin(np.arange(len(kept)), matches)
    return colours if kept.all() else figures.faded(colours, kept)


def _entries(ds: Dataset, name: str, colours: figures.Colouring) -> list[int]:
    """Entries of categories; gives those that are shown alone."""
    state, identity = "legend_shown", (ds.info.name, name, colours.names)
    if st.session_state.get(state, (None,))[0] != identity:
        st.session_state[state] = identity, []
    shown: list[int] = st.session_state[state][1]
    is_each_stimulus = len(colours.codes) == ds.n_stimuli
    marked = np.zeros(len(colours.codes), dtype=bool)
    if is_each_stimulus:  # and not those of several subjects
        marked = ds.stimuli["id"].isin(selection.ids_of(ds)).to_numpy()
    selected = figures.counts_of(colours, marked)

    def take(index: int) -> None:
        ids = ds.stimuli["id"][colours.codes == index]
        every = set(ids) <= set(selection.ids_of(ds))
        (selection.remove if every else selection.add)(ds, ids)

    legend(
        [
            Entry(*each)
            for each in zip(colours.names, colours.palette, colours.counts, selected, strict=True)
        ],
        key="map_legend",
        shown=shown,
        on_show=lambda indices: st.session_state.update({state: (identity, indices)}),
        on_select=take if is_each_stimulus else None,
    )
    return shown


def _scale(name: str, low: float, high: float, palette: tuple[str, ...]) -> None:
    st.html(
        f'<div style="display:flex;gap:8px;align-items:center;font-size:.85rem">'
        f"{html.escape(name)}: {low:.2f}"
        f'<span style="width:160px;height:10px;border-radius:5px;'
        f'background:linear-gradient(90deg,{", ".join(palette)})"></span>{high:.2f}</div>'
    )
