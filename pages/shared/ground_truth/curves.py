"""How much of the truth a design recovers, and the smallest one that reaches a target."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core import recovery
from core.datasets import Dataset
from core.figures import curves
from core.recovery import CURVES, MEASURES
from core.words import counted
from pages.shared.export.figures import drawn, show_chart
from pages.shared.frame import results
from pages.shared.ground_truth.settings import choose_question, choose_request

REFERENCES = {
    "reliability": ("ceiling", "predicted by the model"),
    "clusters": ("themes", "noise-free responses"),
}


@st.cache_data(max_entries=16, show_spinner=False)
def curve_table(key: str) -> pd.DataFrame | None:
    return recovery.load(key)


@st.cache_data(max_entries=16, show_spinner=False)
def mean_curves(key: str, _curves: pd.DataFrame) -> pd.DataFrame:
    return recovery.summary(_curves)


def interval(subjects: int) -> str:
    if subjects < recovery.FEWEST_FOR_INTERVAL:
        having = counted(subjects, "subject has", "subjects have")
        return f"{having} the region, too few for an interval."
    return (
        f"Lines: mean of the {subjects} subjects that have the region; bands: its 95 % t interval "
        "over subjects, who all see the same stimuli."
    )


def answers(ds: Dataset, means: pd.DataFrame, measured: str, target: float) -> None:
    """The smallest design that reaches the target, one thing changed at a time."""
    with st.container(key="facts"):
        for column, name in zip(st.columns(len(list(CURVES))), CURVES, strict=True):
            column.metric(f"{CURVES[name].label} needed", answer(means, name, measured, target))
    design = ds.options
    st.caption(
        f"The smallest value on each curve whose mean over the subjects reaches {target:.2f} "
        "('never': not even without noise; –: does not depend on it), "
        "the rest of the design as in the sidebar: "
        f"{counted(design['stimuli'], 'stimulus', 'stimuli')}, "
        f"{counted(design['repeats'], 'repeat')}, signal-to-noise ratio {design['snr']:g}, every "
        "unit."
    )


def answer(means: pd.DataFrame, curve: str, measured: str, target: float) -> str:
    if curve not in MEASURES[measured].depends_on:
        return "–"
    value = recovery.needed(means, curve, measured, target)
    if value is not None:
        return f"{value:,g}"
    if recovery.limit(means, measured) < target:
        return "never"
    return f"> {means.loc[means['curve'] == curve, 'value'].max():,g}"


def draw_curves(ds: Dataset, means: pd.DataFrame, measured: str, target: float) -> None:
    reference, reference_name = REFERENCES.get(measured, (None, ""))
    with st.container(key="halves"):
        columns = [*st.columns(2), *st.columns(2)]
    for column, name in zip(columns, CURVES, strict=True):
        points = means[means["curve"] == name]
        current = ds.options.get(name, points["value"].max())
        chart = drawn(
            curves.recovery,
            points[points["measure"] == measured],
            points[points["measure"] == reference] if reference else None,
            reference_name,
            CURVES[name].label,
            MEASURES[measured].label,
            float(current),
            target,
        )
        alt = f"{MEASURES[measured].label} over {CURVES[name].label.lower()}"
        show_chart(chart, key=f"curve_{name}", alt=alt, place=column)


def recovered(ds: Dataset) -> None:
    request = choose_request(ds)
    measured, target = choose_question()
    table = results.get(request, partial(results.recall, curve_table), one_at_a_time=True)
    if table is None:
        return
    means = mean_curves(request.key(), table)
    answers(ds, means, measured, target)
    draw_curves(ds, means, measured, target)
    st.caption(
        f"{MEASURES[measured].label}: {MEASURES[measured].help}. "
        f"{interval(table['subject'].nunique())}"
    )
    st.download_button(
        "Values (CSV)",
        lambda: table.to_csv(index=False),
        f"ground_truth_{request.roi or 'all'}.csv",
        "text/csv",
        icon=":material/download:",
    )
