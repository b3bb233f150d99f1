"""Whether the dissimilarity of two responses can be told from the two images."""

from __future__ import annotations

import streamlit as st

import pages.shared.dissimilarity.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.dissimilarity import evidence, results, settings, tables
from pages.shared.frame import guard, recording
from pages.shared.frame.text import plain
from pages.shared.head import head


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; the dissimilarity of pairs needs responses.",
            icon=":material/info:",
        )
        return
    try:
        predict(ds)
    except NeurogalleryError as error:
        guard.show_error(error)


def predict(ds: Dataset) -> None:
    """Settings, the verdict, scores beside baselines, the matrices and what explains them."""
    view = settings.choose(ds)
    if view is None:
        return
    rows = results.rows_in_view(view.request)
    if rows is not None:
        evidence.show_scores(rows, view)
        model = evidence.choose_model(rows, view)
        if model is not None:
            evidence.show_matrices(ds, model, view)
            evidence.show_worst(ds, model)
        evidence.explain_leak(ds, rows, view)
    tables.show(ds, view, rows)


page(recording.require())
