"""What is clustered on the page Clusters, by which distance, and how many clusters."""

from __future__ import annotations

import streamlit as st

from core import clusters
from core.clusters import ClustersRequest
from core.datasets import Dataset
from pages.shared.frame import recording, widgets

EVERY = "every unit"
RECOMMENDED = "recommended"
FEWEST_REGIONS = 2


def has_regions(ds: Dataset) -> bool:
    """Whether a recording names enough regions to cluster their mean responses."""
    return len(ds.regions) > FEWEST_REGIONS


def choose(ds: Dataset) -> tuple[ClustersRequest, str]:
    """What is clustered and by which distance; and how the number of clusters is chosen."""
    sources = list(clusters.SOURCES if has_regions(ds) else clusters.OF_UNITS)
    if len(ds.subjects) < 2 and "pooled" in sources:
        sources.remove("pooled")
    rois: list[str] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Clusters of",
            sources,
            default=sources[0],
            required=True,
            key="of",
            bind="query-params",
            help="mean responses of regions; single units; the region means of every subject; or "
            "the points of the t-SNE map of the responses",
        )
        if source in clusters.OF_UNITS:
            widgets.warn_unknown("of_roi", [EVERY, *ds.rois], f"{ds.subject} has no ROI")
            roi = st.selectbox(
                "ROI", [EVERY, *ds.rois], key="of_roi", bind="query-params", width=180
            )
            rois = [] if roi == EVERY else [roi]
        metrics = ["euclidean"] if source == "map" else list(clusters.METRICS)
        metric = st.selectbox("Distance", metrics, key="distance", bind="query-params", width=160)
        ks = [
            RECOMMENDED,
            *(rule.label for rule in clusters.RULES.values()),
            *map(str, clusters.KS),
        ]
        widgets.warn_unknown("k", ks, "There is no number of clusters")
        number = st.selectbox("Number of clusters", ks, key="k", bind="query-params", width=180)
        seed = st.number_input("Seed", 0, 2**31 - 1, key="k_seed", bind="query-params", width=110)
    opened = subjects_of(ds) if source == "pooled" else [ds]
    settings = {"source": source, "roi": rois, "metric": metric, "seed": int(seed)}
    return ClustersRequest.of(opened, **settings), number


def subjects_of(ds: Dataset) -> list[Dataset]:
    """The recording of every subject."""
    return [recording.other_subject(ds, subject) for subject in ds.subjects]
