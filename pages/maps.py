"""The space of responses, of an encoder or of an RDM, drawn in two dimensions."""

from __future__ import annotations

import streamlit as st

import pages.shared.maps.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from pages.shared.frame import recording
from pages.shared.head import head
from pages.shared.maps.explorer import explore
from pages.shared.maps.separation import separation
from pages.shared.maps.settings import choose_maps


def page(ds: Dataset) -> None:
    head.show(ds)
    views = choose_maps(ds)
    if not views:
        st.info("Choose at least one space.", icon=":material/info:")
        return
    explore(ds, views)
    separation(ds, views)


page(recording.require())
