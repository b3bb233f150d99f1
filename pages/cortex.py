"""Values of units on the cortical surface: ceilings, scores, patterns, responses."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.datasets import Dataset
from core.errors import InputError, NeurogalleryError
from pages.shared.cortex import drawn, results, settings, unit
from pages.shared.frame import guard, recording
from pages.shared.frame.text import plain
from pages.shared.head import head


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; a map of the cortex needs responses.",
            icon=":material/info:",
        )
        return
    try:
        show(ds)
    except NeurogalleryError as error:
        guard.show_error(error)


def show(ds: Dataset) -> None:
    """The map, and beside it the unit that is pointed at."""
    view = settings.choose(ds)
    if view is None:
        return
    try:
        values = results.values_in_view(view.request)
    except InputError as error:  # such as a ceiling without repeats
        st.info(f"{plain(error)} Choose another map.", icon=":material/info:")
        return
    if values is None:
        return
    values = np.asarray(values, dtype=np.float64)
    with st.container(key="cortex_main"):
        left, right = st.columns([5, 3], gap="medium")
    with right:
        chosen = unit.choose(ds, values)
        if chosen is not None:
            unit.show(ds, chosen, float(values[chosen]), view.label)
    with left:
        drawn.show(ds, view, values)


page(recording.require())
