"""Whether the dissimilarity of two responses can be told from the two images."""

from __future__ import annotations

import streamlit as st

import pages.shared.dissimilarity.presets  # noqa: F401  (registers the presets of the page)
from core.datasets import Dataset
from core.errors import NeurogalleryError
from pages.shared.dissimilarity import evidence, results, settings, tables
from pages.shared.frame import guard, presets, recording
from pages.shared.frame.text import plain


def explain() -> None:
    with st.popover("How to read it", icon=":material/help:"):
        st.markdown(
            "A model takes two images and gives the dissimilarity of the responses to them. It is "
            "scored on **unseen pairs**, which it was not trained on. Under *Pairs leaked* pairs "
            "were dealt out: both images of an unseen pair are in hundreds of training pairs, and "
            "what is known of each **image** is enough to score. Under *Images held out* the "
            "images themselves are new. **R²** is 1 for perfect predictions, 0 where one number "
            "for all pairs does as well, negative where it does better. **Identity only** adds "
            "the mean of a row to that of a column and never looks at an image: what it scores "
            "is leak. **Embedding distance** has learned nothing. A model has learned something "
            "of images where it beats both with the images held out."
        )


def page(ds: Dataset) -> None:
    recording.title(ds, "Predict dissimilarity")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Can the dissimilarity of two responses be told from the two images?")
        explain()
        presets.offer(ds, "dissimilarity")
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
