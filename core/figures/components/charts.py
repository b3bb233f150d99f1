"""Plotly figures of components."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

INK, OTHER = CATEGORY_COLOURS[0], CATEGORY_COLOURS[5]
GREY = "rgba(128, 128, 128, 0.55)"
MOST_BARS = 60


def dimensions(r: np.ndarray, threshold: np.ndarray, k: int) -> go.Figure:
    """Canonical correlations of halves of the repeats, and what chance gives."""
    number = np.arange(1, len(r) + 1)
    figure = go.Figure()
    figure.add_bar(
        x=number,
        y=r.round(4),
        name="halves of the repeats",
        marker_color=[INK if place <= k else GREY for place in number],
        hovertemplate="dimension %{x}: r %{y:.2f}<extra></extra>",
    )
    figure.add_scatter(
        x=number,
        y=threshold.round(4),
        name="95 % of permutations",
        mode="lines+markers",
        line={"color": OTHER, "dash": "dot"},
        marker={"size": 5},
    )
    styled(figure, "Dimension", "Correlation of halves")
    return figure.update_layout(height=280, bargap=0.25)


def profile(values: np.ndarray, names: Sequence[str]) -> go.Figure:
    """Profile of a component over regions or units, at most the 60 largest."""
    shown = list(range(len(values)))
    if len(values) > MOST_BARS:
        shown = sorted(np.argsort(-np.abs(values), kind="stable")[:MOST_BARS].tolist())
    figure = go.Figure(
        go.Bar(
            x=[html.escape(names[k], quote=False) for k in shown],
            y=values[shown].round(4),
            marker_color=[INK if values[k] >= 0 else OTHER for k in shown],
            hovertemplate="%{x}: %{y:.3f}<extra></extra>",
        )
    )
    styled(figure, "", "Response to one deviation")
    return figure.update_layout(height=280, bargap=0.25).update_xaxes(type="category")


def texts(table: pd.DataFrame, most: int) -> go.Figure:
    """Texts with the highest and lowest correlation; faint where not significant.

    Parameters
    ----------
    table : pd.DataFrame
        From ``components.correlate_texts``.
    most : int
        How many at each end.
    """
    shown = table if len(table) <= 2 * most else pd.concat([table.head(most), table.tail(most)])
    shown = shown.iloc[::-1]
    figure = go.Figure(
        go.Bar(
            x=shown["r"].round(4),
            y=[html.escape(text, quote=False) for text in shown["text"]],
            orientation="h",
            marker={
                "color": [INK if r >= 0 else OTHER for r in shown["r"]],
                "opacity": [1.0 if q <= 0.05 else 0.35 for q in shown["q"]],
            },
            customdata=shown["q"].round(4),
            hovertemplate="%{y}: r %{x:.2f}, corrected p %{customdata:.3f}<extra></extra>",
        )
    )
    styled(figure, "Correlation with the component", "").update_yaxes(dtick=1)
    return figure.update_layout(height=70 + 17 * len(shown), bargap=0.2)


def twins(table: pd.DataFrame, k: int) -> go.Figure:
    """\\|r\\| of each component with its twin in every other subject, a dot a subject.

    Parameters
    ----------
    table : pd.DataFrame
        From ``components.match_subjects``.
    k : int
        Number of components.
    """
    figure = go.Figure()
    for is_sure, name in ((True, "p ≤ 0.05"), (False, "not told from chance")):
        own = table[(table["p"] <= 0.05) == is_sure]
        figure.add_scatter(
            x=own["component"] + 1,
            y=own["r"].abs().round(4),
            mode="markers",
            name=name,
            text=[html.escape(str(subject), quote=False) for subject in own["subject"]],
            marker={
                "size": 9,
                "color": INK if is_sure else GREY,
                "symbol": "circle" if is_sure else "circle-open",
            },
            hovertemplate="component %{x}, %{text}: |r| %{y:.2f}<extra></extra>",
        )
    styled(figure, "Component", "|r| with its twin")
    return figure.update_layout(height=280).update_xaxes(range=[0.5, k + 0.5], dtick=1)
