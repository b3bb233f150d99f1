"""Responses taken apart: what drives each component, and which of them come back."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.components import ComponentsResult
from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.decomposition import contents, evidence, results, settings
from pages.shared.decomposition.settings import ComponentsView
from pages.shared.frame import guard, recording
from pages.shared.frame.text import plain
from pages.shared.head import head


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; components need responses.",
            icon=":material/info:",
        )
        return
    try:
        view = settings.choose(ds)
        result = results.in_view(view.request)
        if result is not None:
            show(ds, view, result)
    except NeurogalleryError as error:
        guard.show_error(error)


def show(ds: Dataset, view: ComponentsView, result: ComponentsResult) -> None:
    """How many come back, one component, how many there are, and their twins."""
    evidence.say(view.request, result)
    variance = np.asarray(result.components.variance)
    order = np.arange(len(variance))
    if view.order == "variance":
        order = np.argsort(-variance, kind="stable")
    contents.show(ds, view, result, contents.choose(order))
    with st.container(key="halves_components"):
        left, right = st.columns(2, gap="medium")
    with left:
        st.header("How many")
        evidence.show_dimensions(result)
    with right:
        st.header("In other subjects")
        evidence.show_twins(result)
    with st.expander("Table", key="components.table", on_change="rerun") as opened:
        if opened.open:
            table = evidence.table(result)
            st.dataframe(table, hide_index=True, key="components_table")
            st.download_button(
                "Components (CSV)",
                table.to_csv(index=False),
                "components.csv",
                "text/csv",
                on_click="ignore",
            )
    st.page_link(
        "pages/clusters.py",
        label="Clusters: each image in one group",
        icon=":material/bubble_chart:",
    )


page(recording.require())
