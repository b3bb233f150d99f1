"""The clusterings of what is clustered on the page Clusters: stored, or by a job."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import clusters
from core.clusters import Choice, ClustersRequest, Consistency, ConsistencyRequest, Observations
from core.datasets import Dataset
from pages.shared.frame import results
from pages.shared.maps.spaces import RESPONSES, MapView


@st.cache_resource(max_entries=8, show_spinner="Collecting the responses …")
def rows_of(key: str, _opened: list[Dataset], _request: ClustersRequest) -> Observations:
    return clusters.rows_of(_opened, _request.source, _request.roi, _request.seed)


def map_of(request: ClustersRequest) -> MapView | None:
    """The map whose points are clustered, as the page Maps asks for it."""
    if request.source != "map":
        return None
    space = ":".join([RESPONSES, *request.roi])
    return MapView(space, clusters.MAP, {}, request.seed)


@st.cache_resource(max_entries=8, show_spinner=False)
def _loaded(key: str) -> Choice | None:
    return clusters.load(key)


def get(request: ClustersRequest) -> Choice | None:
    """The clusterings of every k; until a job has them, its progress and None."""
    return results.get(request, partial(results.recall, _loaded), one_at_a_time=True)


def consistency(request: ConsistencyRequest) -> Consistency | None:
    """How clusterings match; until it is known, a button or a progress, and None."""
    icon = ":material/compare:"
    return results.get(request, clusters.load_consistency, on_click=True, icon=icon)
