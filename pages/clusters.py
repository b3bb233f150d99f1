"""Responses in clusters: how many, what is in their images, and what they answer to."""

from __future__ import annotations

import streamlit as st

import pages.shared.clusters.presets  # noqa: F401  (registers the presets of the page)
from core import clusters
from core.clusters import Choice, Clustering, ClustersRequest
from core.datasets import Dataset
from pages.shared.clusters import contents, evidence, results, settings
from pages.shared.frame import presets, recording


def chosen(choice: Choice, number: str) -> Clustering:
    """By the recommendation, by one of the rules, or as many as were asked for."""
    by_rule = {clusters.RULES[name].label: k for name, k in choice.chosen.items()}
    k = int(number) if number.isdigit() else by_rule.get(number, choice.k)
    if k is None or k not in choice.clusterings:
        st.info(f"{number} gives no clusters here; the recommended ones are shown.")
        k = choice.k
    st.markdown(f"**{k} clusters** of {choice.rows:,} rows")
    return choice.clusterings[k]


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
    request, number = settings.choose(ds)
    choice = results.get(request)
    if choice is not None:
        show(ds, request, choice, number)


def show(ds: Dataset, request: ClustersRequest, choice: Choice, number: str) -> None:
    """The clusters of the number in view, and what speaks for them."""
    key, opened = request.key(), request.open()
    rows = results.rows_of(key, opened, request)
    clustering = chosen(choice, number)
    evidence.draw_map(ds, request, clustering)
    inside, many, regions, columns, again = st.tabs(
        ["Contents", "How many", "Profiles", "Composition", "Consistency"],
        key="clusters.tab",
        on_change="rerun",
        bind="query-params",
    )
    with inside:
        if inside.open:
            contents.contents(key, opened, rows, clustering)
    with many:
        if many.open:
            evidence.how_many(choice)
    with regions:
        if regions.open:
            evidence.profiles(opened, rows, clustering)
    with columns:
        if columns.open:
            evidence.composition(opened, rows, clustering)
    with again:
        if again.open:
            evidence.consistency(ds, request, clustering)


page(recording.require())
