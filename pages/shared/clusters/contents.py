"""What is in one cluster: its images, their labels, and what its centroid answers to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import clusters
from core.clusters import Clustering, Observations
from core.datasets import Dataset
from core.figures.heatmap import data_uri
from core.figures.wordclouds import wordcloud
from pages.shared.components.gallery.gallery import Tile, gallery
from pages.shared.frame import images, selection, widgets
from pages.shared.frame.text import plain

NEAREST = (10, 100)
MOST_LABELS = 15
CLOUD = (420, 240)


def contents(key: str, opened: list[Dataset], rows: Observations, found: Clustering) -> None:
    """One cluster: its images, their labels, and what its centroid answers to."""
    for note in found.notes:
        st.caption(plain(note))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cluster, count = choose_cluster(found.k)
        members = rows.stimuli[found.labels == cluster]
        ids = opened[0].stimuli["id"].iloc[np.unique(members)]
        st.button(
            f"Select its stimuli ({len(ids):,})",
            on_click=selection.select,
            args=(opened[0], ids),
            key="clusters.select",
            icon=":material/check_box:",
        )
    near = clusters.nearest(found, rows.responses, cluster, count)
    gallery(
        tiles(opened, rows, near),
        key=f"cluster_{cluster}_{count}",
        selected=(),
        on_change=lambda ids: None,
        size=84,
        selectable=False,
        show_captions=True,
    )
    labels(opened, rows, found, cluster)


def choose_cluster(k: int) -> tuple[int, int]:
    """Which cluster is in view, and how many of its images."""
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
    made = []
    for row, distance in zip(near.rows, near.distances, strict=True):
        ds = by_subject[str(rows.subjects[row])]
        stimulus = ds.stimuli.iloc[rows.stimuli[row]]
        subject = f" {ds.subject}" if len(opened) > 1 else ""
        caption = f"{distance:.2f}{subject}"
        words = f"{images.describe(stimulus)}, {caption}"
        made.append(Tile(f"{row}", images.uri(ds, stimulus["id"]), caption, "", words))
    return made


def labels(opened: list[Dataset], rows: Observations, found: Clustering, cluster: int) -> None:
    """Which labels the images of a cluster have, and which of them others lack."""
    by_subject = {ds.subject: ds.stimuli["labels"].tolist() for ds in opened}
    every = [
        by_subject[str(subject)][row]
        for subject, row in zip(rows.subjects, rows.stimuli, strict=True)
    ]
    used = found.labels >= 0
    table = clusters.label_table(
        [one for one, kept in zip(every, used, strict=True) if kept], found.labels[used] == cluster
    )
    if table.empty:
        st.info("No image has labels, so there is nothing to count.", icon=":material/info:")
        return
    st.subheader("What its images show")
    by = st.segmented_control(
        "Words by",
        clusters.WEIGHTS,
        default=clusters.WEIGHTS[-1],
        required=True,
        key="clusters.words",
        bind="query-params",
        help="count: images with the label; log-ratio: how much more frequent it is here than "
        "in all other images, where its 95 % interval lies above 1",
    )
    with st.container(key="halves"):
        left, right = st.columns(2, gap="large")
    weights = clusters.word_weights(table, by)
    dark = st.context.theme.type == "dark"
    with left:
        cloud = wordcloud(weights, *CLOUD, dark)
        if cloud is None:
            st.info("No label is surely more frequent here than elsewhere.")
        else:
            words = ", ".join(sorted(weights, key=lambda word: -weights[word])[:MOST_LABELS])
            st.image(data_uri(cloud, "image/png"), caption=f"Largest: {plain(words)}")
    with right:
        st.dataframe(in_words(table), hide_index=True)
    st.caption(
        "Ratio: how much more frequent a label is among the images of the cluster than among "
        "all others (Jeffreys' prior), with its 95 % interval; ordered by the lower end."
    )


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
