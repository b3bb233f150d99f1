"""Responses in clusters: how many, what is in their pictures, and what they answer to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import clusters, jobs
from core.clusters import Choice, Clustering, Rows
from core.datasets import Dataset
from core.figures import clusters as figures
from core.figures.heatmap import data_uri
from core.figures.wordclouds import wordcloud
from pages.shared import jobs_panel, pictures, recording, selection
from pages.shared.components.gallery import Tile, gallery
from pages.shared.text import plain

OPERATION = "clusters"
EVERY = "every unit"
NEAREST = (10, 100)
MOST_LABELS = 15
CLOUD = (420, 240)
WIDEST_CHART = 720


def choose_rows(ds: Dataset) -> dict[str, object]:
    """What is clustered, and by which distance."""
    sources = list(clusters.SOURCES) if len(ds.regions) > 2 else ["voxels"]
    if len(ds.subjects) < 2 and "pooled" in sources:
        sources.remove("pooled")
    request: dict[str, object] = {"dataset": ds.info.name, "subject": ds.subject}
    request["options"] = jobs_panel.options_of(ds)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Clusters of",
            sources,
            default=sources[0],
            required=True,
            key="of",
            bind="query-params",
            help="mean responses of regions; single units; or the region means of every subject",
        )
        if source == "voxels":
            recording.warn_unknown("of_roi", [EVERY, *ds.rois], f"{ds.subject} has no ROI")
            roi = st.selectbox(
                "ROI", [EVERY, *ds.rois], key="of_roi", bind="query-params", width=180
            )
            request["roi"] = [] if roi == EVERY else [roi]
        metric = st.selectbox(
            "Distance", list(clusters.METRICS), key="distance", bind="query-params", width=160
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, key="k_seed", bind="query-params", width=110)
    if source == "pooled":
        request["subjects"] = list(ds.subjects)
    return {**request, "source": source, "metric": metric, "seed": int(seed)}


def subjects_of(ds: Dataset, request: dict[str, object]) -> list[Dataset]:
    """The recording of every subject that is clustered."""
    if request["source"] != "pooled":
        return [ds]
    return [recording.other_subject(ds, subject) for subject in ds.subjects]


@st.cache_resource(max_entries=8, show_spinner="Collecting the responses …")
def rows_of(key: str, _opened: list[Dataset], _request: dict[str, object]) -> Rows:
    return clusters.rows_of(_opened, str(_request["source"]), _request.get("roi"))  # type: ignore[arg-type]


@st.cache_resource(max_entries=8, show_spinner=False)
def loaded(key: str) -> Choice | None:
    return clusters.load(key)


def clustered(opened: list[Dataset], request: dict[str, object]) -> tuple[str, Choice] | None:
    """The clusterings of every k; until a job has them, its progress and None."""
    key = clusters.result_key(opened, request)
    found = loaded(key)
    if found is not None:
        return key, found
    loaded.clear()
    full = {**request, "fingerprint": [ds.fingerprint for ds in opened]}
    job = jobs.find(OPERATION, full)
    if job is not None and job.status == "done":  # its result was deleted
        job.remove()
    label = f"Clustering {request['source']} with 2 to 20 clusters"
    if jobs_panel.run_here(OPERATION, full, label, one_at_a_time=True) is not None:
        st.rerun()
    return None


def choose_k(choice: Choice) -> Clustering:
    ks = list(choice.clusterings)
    recommended = f"recommended ({choice.k})"
    asked = st.selectbox(
        "Number of clusters", [recommended, *map(str, ks)], key="k", bind="query-params", width=220
    )
    return choice.clusterings[choice.k if asked == recommended else int(asked)]


def how_many(choice: Choice) -> None:
    st.markdown(f"**{plain(choice.recommendation)}**")
    st.plotly_chart(figures.choices(choice), key="choices", alt="Four rules over k")
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
    """One cluster: its pictures, their labels, and what its centroid answers to."""
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
        words = f"{pictures.describe(stimulus)}, {caption}"
        made.append(Tile(f"{row}", pictures.picture(ds, stimulus["id"]), caption, "", words))
    return made


def labels(opened: list[Dataset], rows: Rows, found: Clustering, cluster: int) -> None:
    """Which labels the pictures of a cluster have, and which of them others lack."""
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
        st.info("No picture has labels, so there is nothing to count.", icon=":material/info:")
        return
    st.subheader("What its pictures show")
    by = st.segmented_control(
        "Words by",
        clusters.WEIGHTS,
        default=clusters.WEIGHTS[-1],
        required=True,
        key="words",
        bind="query-params",
        help="count: pictures with the label; log-ratio: how much more frequent it is here than "
        "in all other pictures, where its 95 % interval lies above 1",
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
        "Ratio: how much more frequent a label is among the pictures of the cluster than among "
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


def consistency(ds: Dataset, request: dict[str, object], found: Clustering) -> None:
    """Whether the clusters come back in other subjects, or with another k."""
    subjects = list(ds.subjects)
    choices = list(clusters.ACROSS) if len(subjects) > 1 else ["k"]
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
        opened = subjects_of(ds, {**request, "source": "pooled"})
    else:
        asked["ks"] = list(range(max(2, found.k - 2), found.k + 3))
        opened = subjects_of(ds, request)
    recurrence = recurred(opened, asked)
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


def recurred(opened: list[Dataset], asked: dict[str, object]) -> clusters.Consistency | None:
    found = clusters.load_recurrence(clusters.recurrence_key(opened, asked))
    if found is not None:
        return found
    full = {**asked, "fingerprint": [ds.fingerprint for ds in opened]}
    job = jobs.find("consistency", full)
    if job is not None and job.status == "done":  # its result was deleted
        job.remove()
    label = "Match the clusters, and those of responses without clusters"
    icon = ":material/compare:"
    if jobs_panel.run_here("consistency", full, label, on_click=True, icon=icon) is not None:
        st.rerun()
    return None


def page(ds: Dataset) -> None:
    recording.title(ds, "Clusters")
    st.markdown("Which pictures does a brain answer alike, and what do they have in common?")
    if ds.betas is None:
        st.info(
            f"{ds.info.title} comes as RDMs only; clusters need responses. Its maps are on the "
            "page Maps.",
            icon=":material/info:",
        )
        return
    request = choose_rows(ds)
    opened = subjects_of(ds, request)
    found = clustered(opened, request)
    if found is None:
        return
    key, choice = found
    rows = rows_of(key, opened, request)
    clustering = choose_k(choice)
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
