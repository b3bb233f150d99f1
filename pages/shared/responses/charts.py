"""Single responses, their spread over units and stimuli, and their reliability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import statistics
from core.datasets import Dataset, unit_table
from core.datasets.units import remaining_units
from core.figures import charts
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import images
from pages.shared.frame.text import plain
from pages.shared.responses.settings import chosen_stimuli


@st.cache_resource(max_entries=16, show_spinner="Averaging the repeats …")
def mean_responses(fingerprint: str, rois: tuple[str, ...], _ds: Dataset) -> np.ndarray:
    return _ds.responses(rois or None)


@st.cache_resource(max_entries=16, show_spinner="Measuring the reliability …")
def units_of(fingerprint: str, rois: tuple[str, ...], _ds: Dataset) -> pd.DataFrame:
    return unit_table(_ds, rois)


@st.cache_resource(max_entries=16, show_spinner=False)
def drawn_for(fingerprint: str, rois: tuple[str, ...], _ds: Dataset) -> dict[str, go.Figure]:
    """Charts of a ROI that are the same whatever is selected; nothing changes them later."""
    responses, table = mean_responses(fingerprint, rois, _ds), units_of(fingerprint, rois, _ds)
    over_units, over_stimuli = statistics.over_stimuli(responses), statistics.over_units(responses)
    unit, names = _ds.info.units, [f"unit {number}" for number in _ds.units(rois or None)]
    counts, edges = statistics.histogram(responses)
    figures = {
        "units": charts.band(*over_units, "Unit of the ROI", unit, names),
        "means": charts.band(*over_stimuli, "Stimulus", unit, _ds.stimuli["id"].tolist()),
        "activity": charts.bars(counts, edges, f"Response ({unit})", "Unit × stimulus"),
    }
    if not table.attrs["problem"]:
        figures["reliability"] = charts.reliability(table["reliability"].to_numpy())
    remaining = remaining_units(_ds, table)
    if not remaining.empty:
        chosen = float(_ds.options.get("noise_ceiling") or 0.0)
        figures["remaining"] = charts.remaining(remaining, chosen)
    return figures


def single_responses(
    ds: Dataset, rois: tuple[str, ...], responses: np.ndarray, usable: np.ndarray
) -> None:
    st.header("Single responses")
    stimuli = chosen_stimuli(ds, usable)
    names = [images.describe(stimulus) for _, stimulus in stimuli.iterrows()]
    units = ds.units(rois or None).tolist()
    chart = drawn(charts.lines, responses[stimuli.index], names, ds.info.units, units)
    show_chart(chart, key="lines", alt=f"Responses over units: {'; '.join(names)}")
    images.strip(ds, stimuli.index.tolist(), size=72)


def spread(figures: Mapping[str, go.Figure]) -> None:
    with st.container(key="halves"):
        left, right = st.columns(2)
    with left:
        st.header("Each unit, over stimuli")
        show_chart(figures["units"], key="units", alt="Mean and standard deviation of each unit")
    with right:
        st.header("Each stimulus, over units")
        alt = "Mean and standard deviation of each stimulus"
        show_chart(figures["means"], key="means", alt=alt)


def activity(figures: Mapping[str, go.Figure]) -> None:
    st.header("Histogram of activity")
    alt = "Histogram of all responses of the ROI"
    show_chart(figures["activity"], key="activity", alt=alt)


def split_half(ds: Dataset, rois: tuple[str, ...], figures: Mapping[str, go.Figure]) -> None:
    st.header("Split-half reliability")
    table = units_of(ds.fingerprint, rois, ds)
    if table.attrs["problem"]:
        once = "No stimulus was repeated, so there is no reliability."
        problem = plain(table.attrs["problem"]) if ds.repeats.max() > 1 else once
        st.info(problem, icon=":material/info:")
        return
    alt = "Histogram of the reliability of the units"
    show_chart(figures["reliability"], key="reliability", alt=alt)
    st.caption(
        f"Correlation over {table.attrs['stimuli']:,} repeated stimuli of two halves of the "
        "repeats, over every way to halve them, corrected to all repeats (Spearman-Brown). "
        f"{in_folds(ds)} Without signal it is 0 on average, so single units may be negative."
    )


def in_folds(ds: Dataset) -> str:
    """What is taken as independent."""
    if ds.trial_runs is None:
        return "Repeats are taken as independent."
    return "Repeats within a run share noise, and count as one."


def remaining(ds: Dataset, rois: tuple[str, ...], figures: Mapping[str, go.Figure]) -> None:
    """How many units stay where the option asks for a least noise ceiling."""
    if "remaining" not in figures:
        return
    counts = remaining_units(ds, units_of(ds.fingerprint, rois, ds))
    st.header("Units that remain at a noise ceiling")
    show_chart(
        figures["remaining"],
        key="remaining",
        alt="Units that remain at each least noise ceiling, by ROI; the table has the numbers",
    )
    option = "The option *Least noise ceiling* of the recording leaves out the others. "
    st.caption(
        (option if "noise_ceiling" in ds.options else "")
        + f"Ceilings are {counts.attrs['source']}. The table has every ROI."
    )
    with st.expander("As a table"):
        st.dataframe(counts, column_config={"threshold": "At least (%)"}, key="remaining_table")


def units(ds: Dataset, rois: tuple[str, ...]) -> None:
    """Every unit with its noise ceiling, as a table and as CSV."""
    st.header("Units")
    table = units_of(ds.fingerprint, rois, ds)
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "unit": number("Unit"),
        "rois": "ROIs",
        "trials": number("Trials"),
        "mean": number(f"Mean ({ds.info.units})", format="%.3f"),
        "sd": number("SD over trials", format="%.3f"),
        "reliability": number("Reliability", format="%.3f"),
        "ncsnr": number("ncsnr", format="%.3f"),
        "noise_ceiling": number("Noise ceiling (%)", format="%.1f"),
    }
    st.dataframe(table, hide_index=True, height=280, column_config=columns, key="units_table")
    st.caption(
        "ncsnr: standard deviation of the signal over that of the noise of one trial. Noise "
        "ceiling: share of the variance of the averaged responses that a perfect model could "
        "explain, ncsnr² / (ncsnr² + mean of 1 / repeats), from the repeats measured here "
        "(Allen et al. 2022); units without signal have 0."
    )
    name = ds.info.name.replace(":", "_")
    st.download_button(
        "Units (CSV)",
        lambda: table.to_csv(index=False),
        f"{name}_{ds.subject}_units.csv",
        "text/csv",
        icon=":material/download:",
    )
