"""Clusters of responses: how many, which stimuli they hold, and what their centroids are."""

from __future__ import annotations

import streamlit as st

import pages.shared.clusters.presets  # noqa: F401  (registers the presets of the page)
from core import clusters
from core.clusters import Choice, Clustering, ClustersRequest
from core.datasets import Dataset
from pages.shared.clusters import contents, evidence, results, settings
from pages.shared.frame import recording
from pages.shared.frame.text import plain
from pages.shared.head import head


def show_chosen(choice: Choice, number: str) -> Clustering:
    """Name the clustering in view: of the recommended k, of a rule's, or of a number."""
    by_rule = {clusters.RULES[name].label: k for name, k in choice.chosen.items()}
    k = int(number) if number.isdigit() else by_rule.get(number, choice.shown)
    if k is None or k not in choice.clusterings:
        st.info(f"{number} gives no clusters here; {choice.shown} are shown.")
        k = choice.shown
    st.markdown(f"**{k} clusters** of {choice.rows:,} rows")
    if choice.k == 1 < k:
        st.info(
            "No number of clusters is recommended: these divide what varies gradually, or there "
            "are too few rows to tell. See *Choosing k*.",
            icon=":material/info:",
        )
    return choice.clusterings[k]


def page(ds: Dataset) -> None:
    head.show(ds)
    if ds.betas is None:
        st.info(
            f"{plain(ds.info.title)} {plain(ds.lack)}; clusters need responses. Its maps are on "
            "the page Maps.",
            icon=":material/info:",
        )
        return
    request, number = settings.choose(ds)
    choice = results.get(request)
    if choice is not None:
        show(ds, request, choice, number)


def show(ds: Dataset, request: ClustersRequest, choice: Choice, number: str) -> None:
    """The clusters of the number in view, and what speaks for them."""
    opened = request.open()
    rows = results.rows_of(request.key(), opened, request)
    clustering = show_chosen(choice, number)
    evidence.draw_map(ds, request, clustering)
    contents_tab, k_tab, profiles_tab, table_tab, reproducibility_tab = st.tabs(
        ["Stimuli and labels", "Choosing k", "Profiles", "Cross-tabulation", "Reproducibility"],
        key="clusters.tab",
        on_change="rerun",
        bind="query-params",
    )
    with contents_tab:
        if contents_tab.open:
            contents.show(opened, rows, clustering)
    with k_tab:
        if k_tab.open:
            evidence.show_rules(choice)
    with profiles_tab:
        if profiles_tab.open:
            evidence.show_profiles(opened, rows, clustering)
    with table_tab:
        if table_tab.open:
            evidence.cross_tabulate(opened, rows, clustering)
    with reproducibility_tab:
        if reproducibility_tab.open:
            evidence.show_reproducibility(ds, request, clustering)
    label = "Components: each response as a sum of parts"
    st.page_link("pages/components.py", label=label, icon=":material/stacked_line_chart:")


page(recording.require())
