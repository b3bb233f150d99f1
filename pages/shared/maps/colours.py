"""What the points of a map are coloured by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import clusters
from core.clusters import Clustering, ClustersRequest
from core.datasets import Dataset
from core.figures import maps as figures
from core.figures.clusters import membership
from pages.shared.frame import widgets
from pages.shared.frame.address_parts import left_out
from pages.shared.maps.settings import forget_others

MOST_VALUES = 100
PLAIN, CLUSTER = "one colour", "cluster of region means"
COLUMNS_FIRST = ("supercategory", "category", "theme", "source", "split")
NOT_COLOURS = ("id", "file", "labels", "shares")


def choose_colours(ds: Dataset) -> tuple[str, figures.Colouring]:
    """Colour by a column, by the mean of a ROI, or by one unit."""
    columns = [name for name in map(str, ds.stimuli) if _colours_well(ds.stimuli[name], name)]
    columns.sort(key=lambda n: COLUMNS_FIRST.index(n) if n in COLUMNS_FIRST else len(COLUMNS_FIRST))
    means = [f"mean of {roi}" for roi in ds.rois]
    clustering = _clusters(ds)
    columns += [] if clustering is None else [CLUSTER]
    options = [*columns, PLAIN, *means, *(["unit"] if ds.n_units else [])]
    widgets.warn_unknown("maps.colour", options, "There is no column")
    forget_others("maps.colour", options)
    name = st.selectbox("Colour by", options, key="maps.colour", bind="query-params", width=160)
    if name == CLUSTER and clustering is not None:
        return name, membership(clustering)
    if name == PLAIN:
        return name, figures.colouring(["stimuli"] * ds.n_stimuli)
    if name == "unit":
        most = ds.n_units - 1
        left_out.forget_infinite("maps.unit")
        unit = st.number_input("Unit", 0, most, key="maps.unit", bind="query-params", width=120)
        return f"unit {unit} ({ds.info.units})", _values(ds.fingerprint, "", int(unit), ds)
    if name in means:
        roi = name.removeprefix("mean of ")
        return f"{name} ({ds.info.units})", _values(ds.fingerprint, roi, -1, ds)
    return name, figures.colouring(ds.stimuli[name])


def _clusters(ds: Dataset) -> Clustering | None:
    """The clusters of region means that the page Clusters shows first, where it has any."""
    if ds.betas is None or len(ds.regions) < 3:
        return None
    choice = clusters.load(ClustersRequest.of([ds]).key())
    return None if choice is None else choice.clusterings[choice.shown]


def _colours_well(column: pd.Series, name: str) -> bool:
    if name in NOT_COLOURS:
        return False
    known = column.replace("", None).dropna()
    return 1 < known.nunique() <= MOST_VALUES


@st.cache_resource(max_entries=32, show_spinner=False)
def _values(fingerprint: str, roi: str, unit: int, _ds: Dataset) -> figures.Colouring:
    values = _ds.region_means([roi]) if roi else _ds.responses_of(np.array([unit]))
    return figures.colouring(values[:, 0])
