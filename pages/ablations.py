"""Any settings of a decoder against each other, with seeds and subjects as replicates."""

from __future__ import annotations

import streamlit as st

import pages.shared.ablations.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.ablations import rows, settings, start
from pages.shared.decoders.settings import targets
from pages.shared.frame import guard, recording
from pages.shared.head import head


def page(ds: Dataset) -> None:
    rows.follow_opened()
    head.show(ds)
    if ds.betas is None or not targets(ds):
        lacking = "responses" if ds.betas is None else "images or a precomputed embedding"
        st.info(f"{ds.info.title} has no {lacking}: a decoder needs both.", icon=":material/info:")
        return
    above = st.container()
    try:
        request = settings.choose(ds)
        if request is None:
            with above:
                start.offer(ds)
            return
    except NeurogalleryError as error:
        guard.show_error(error)
        request = None
    if request is None:
        return
    # What has begun is what the reader comes for: it stands before the settings.
    with above if rows.is_begun(request) else st.container():
        cells = rows.trained(request)
        if cells is not None:
            rows.show(request.ablation, cells)
        if rows.is_begun(request):
            st.markdown("**Settings**")


page(recording.require())
