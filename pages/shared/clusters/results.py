"""The clusterings of what is clustered on the page Clusters: stored, or by a job."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import clusters, jobs
from core.clusters import Choice, Observations
from core.datasets import Dataset
from pages.shared.frame import jobs as jobs_panel
from pages.shared.frame import recording
from pages.shared.maps.spaces import EVERY as RESPONSES
from pages.shared.maps.spaces import Wanted

OPERATION = "clusters"


def subjects_of(ds: Dataset, request: dict[str, Any]) -> list[Dataset]:
    """The recording of every subject that is clustered."""
    if request["source"] != "pooled":
        return [ds]
    return [recording.other_subject(ds, subject) for subject in ds.subjects]


@st.cache_resource(max_entries=8, show_spinner="Collecting the responses …")
def rows_of(key: str, _opened: list[Dataset], _request: dict[str, Any]) -> Observations:
    asked = _request["source"], _request.get("roi"), _request["seed"]
    return clusters.rows_of(_opened, *asked)


def map_of(request: dict[str, Any]) -> Wanted | None:
    """The map whose points are clustered, as the page Maps asks for it."""
    if request["source"] != "map":
        return None
    space = ":".join([RESPONSES, *request["roi"]])
    return Wanted(space, clusters.MAP, {}, request["seed"])


@st.cache_resource(max_entries=8, show_spinner=False)
def loaded(key: str) -> Choice | None:
    return clusters.load(key)


def get(opened: list[Dataset], request: dict[str, Any]) -> tuple[str, Choice] | None:
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
