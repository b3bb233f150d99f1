"""Single responses, their spread over units and stimuli, and their reliability."""

import numpy as np
import streamlit as st

from core.datasets import Dataset
from pages.shared.frame import recording
from pages.shared.frame.text import plain
from pages.shared.head import head
from pages.shared.responses.charts import (
    activity,
    drawn_for,
    mean_responses,
    remaining,
    single_responses,
    split_half,
    spread,
    units,
)
from pages.shared.responses.settings import choose_rois


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(f"{plain(ds.info.title)} {plain(ds.lack)}.", icon=":material/info:")
        if ds.rdms:
            st.page_link("pages/rdm.py", label="Open the RDMs", icon=":material/grid_on:")
        return
    rois = choose_rois(ds)
    responses = mean_responses(ds.fingerprint, rois, ds)
    usable = np.isfinite(responses).all(axis=1)
    missing = recording.incomplete(ds.fingerprint, rois, ds)
    if missing and rois:
        st.caption(plain(missing))
    single_responses(ds, rois, responses, usable)
    figures = drawn_for(ds.fingerprint, rois, ds)
    spread(figures)
    with st.container(key="halves_below"):
        left, right = st.columns(2)
    with left:
        activity(figures)
    with right:
        split_half(ds, rois, figures)
    remaining(ds, rois, figures)
    units(ds, rois)


page(recording.require())
