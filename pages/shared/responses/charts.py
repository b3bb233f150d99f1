"""Single responses, their spread over units and stimuli, and their reliability."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import statistics
from core.datasets import Dataset
from core.errors import InputError
from core.figures import charts
from pages.shared.frame import images
from pages.shared.responses.settings import chosen_stimuli


@st.cache_resource(max_entries=16, show_spinner="Averaging the repeats …")
def mean_responses(fingerprint: str, rois: tuple[str, ...], _ds: Dataset) -> np.ndarray:
    return _ds.responses(rois or None)


@st.cache_resource(max_entries=16, show_spinner="Measuring the reliability …")
def reliability(fingerprint: str, rois: tuple[str, ...], _ds: Dataset) -> statistics.Reliability:
    responses = _ds.responses(rois or None, repeats="all")
    return statistics.split_half_reliability(responses, _ds.trial_rows)


def single_responses(
    ds: Dataset, rois: tuple[str, ...], responses: np.ndarray, usable: np.ndarray
) -> None:
    st.subheader("Single responses")
    stimuli = chosen_stimuli(ds, usable)
    names = [images.describe(stimulus) for _, stimulus in stimuli.iterrows()]
    units = ds.units(rois or None).tolist()
    chart = charts.lines(responses[stimuli.index], names, ds.info.units, units)
    st.plotly_chart(chart, key="lines", alt=f"Responses over units: {'; '.join(names)}")
    images.strip(ds, stimuli.index.tolist(), size=72)


def spread(ds: Dataset, rois: tuple[str, ...], responses: np.ndarray) -> None:
    over_units, over_stimuli = statistics.over_stimuli(responses), statistics.over_units(responses)
    with st.container(key="halves"):
        left, right = st.columns(2)
    with left:
        st.subheader("Each unit, over stimuli")
        names = [f"unit {unit}" for unit in ds.units(rois or None)]
        chart = charts.band(*over_units, "Unit of the ROI", ds.info.units, names)
        st.plotly_chart(chart, key="units", alt="Mean and standard deviation of each unit")
    with right:
        st.subheader("Each stimulus, over units")
        chart = charts.band(*over_stimuli, "Stimulus", ds.info.units, ds.stimuli["id"].tolist())
        st.plotly_chart(chart, key="means", alt="Mean and standard deviation of each stimulus")


def activity(ds: Dataset, responses: np.ndarray) -> None:
    st.subheader("Histogram of activity")
    counts, edges = statistics.histogram(responses)
    chart = charts.bars(counts, edges, f"Response ({ds.info.units})", "Unit × stimulus")
    st.plotly_chart(chart, key="activity", alt="Histogram of all responses of the ROI")


def split_half(ds: Dataset, rois: tuple[str, ...]) -> None:
    st.subheader("Split-half reliability")
    if ds.repeats.max() < 2:
        st.info("No stimulus was repeated, so there is no reliability.", icon=":material/info:")
        return
    try:
        result = reliability(ds.fingerprint, rois, ds)
    except InputError as error:
        st.info(str(error), icon=":material/info:")
        return
    chart = charts.reliability(result.units)
    st.plotly_chart(chart, key="reliability", alt="Histogram of the reliability of the units")
    st.caption(
        f"Correlation over {result.stimuli:,} repeated stimuli of two random halves of the "
        f"repeats, mean of {result.splits} splits, corrected to all repeats (Spearman-Brown)."
    )
