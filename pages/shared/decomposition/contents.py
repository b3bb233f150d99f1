"""One component: the images at both ends, its labels, its profile, the texts that go with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import clusters, encoders
from core.components import ComponentsResult
from core.datasets import Dataset
from core.encoding import words_of
from core.encoding.usual import embeddings_of
from core.errors import NeurogalleryError
from core.figures import components as figures
from core.figures.export import WordcloudDrawing
from core.figures.heatmap import data_uri
from core.figures.wordclouds import wordcloud
from pages.shared.decomposition import results
from pages.shared.decomposition.settings import ComponentsView
from pages.shared.export.figures import add, drawn, show_chart
from pages.shared.frame import images, widgets
from pages.shared.frame.guard import show_error
from pages.shared.frame.text import plain

ENDS, SIDE = 10, 72
MOST_TEXTS, SHOWN_TEXTS = 100, 7
CLOUD, CLOUD_IMAGES = (420, 240), 50
KEY, TEXTS = "components.component", "components.texts"


def choose(order: np.ndarray) -> int:
    """Which component is in view."""
    names = [str(number + 1) for number in order]
    widgets.warn_unknown(KEY, names, "There is no component")
    if st.session_state.get(KEY, names[0]) not in names:
        del st.session_state[KEY]
    chosen = st.segmented_control(
        "Component",
        names,
        default=names[0],
        required=True,
        key=KEY,
        bind="query-params",
    )
    return int(chosen or names[0]) - 1


def show(ds: Dataset, view: ComponentsView, result: ComponentsResult, number: int) -> None:
    """Images at both ends beside profile, labels and texts."""
    _say(result, number)
    with st.container(key="components_one"):
        left, right = st.columns(2, gap="medium")
    with left:
        _show_ends(ds, result, number)
        _show_labels(ds, result, number)
    with right:
        values = result.components.profiles[number]
        show_chart(
            drawn(figures.profile, values, result.names),
            key="components_profile",
            alt=f"Profile of component {number + 1} over {len(values)} columns",
        )
        _show_texts(ds, view, result, number)


def _say(result: ComponentsResult, number: int) -> None:
    words = f"**Component {number + 1}**: {100 * result.components.variance[number]:.0f} % of the "
    words += "variance"
    known = result.reliability
    if known is not None:
        words += "; comes back" if result.reliable[number] else "; does not come back"
        words += f": reliability {known.r[number]:.2f} (by chance up to {known.threshold:.2f})"
        words += f"; that of half of the stimuli is like it by r {known.twin[number]:.2f}"
    st.markdown(f"{words}.")


def _show_ends(ds: Dataset, result: ComponentsResult, number: int) -> None:
    """Ten images of the highest scores and ten of the lowest."""
    scores = np.asarray(result.components.scores[:, number], dtype=np.float64)
    images.grouped(ds, images.ends(scores, ENDS, "score {:.1f}"), "components_ends", SIDE)


def _show_labels(ds: Dataset, result: ComponentsResult, number: int) -> None:
    """Labels of the fifty images of the highest scores, against those of all others."""
    scores = np.asarray(result.components.scores[:, number], dtype=np.float64)
    known = np.flatnonzero(np.isfinite(scores))
    top = known[np.argsort(-scores[known], kind="stable")[:CLOUD_IMAGES]]
    labels = ds.stimuli["labels"].tolist()
    inside = np.isin(known, top)
    table = clusters.label_table([labels[row] for row in known], inside)
    weights = clusters.word_weights(table, "log-ratio")
    if not weights:
        words = "No label is" if len(table) else "No stimulus has labels: none is"
        st.caption(f"{words} surely more frequent among the images of the highest scores.")
        return
    title = f"Labels of component {number + 1}"
    cloud = wordcloud(weights, *CLOUD, st.context.theme.type == "dark")
    if cloud is not None:
        largest = ", ".join(sorted(weights, key=lambda word: -weights[word])[:8])
        add("components.cloud", title, lambda: WordcloudDrawing(weights, CLOUD, title))
        st.image(data_uri(cloud, "image/png"), alt=f"Word cloud, largest: {largest}")
        st.caption(
            f"Labels more frequent among the {CLOUD_IMAGES} images of the highest scores than "
            f"among all others (95 % interval of the ratio above 1); largest: {plain(largest)}."
        )


def _show_texts(ds: Dataset, view: ComponentsView, result: ComponentsResult, number: int) -> None:
    """Correlation with every text of a list, by a text encoder."""
    able = [
        name for name in embeddings_of(ds) if encoders.get(name.partition(",")[0]).info.has_text
    ]
    able = [name for name in able if "," not in name]
    if not able:
        st.caption("No encoder on this machine reads both these images and texts.")
        return
    listed = _texts(ds)
    try:
        similar = results.similar(ds.fingerprint, able[0], listed, ds)
        table = results.with_texts(
            f"{view.request.key()} {able[0]}",
            number,
            listed,
            result.components.scores[:, number],
            similar,
            ds,
        )
    except NeurogalleryError as error:
        show_error(error)
        return
    show_chart(
        drawn(figures.texts, table, SHOWN_TEXTS),
        key="components_with_texts",
        alt=f"Texts whose similarity with the images goes with component {number + 1}",
    )
    unit = "categories" if pd.unique(ds.stimuli["category"]).size >= 3 else "images"
    st.caption(
        f"Correlation over stimuli of the component with the cosine of image and text, by "
        f"{plain(able[0])}; faint where p, by permuted {unit} and corrected for "
        f"{len(listed)} texts, is above 0.05."
    )


def _texts(ds: Dataset) -> tuple[str, ...]:
    """The list of texts, which the reader may change."""
    usual = ", ".join(words_of(ds, MOST_TEXTS)) or "a face, a body, a place, food, a tool"
    with st.popover("Texts", icon=":material/edit:"):
        text = st.text_area(
            "Texts, separated by commas", usual, key=TEXTS, bind="query-params", max_chars=4000
        )
    listed = tuple(dict.fromkeys(t.strip() for t in text.split(",") if t.strip()))
    return listed[:MOST_TEXTS] or tuple(usual.split(", "))
