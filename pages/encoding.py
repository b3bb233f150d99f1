"""How well the response of each unit is predicted from an image, and from what of it."""

from __future__ import annotations

import streamlit as st

from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.decoders import audit
from pages.shared.encoding import evidence, predicted, results, settings, unit, where
from pages.shared.frame import guard, recording
from pages.shared.frame.text import plain
from pages.shared.head import head


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; an encoding model predicts responses.",
            icon=":material/info:",
        )
        return
    try:
        predict(ds)
    except NeurogalleryError as error:
        guard.show_error(error)


def predict(ds: Dataset) -> None:
    """Settings, scores by region and unit, what drives a unit, a new image, both directions."""
    view = settings.choose(ds)
    if view is None:
        return
    fits = results.fits_in_view(view.request)
    if fits is None:
        st.caption(
            "Each model predicts every unit from an embedding of the image alone, and is scored "
            "on images that it has not seen, beside what noise allows."
        )
        return
    evidence.show_scores(fits, view)
    unit.show(ds, fits, view)
    predicted.show(ds, fits, view)
    evidence.show_shares(fits, view)
    where.show(fits, view)
    label = "On the cortex: the same scores, unit by unit"
    st.page_link("pages/cortex.py", label=label, icon=":material/psychology:")
    audit.show_split(view.request.config(view.request.models[0]), "encoding.audit")
    with st.expander("Tables", key="encoding.tables", on_change="rerun") as tables:
        if tables.open:
            evidence.show_tables(fits)


page(recording.require())
