"""Single responses, their spread over units and stimuli, and their reliability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core import statistics
from core.datasets import Dataset, unit_table
from core.datasets.units import remaining_units
from core.figures import charts
from pages.shared.export.figures import show_chart
from pages.shared.frame import images
from pages.shared.frame.text import plain
from pages.shared.responses.settings import chosen_stimuli


@st.cache_resource(max_entries=16, show_spinner="Averaging the repeats …")
def mean_responses(fingerprint: str, rois: tuple[str, ...], _ds: Dataset) -> np.ndarray:
    return _ds.responses(rois or None)


@st.cache_resource(max_entries=16, show_spinner="Measuring the reliability …")
def units_of(fingerprint: str, rois: tuple[str, ...], _ds: Dataset) -> pd.DataFrame:
    return unit_table(_ds, rois)


def single_responses(
    ds: Dataset, rois: tuple[str, ...], responses: np.ndarray, usable: np.ndarray
) -> None:
    st.header("Single responses")
    stimuli = chosen_stimuli(ds, usable)
    names = [images.describe(stimulus) for _, stimulus in stimuli.iterrows()]
    units = ds.units(rois or None).tolist()
    chart = charts.lines(responses[stimuli.index], names, ds.info.units, units)
    show_chart(chart, key="lines", alt=f"Responses over units: {'; '.join(names)}")
    images.strip(ds, stimuli.index.tolist(), size=72)


def spread(ds: Dataset, rois: tuple[str, ...], responses: np.ndarray) -> None:
    over_units, over_stimuli = statistics.over_stimuli(responses), statistics.over_units(responses)
    with st.container(key="halves"):
        left, right = st.columns(2)
    with left:
        st.header("Each unit, over stimuli")
        names = [f"unit {unit}" for unit in ds.units(rois or None)]
        chart = charts.band(*over_units, "Unit of the ROI", ds.info.units, names)
        show_chart(chart, key="units", alt="Mean and standard deviation of each unit")
    with right:
        st.header("Each stimulus, over units")
        chart = charts.band(*over_stimuli, "Stimulus", ds.info.units, ds.stimuli["id"].tolist())
        show_chart(chart, key="means", alt="Mean and standard deviation of each stimulus")


def activity(ds: Dataset, responses: np.ndarray) -> None:
    st.header("Histogram of activity")
    counts, edges = statistics.histogram(responses)
    chart = charts.bars(counts, edges, f"Response ({ds.info.units})", "Unit × stimulus")
    show_chart(chart, key="activity", alt="Histogram of all responses of the ROI")


def split_half(ds: Dataset, rois: tuple[str, ...]) -> None:
    st.header("Split-half reliability")
    table = units_of(ds.fingerprint, rois, ds)
    if table.attrs["problem"]:
        once = "No stimulus was repeated, so there is no reliability."
        problem = plain(table.attrs["problem"]) if ds.repeats.max() > 1 else once
        st.info(problem, icon=":material/info:")
        return
    chart = charts.reliability(table["reliability"].to_numpy())
    show_chart(chart, key="reliability", alt="Histogram of the reliability of the units")
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


def remaining(ds: Dataset, rois: tuple[str, ...]) -> None:
    """How many units stay where the option asks for a least noise ceiling."""
    counts = remaining_units(ds, units_of(ds.fingerprint, rois, ds))
    if counts.empty:
        return
    st.header("Units that remain at a noise ceiling")
    chosen = float(ds.options.get("noise_ceiling") or 0.0)
    show_chart(
        charts.remaining(counts, chosen),
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
