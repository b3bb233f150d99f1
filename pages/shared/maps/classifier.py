"""A linear classifier between two groups of stimuli on a map."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import maps
from core.datasets import Dataset
from core.errors import NeurogalleryError
from core.maps import Map
from pages.shared.frame.text import plain
from pages.shared.maps.settings import grouping
from pages.shared.maps.spaces import MapView

MOST_PERMUTED = 3000


def choose_groups(ds: Dataset) -> tuple[np.ndarray, np.ndarray] | None:
    """Two groups of stimuli that a linear classifier is to tell apart."""
    columns = grouping(ds, "supercategory", "category")
    if not columns:
        return None
    st.markdown("**Linear classifier** between two groups")
    column = st.selectbox("Groups by", columns, key="maps.groups_by", bind="query-params")
    values = sorted(set(ds.stimuli[column]) - {""})
    first = st.multiselect("Group A", values, key="maps.group_a", bind="query-params")
    second = st.multiselect(
        "Group B",
        values,
        key="maps.group_b",
        bind="query-params",
        placeholder="all others" if first else "choose group A first",
    )
    if not first:
        return None
    in_a = ds.stimuli[column].isin(first).to_numpy()
    in_b = ds.stimuli[column].isin(second).to_numpy() if second else ~in_a
    return in_a, in_b & ~in_a & (ds.stimuli[column] != "").to_numpy()


@st.cache_resource(max_entries=32, show_spinner="Fitting the classifier …")
def fitted(
    key: tuple[object, ...], _map: Map, _groups: tuple[np.ndarray, np.ndarray]
) -> maps.LinearClassifier | str:
    permutations = 200 if len(_map.coordinates) <= MOST_PERMUTED else 20
    try:
        return maps.linear_classifier(_map.coordinates, *_groups, permutations=permutations)
    except NeurogalleryError as error:
        return str(error)


def classifier_of(
    ds: Dataset, view: MapView, map_: Map, groups: tuple[np.ndarray, np.ndarray] | None
) -> maps.LinearClassifier | None:
    if groups is None:
        return None
    stamp = tuple(np.packbits(group).tobytes() for group in groups)
    key = (ds.fingerprint, view.space, view.method, str(view.parameters), view.seed, stamp)
    classifier = fitted(key, map_, groups)
    if isinstance(classifier, str):
        st.info(plain(classifier), icon=":material/info:")
        return None
    return classifier
