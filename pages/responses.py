"""Single responses, their spread over units and stimuli, and their reliability."""

import numpy as np
import pandas as pd
import streamlit as st

from core import statistics
from core.datasets import Dataset
from core.errors import InputError
from core.figures import charts
from pages.shared.frame import images, recording, selection

MOST_LINES = 12
FIRST_LINES = 4


@st.cache_resource(max_entries=16, show_spinner="Averaging the repeats …")
def mean_responses(fingerprint: str, roi: str | None, _ds: Dataset) -> np.ndarray:
    return _ds.responses(roi)


@st.cache_resource(max_entries=16, show_spinner="Measuring the reliability …")
def reliability(fingerprint: str, roi: str | None, _ds: Dataset) -> statistics.Reliability:
    return statistics.split_half_reliability(_ds.responses(roi, repeats="all"), _ds.trial_rows)


def choose_roi(ds: Dataset) -> str | None:
    everything = "all units"
    recording.warn_unknown("roi_shown", [everything, *ds.rois], f"{ds.subject} has no ROI")
    roi = st.selectbox(
        "ROI", [everything, *ds.rois], key="roi_shown", bind="query-params", width=240
    )
    return None if roi == everything else roi


def chosen_stimuli(ds: Dataset, usable: np.ndarray) -> pd.DataFrame:
    """The selected stimuli; without a selection, the first usable ones."""
    selected = set(selection.current(ds).ids)
    rows = np.flatnonzero(usable & ds.stimuli["id"].isin(selected).to_numpy())
    if len(rows) == 0:
        st.caption(f"{FIRST_LINES} stimuli. Select others on Overview, or by the buttons of RDM.")
        rows = np.flatnonzero(usable)
        kinds = ds.stimuli["category"].iloc[rows].drop_duplicates().index.to_numpy()
        rows = (kinds if len(kinds) >= FIRST_LINES else rows)[:FIRST_LINES]
    elif len(rows) > MOST_LINES:
        st.caption(f"The first {MOST_LINES} of {len(rows):,} selected stimuli.")
    return ds.stimuli.iloc[rows[:MOST_LINES]]


def single_responses(ds: Dataset, responses: np.ndarray, usable: np.ndarray) -> None:
    st.subheader("Single responses")
    stimuli = chosen_stimuli(ds, usable)
    names = [images.describe(stimulus) for _, stimulus in stimuli.iterrows()]
    chart = charts.lines(responses[stimuli.index], names, ds.info.units)
    st.plotly_chart(chart, key="lines", alt=f"Responses over units: {'; '.join(names)}")
    images.strip(ds, stimuli.index.tolist(), size=72)


def spread(ds: Dataset, responses: np.ndarray) -> None:
    over_units, over_stimuli = statistics.over_stimuli(responses), statistics.over_units(responses)
    with st.container(key="halves"):
        left, right = st.columns(2)
    with left:
        st.subheader("Each unit, over stimuli")
        chart = charts.band(*over_units, "Unit of the ROI", ds.info.units)
        st.plotly_chart(chart, key="units", alt="Mean and standard deviation of each unit")
    with right:
        st.subheader("Each stimulus, over units")
        chart = charts.band(*over_stimuli, "Stimulus", ds.info.units)
        st.plotly_chart(chart, key="means", alt="Mean and standard deviation of each stimulus")


def activity(ds: Dataset, responses: np.ndarray) -> None:
    st.subheader("Histogram of activity")
    counts, edges = statistics.histogram(responses)
    chart = charts.bars(counts, edges, f"Response ({ds.info.units})", "Unit × stimulus")
    st.plotly_chart(chart, key="activity", alt="Histogram of all responses of the ROI")


def split_half(ds: Dataset, roi: str | None) -> None:
    st.subheader("Split-half reliability")
    if ds.repeats.max() < 2:
        st.info("No stimulus was repeated, so there is no reliability.", icon=":material/info:")
        return
    try:
        found = reliability(ds.fingerprint, roi, ds)
    except InputError as error:
        st.info(str(error), icon=":material/info:")
        return
    chart = charts.reliability(found.units)
    st.plotly_chart(chart, key="reliability", alt="Histogram of the reliability of the units")
    st.caption(
        f"Correlation over {found.stimuli:,} repeated stimuli of two random halves of the repeats, "
        f"mean of {found.splits} splits, corrected to all repeats (Spearman-Brown)."
    )


def page(ds: Dataset) -> None:
    recording.title(ds, "Responses")
    if ds.betas is None:
        st.info(
            f"{ds.info.title} comes as RDMs only: single responses were not published. "
            "Its RDMs are on the page RDM.",
            icon=":material/info:",
        )
        st.page_link("pages/rdm.py", label="Open the RDMs", icon=":material/grid_on:")
        return
    roi = choose_roi(ds)
    responses = mean_responses(ds.fingerprint, roi, ds)
    usable = np.isfinite(responses).all(axis=1)
    if not usable.all():
        st.caption(f"{int((~usable).sum())} stimuli without a usable response are left out.")
    single_responses(ds, responses, usable)
    spread(ds, responses)
    with st.container(key="halves_below"):
        left, right = st.columns(2)
    with left:
        activity(ds, responses)
    with right:
        split_half(ds, roi)


page(recording.require())
