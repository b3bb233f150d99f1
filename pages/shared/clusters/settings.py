"""What is clustered on the page Clusters, by which distance, and how many clusters."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import clusters
from core.clusters import ClustersRequest
from core.datasets import Dataset
from pages.shared.frame import recording, widgets
from pages.shared.frame.text import in_words
from pages.shared.glossary import glossary

RECOMMENDED = "recommended"
FEWEST_REGIONS = 2


def has_regions(ds: Dataset) -> bool:
    """Whether a recording names enough regions to cluster their mean responses."""
    return len(ds.regions) > FEWEST_REGIONS


def has_repeats(ds: Dataset) -> bool:
    """Whether some stimulus was shown more than once: else single trials are the stimuli."""
    return bool(ds.repeats.max(initial=0) > 1)


def choose(ds: Dataset) -> tuple[ClustersRequest, str]:
    """What is clustered and by which distance; and how the number of clusters is chosen."""
    sources = list(clusters.SOURCES if has_regions(ds) else clusters.OF_UNITS)
    if len(ds.subjects) < 2 and "pooled" in sources:
        sources.remove("pooled")
    if not has_repeats(ds) and clusters.TRIALS in sources:
        sources.remove(clusters.TRIALS)
    rois: list[str] = []
    notes = st.container()
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Clusters of",
            sources,
            default=sources[0],
            required=True,
            key="clusters.source",
            bind="query-params",
            help="mean responses of regions; single units; the region means of every subject; "
            "the points of the t-SNE map of the responses; or the region means of every trial",
        )
        if source in clusters.OF_UNITS:
            rois = widgets.choose_rois(
                list(ds.rois),
                f"{ds.subject} has no ROI",
                most=1 if source == "map" else None,  # as the page Maps draws it
                notes=notes,
                width=200,
            )
        number = _choose_number()
        metric, seed, differing = _choose_rest(source, notes)
    if differing:
        st.caption(differing)
    opened = subjects_of(ds) if source == "pooled" else [ds]
    settings = {"source": source, "roi": rois, "metric": metric, "seed": seed}
    return ClustersRequest.of(opened, **settings), number


def _choose_number() -> str:
    """A rule that chooses the number of clusters, or a number."""
    rules = (rule.label for rule in clusters.RULES.values())
    ks = [RECOMMENDED, *rules, *map(str, clusters.KS)]
    widgets.warn_unknown("clusters.k", ks, "There is no number of clusters")
    return st.selectbox(
        "Number of clusters",
        ks,
        key="clusters.k",
        bind="query-params",
        width=160,
        help=glossary.explain(["k-means", "silhouette", "gap statistic"]),
    )


def _choose_rest(source: str, notes: DeltaGenerator) -> tuple[str, int, str]:
    """Distance and seed, behind a button, and which of them differ from the default."""
    metrics = ["euclidean"] if source == "map" else list(clusters.METRICS)
    with st.popover("Settings", icon=":material/tune:"):
        metric = widgets.choose_metric(metrics, "Distance", notes)
        seed = widgets.choose_seed()
    usual = {"distance": metrics[0], "seed": widgets.SEED.default}
    return metric, seed, in_words({"distance": metric, "seed": seed}, usual)


def subjects_of(ds: Dataset) -> list[Dataset]:
    """The recording of every subject."""
    return [recording.other_subject(ds, subject) for subject in ds.subjects]
