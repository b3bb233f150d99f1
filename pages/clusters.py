"""Responses in clusters: how many, what is in their images, and what they answer to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core import clusters
from core.clusters import Choice, Clustering, Rows
from core.datasets import Dataset
from core.figures import clusters as figures
from core.figures.heatmap import data_uri
from core.figures.wordclouds import wordcloud
from pages.shared.clusters import results as clusterings
from pages.shared.components.gallery.gallery import Tile, gallery
from pages.shared.frame import images, presets, recording, selection
from pages.shared.frame.text import plain
from pages.shared.maps import spaces as map_spaces
from pages.shared.maps import view as map_view

NEAREST = (10, 100)
MOST_LABELS = 15
CLOUD = (420, 240)
WIDEST_CHART = 720


def chosen(choice: Choice, asked: str) -> Clustering:
    """By the recommendation, by one of the rules, or as many as were asked for."""
    by_rule = {clusters.RULES[name].label: k for name, k in choice.chosen.items()}
    k = int(asked) if asked.isdigit() else by_rule.get(asked, choice.k)
    if k is None or k not in choice.clusterings:
        st.info(f"{asked} gives no clusters here; the recommended ones are shown.")
        k = choice.k
    st.markdown(f"**{k} clusters** of {choice.rows:,} rows")
    return choice.clusterings[k]


def draw_map(ds: Dataset, request: dict[str, Any], found: Clustering) -> None:
    """The map that was clustered, coloured by cluster."""
    wanted = clusterings.map_of(request)
    drawn = None if wanted is None else map_spaces.stored(ds, wanted)
    if wanted is None or drawn is None:
        return
    colours = figures.membership(found)
    map_view.legend("cluster", colours)
    with st.container(width=WIDEST_CHART):
        map_view.show(ds, wanted, drawn, colours, as_images=False, line=None)


def how_many(choice: Choice) -> None:
    st.markdown(f"**Recommended: {plain(choice.recommendation)}**")
    with st.container(key="halves_below"):
        columns = st.columns(2)
    for place, name in enumerate(clusters.RULES):
        chart, alt = figures.rule(choice, name), f"{clusters.RULES[name].label} over k"
        columns[place % 2].plotly_chart(chart, key=f"rule_{name}", alt=alt)
    lines = []
    for name in clusters.RULES:
        rule, k = clusters.RULES[name], choice.chosen.get(name)
        lines.append(f"- **{rule.label}**: {'none' if k is None else k} ({rule.help})")
    st.markdown("\n".join(lines))
    if choice.most_rows < choice.rows:
        st.caption(
            f"Silhouette, gap and stability on {choice.most_rows:,} of {choice.rows:,} rows."
        )
    for note in choice.notes:
        st.caption(plain(note))
    st.download_button(
        "Values (CSV)",
        lambda: choice.table.to_csv(index=False),
        "clusters.csv",
        "text/csv",
        icon=":material/download:",
    )


def contents(key: str, opened: list[Dataset], rows: Rows, found: Clustering) -> None:
    """One cluster: its images, their labels, and what its centroid answers to."""
    for note in found.notes:
        st.caption(plain(note))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [str(number + 1) for number in range(found.k)]
        recording.warn_unknown("cluster", names, "There is no cluster")
        if st.session_state.get("cluster") not in (None, *names):
            del st.session_state["cluster"]
        cluster = names.index(
            st.segmented_control(
                "Cluster",
                names,
                default=names[0],
                required=True,
                key="cluster",
                bind="query-params",
            )
        )
        count = st.segmented_control(
            "Nearest to its centroid",
            NEAREST,
            default=NEAREST[0],
            required=True,
            key="nearest",
            bind="query-params",
        )
        members = rows.stimuli[found.labels == cluster]
        ids = opened[0].stimuli["id"].iloc[np.unique(members)]
        st.button(
            f"Select its stimuli ({len(ids):,})",
            on_click=selection.select,
            args=(opened[0], ids),
            key="select_cluster",
            icon=":material/check_box:",
        )
    near = clusters.nearest(found, rows.responses, cluster, int(count))
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


def tiles(opened: list[Dataset], rows: Rows, near: clusters.Members) -> list[Tile]:
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


def labels(opened: list[Dataset], rows: Rows, found: Clustering, cluster: int) -> None:
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
        key="words",
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


def profiles(opened: list[Dataset], rows: Rows, found: Clustering) -> None:
    """What the centroids answer to, region by region."""
    if len(opened) == 1 and len(opened[0].regions) > 2:
        ds = opened[0]
        table = clusters.profile(found, ds.region_means(), ds.regions)
        unit = ds.info.units
    elif len(opened) > 1:
        table, unit = clusters.profile(found, rows.responses, rows.names), rows.unit
    else:
        st.info("This recording names no regions to profile.", icon=":material/info:")
        return
    names = [str(number + 1) for number in range(found.k)]
    shown = st.pills("Clusters", names, selection_mode="multi", default=names, key="profiled")
    chosen = [names.index(name) for name in shown] or list(range(found.k))
    st.plotly_chart(
        figures.profiles(table, unit, chosen), key="profiles", alt="Mean response of clusters"
    )


def composition(opened: list[Dataset], rows: Rows, found: Clustering) -> None:
    """How sources and categories spread over the clusters."""
    stimuli = opened[0].stimuli
    columns = [
        name
        for name in ("theme", "supercategory", "source", "category", "split")
        if name in stimuli and stimuli[name].replace("", None).nunique() > 1
    ]
    if not columns:
        st.info("The stimulus list has no column to compare with.", icon=":material/info:")
        return
    column = st.selectbox("Compare with", columns, key="with", bind="query-params", width=200)
    by_subject = {ds.subject: ds.stimuli[column].tolist() for ds in opened}
    values = [
        by_subject[str(subject)][row]
        for subject, row in zip(rows.subjects, rows.stimuli, strict=True)
    ]
    compared = clusters.composition(found, values)
    alt = f"{column} in each cluster"
    st.plotly_chart(figures.composition(compared, column), key="composition", alt=alt)
    if compared.adjusted_rand is not None:
        st.markdown(
            f"**Adjusted Rand index {compared.adjusted_rand:.2f}** (0 is chance, 1 is identity), "
            f"normalised mutual information {compared.normalised_mutual_information:.2f}, over "
            f"{compared.known:,} rows."
        )


def consistency(ds: Dataset, request: dict[str, Any], found: Clustering) -> None:
    """Whether the clusters come back in other subjects, or with another k."""
    subjects = list(ds.subjects)
    are_regions = request["source"] != "map"
    choices = list(clusters.ACROSS) if len(subjects) > 1 and are_regions else ["k"]
    across = st.segmented_control(
        "Compare centroids across",
        choices,
        default=choices[0],
        required=True,
        key="across",
        bind="query-params",
        help=f"every subject with {found.k} clusters; or the rows above with neighbouring k",
    )
    asked = {**request, "across": across}
    if across == "subjects":
        asked |= {"k": found.k, "subjects": subjects}
        opened = clusterings.subjects_of(ds, {**request, "source": "pooled"})
    else:
        asked["ks"] = list(range(max(2, found.k - 2), found.k + 3))
        opened = clusterings.subjects_of(ds, request)
    recurrence = clusterings.recurred(opened, asked)
    if recurrence is None:
        return
    with st.container(width=WIDEST_CHART):
        chart = figures.consistency(recurrence)
        st.plotly_chart(chart, key="consistency", alt="Mean matched correlation of centroids")
    st.markdown(
        f"**Mean correlation of matched centroids {recurrence.mean:.2f}**; "
        f"{recurrence.above:.0%} of the matches lie above .8. Responses with the same "
        f"covariance but without clusters reach {recurrence.null.mean():.2f} "
        f"(at most {recurrence.null.max():.2f} in {len(recurrence.null)} simulations), "
        f"p = {recurrence.p:.2g}."
    )
    st.caption(
        "Centroids are matched one to one by the Hungarian method. Correlated regions give high "
        "matches by chance: only what lies above the simulations speaks for clusters."
    )


def page(ds: Dataset) -> None:
    recording.title(ds, "Clusters")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Which images does a brain answer alike, and what do they have in common?")
        presets.offer(ds, "clusters")
    if ds.betas is None:
        st.info(
            f"{ds.info.title} comes as RDMs only; clusters need responses. Its maps are on the "
            "page Maps.",
            icon=":material/info:",
        )
        return
    request, asked = clusterings.choose(ds)
    opened = clusterings.subjects_of(ds, request)
    found = clusterings.get(opened, request)
    if found is None:
        return
    key, choice = found
    rows = clusterings.rows_of(key, opened, request)
    clustering = chosen(choice, asked)
    draw_map(ds, request, clustering)
    inside, many, regions, columns, again = st.tabs(
        ["Contents", "How many", "Profiles", "Composition", "Consistency"],
        key="show_clusters",
        on_change="rerun",
        bind="query-params",
    )
    with inside:
        if inside.open:
            contents(key, opened, rows, clustering)
    with many:
        if many.open:
            how_many(choice)
    with regions:
        if regions.open:
            profiles(opened, rows, clustering)
    with columns:
        if columns.open:
            composition(opened, rows, clustering)
    with again:
        if again.open:
            consistency(ds, request, clustering)


page(recording.require())
