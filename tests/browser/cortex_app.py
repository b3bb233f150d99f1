"""An app with nothing but the cortex, for test_cortex_component.py."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.cortex.fsaverage import VERTICES, hemispheres
from core.figures.cortex import palette
from pages.shared.components.cortex.cortex import VIEWS, SurfaceMap, cortex

st.set_page_config(layout="wide")
behind = np.stack([side.inflated[:, 1] < -40 for side in hemispheres()])
level = st.number_input("Level", 0.0, 1.0, 0.5)
view = st.radio("View", VIEWS)
shown = SurfaceMap(
    np.where(behind, level, np.nan),
    (0.0, 1.0),
    palette(False),
    "test value",
    behind.astype(np.uint8),
    ("back",),
)


def pick(side: int, vertex: int) -> None:
    st.session_state["picked"] = (side, vertex)


cortex(
    shown,
    key="cortex",
    description=f"A test, {VERTICES} vertices",
    on_pick=pick,
    picked=st.session_state.get("picked"),
    view=view,
)
if "picked" in st.session_state:
    side, vertex = st.session_state["picked"]
    st.markdown(f"side {side}, behind {bool(behind[side, vertex])}")
