"""The stimuli of one cluster, those nearest to its centroid first, and their labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import clusters
from core.clusters import Clustering, Observations
from core.datasets import Dataset
from core.figures.export import WordcloudDrawing
from core.figures.heatmap import data_uri
from core.figures.wordclouds import without_glyphs, wordcloud
from pages.shared.components.gallery.gallery import Tile, gallery
from pages.shared.export import figures
from pages.shared.frame import images, selection, widgets
from pages.shared.frame.text import plain

NEAREST = (10, 100)
MOST_LABELS = 15
CLOUD = (420, 240)


def show(opened: list[Dataset], rows: Observations, clustering: Clustering) -> None:
    """One cluster: its stimuli, those nearest to its centroid first, and their labels."""
    for note in clustering.notes:
        st.caption(plain(note))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cluster, count = choose_cluster(clustering.k)
        members = rows.stimuli[clustering.labels == cluster]
        ids = opened[0].stimuli["id"].iloc[np.unique(members)]
        st.button(
            f"Select its stimuli ({len(ids):,})",
            on_click=selection.select,
            args=(opened[0], ids),
            key="clusters.select",
            icon=":material/check_box:",
        )
    near = clusters.nearest(clustering, rows.responses, cluster, count)
    gallery(
        tiles(opened, rows, near),
        key=f"cluster_{cluster}_{count}",
        selected=(),
        on_change=lambda ids: None,
        size=84,
        selectable=False,
        show_captions=True,
    )
    show_labels(opened, rows, clustering, cluster)


def choose_cluster(k: int) -> tuple[int, int]:
    """Which cluster is in view, and how many of its stimuli."""
    names = [str(number + 1) for number in range(k)]
    widgets.warn_unknown("clusters.cluster", names, "There is no cluster")
    if st.session_state.get("clusters.cluster") not in (None, *names):
        del st.session_state["clusters.cluster"]
    cluster = names.index(
        st.segmented_control(
            "Cluster",
            names,
            default=names[0],
            required=True,
            key="clusters.cluster",
            bind="query-params",
        )
    )
    count = st.segmented_control(
        "Nearest to its centroid",
        NEAREST,
        default=NEAREST[0],
        required=True,
        key="clusters.nearest",
        bind="query-params",
    )
    return cluster, int(count)


def tiles(opened: list[Dataset], rows: Observations, near: clusters.Members) -> list[Tile]:
    by_subject = {ds.subject: ds for ds in opened}
    shown = []
    for row, distance in zip(near.rows, near.distances, strict=True):
        ds = by_subject[str(rows.subjects[row])]
        stimulus = ds.stimuli.iloc[rows.stimuli[row]]
        subject = f" {ds.subject}" if len(opened) > 1 else ""
        caption = f"{distance:.2f}{subject}"
        words = f"{images.describe(stimulus)}, {caption}"
        uri, name = images.uri(ds, stimulus["id"]), stimulus["id"]
        shown.append(Tile(f"{row}", uri, caption, "", words, name))
    return shown


def count_labels(
    opened: list[Dataset], rows: Observations, clustering: Clustering, cluster: int
) -> pd.DataFrame:
    """How frequent each label is in a cluster and in all others, see ``clusters.label_table``."""
    by_subject = {ds.subject: ds.stimuli["labels"].tolist() for ds in opened}
    inside = np.where(clustering.labels < 0, -1, clustering.labels == cluster)
    used, is_in = rows.stimuli_in(inside)
    labels = [by_subject[str(rows.subjects[row])][rows.stimuli[row]] for row in used]
    return clusters.label_table(labels, is_in)


def show_labels(
    opened: list[Dataset], rows: Observations, clustering: Clustering, cluster: int
) -> None:
    """Which labels the stimuli of a cluster have, and which of them others lack."""
    table = count_labels(opened, rows, clustering, cluster)
    if table.empty:
        st.info("No stimulus has labels, so there is nothing to count.", icon=":material/info:")
        return
    st.header("Labels of its stimuli")
    by = st.segmented_control(
        "Labels by",
        clusters.WEIGHTS,
        default=clusters.WEIGHTS[-1],
        required=True,
        key="clusters.words",
        bind="query-params",
        help="count: stimuli with the label; log-ratio: how much more frequent it is here than "
        "in all other stimuli, where its 95 % interval lies above 1",
    )
    with st.container(key="halves"):
        left, right = st.columns(2, gap="large")
    weights = clusters.word_weights(table, by)
    dark = st.context.theme.type == "dark"
    with left:
        draw_cloud(weights, dark, f"Labels of cluster {cluster + 1} by {by}")
    with right:
        st.dataframe(in_words(table), hide_index=True)
    st.caption(
        "Ratio: how much more frequent a label is among the stimuli of the cluster than among "
        "all others (Jeffreys' prior), with its 95 % interval; ordered by the lower end. "
        "Where rows are trials, a stimulus counts once, in the cluster of most of them."
    )


def draw_cloud(weights: dict[str, float], dark: bool, title: str) -> None:
    """Labels by their weight; those that no font here can write as text, by the browser's fonts."""
    unwritten = without_glyphs(weights)
    words = sorted(weights, key=lambda word: -weights[word])
    written = {w: weights[w] for w in words if w not in unwritten}
    cloud = wordcloud(written, *CLOUD, dark)
    if cloud is not None:
        largest = ", ".join(words[:MOST_LABELS])
        figures.add("clusters.cloud", title, lambda: WordcloudDrawing(written, CLOUD, title))
        alt = f"Word cloud, largest: {largest}"
        st.image(data_uri(cloud, "image/png"), caption=f"Largest: {plain(largest)}", alt=alt)
    if unwritten:
        st.markdown(", ".join(map(plain, unwritten)))
        st.caption(
            "These labels are written here, heaviest first, and not in the cloud: no font on the "
            "machine that draws it has all their letters together with those of the others."
        )
    if not words:
        st.info("No label is surely more frequent here than elsewhere.")


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    shown = table.head(MOST_LABELS)
    return pd.DataFrame(
        {
            "Label": shown["label"],
            "Here": shown["inside"],
            "Elsewhere": shown["outside"],
            "Ratio": shown["ratio"].round(2),
            "95 % interval": [
                f"{low:.2f} to {high:.2f}"
                for low, high in zip(shown["low"], shown["high"], strict=True)
            ],
        }
    )
