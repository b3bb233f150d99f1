"""Any settings of a decoder against each other, with seeds and subjects as replicates."""

from __future__ import annotations

import streamlit as st

import pages.shared.ablations.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.ablations import rows, settings
from pages.shared.decoders.settings import targets
from pages.shared.frame import guard, presets, recording


def page(ds: Dataset) -> None:
    rows.follow_opened()
    recording.title(ds, "Ablations")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Which setting makes a decoder better, and is it more than noise?")
        presets.offer(ds, "ablations")
    if ds.betas is None or not targets(ds):
        lacking = "responses" if ds.betas is None else "images or a precomputed embedding"
        st.info(f"{ds.info.title} has no {lacking}: a decoder needs both.", icon=":material/info:")
        return
    try:
        request = settings.choose(ds)
    except NeurogalleryError as error:
        guard.show_error(error)
        return
    if request is not None:
        cells = rows.trained(request)
        if cells is not None:
            rows.show(request.ablation, cells)


page(recording.require())
