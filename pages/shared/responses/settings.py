"""Which ROIs and which stimuli the responses in view are of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.datasets import Dataset
from pages.shared.frame import selection, widgets

MOST_LINES = 12
FIRST_LINES = 4


def choose_rois(ds: Dataset) -> tuple[str, ...]:
    """The ROIs in view, () for every unit."""
    return tuple(widgets.choose_rois(list(ds.rois), f"{ds.subject} has no ROI", width=480))


def chosen_stimuli(ds: Dataset, usable: np.ndarray) -> pd.DataFrame:
    """The selected stimuli; without a selection, the first usable ones."""
    selected = set(selection.ids_of(ds))
    rows = np.flatnonzero(usable & ds.stimuli["id"].isin(selected).to_numpy())
    if len(rows) == 0:
        st.caption(f"{FIRST_LINES} stimuli. Select others on Overview, or by the buttons of RDM.")
        rows = np.flatnonzero(usable)
        of_categories = ds.stimuli["category"].iloc[rows].drop_duplicates().index.to_numpy()
        rows = (of_categories if len(of_categories) >= FIRST_LINES else rows)[:FIRST_LINES]
    elif len(rows) > MOST_LINES:
        st.caption(f"The first {MOST_LINES} of {len(rows):,} selected stimuli.")
    return ds.stimuli.iloc[rows[:MOST_LINES]]
