"""Plotly figures of responses and of RDM values; built the same way for the same data."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.images import CATEGORY_COLOURS
from core.rdm.cells import Spread

INK = CATEGORY_COLOURS[0]


def lines(
    responses: np.ndarray, names: Sequence[str], unit: str, units: Sequence[int] = ()
) -> go.Figure:
    """Single responses (k, v) over the units of a ROI, numbered ``units``, a line a stimulus."""
    figure = go.Figure()
    for position, (row, name) in enumerate(zip(responses, names, strict=True)):
        colour = CATEGORY_COLOURS[position % len(CATEGORY_COLOURS)]
        figure.add_scatter(
            y=np.round(row, 4),
            name=html.escape(name, quote=False),
            mode="lines",
            line={"color": colour, "width": 1.5},
            text=[f"unit {number}" for number in units] or None,
        )
    return styled(figure, "Unit of the ROI", f"Response ({unit})")


def band(
    mean: np.ndarray, deviation: np.ndarray, x_title: str, unit: str, names: Sequence[str] = ()
) -> go.Figure:
    """Mean with one standard deviation on either side, both (k,), and what each is of."""
    mean, deviation = np.round(mean, 4), np.round(deviation, 4)
    figure = go.Figure()
    for edge, fill in ((mean + deviation, None), (mean - deviation, "tonexty")):
        figure.add_scatter(
            y=edge,
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor="rgba(0, 114, 178, 0.25)",
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_scatter(
        y=mean, mode="lines", name="mean", line={"color": INK, "width": 1.5}, customdata=deviation
    )
    place = "%{text}" if len(names) else "%{x}"
    figure.update_traces(
        text=[html.escape(name, quote=False) for name in names] or None,
        hovertemplate=place + ": %{y:.3f} ± %{customdata:.3f}<extra></extra>",
        selector={"name": "mean"},
    )
    return styled(figure, x_title, f"Mean ± SD ({unit})")


def bars(
    counts: np.ndarray,
    edges: np.ndarray,
    x_title: str,
    y_title: str,
    marked: Sequence[tuple[float, str]] = (),
) -> go.Figure:
    """Histogram from counts (k,) and edges (k + 1,); ``marked`` values get a line."""
    centres = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure(go.Bar(x=centres, y=counts, width=np.diff(edges), marker_color=INK))
    figure.update_traces(hovertemplate="%{x:.4g}: %{y:,}<extra></extra>", marker_line_width=0)
    for value, text in marked:
        figure.add_vline(
            x=value,
            line={"color": CATEGORY_COLOURS[5], "width": 2, "dash": "dash"},
            annotation_text=text,
            annotation_position="top",
        )
    return styled(figure, x_title, y_title)


def value_histogram(spread: Spread, label: str, marked: Sequence[tuple[float, str]]) -> go.Figure:
    """Distribution of the values of an RDM."""
    return bars(spread.counts, spread.edges, label, "Pairs of stimuli", marked)


def reliability(values: np.ndarray) -> go.Figure:
    """Histogram of the reliability of units (v,)."""
    counts, edges = np.histogram(values[np.isfinite(values)], bins=40)
    middle = float(np.nanmedian(values))
    title = "Split-half reliability, corrected to all repeats"
    return bars(counts, edges, title, "Units", [(middle, f"median {middle:.2f}")])


def remaining(counts: pd.DataFrame, marked: float = 0.0) -> go.Figure:
    """Units that are left (thresholds, ROIs) at each least noise ceiling; one is marked.

    Drawn are the last column, of every unit, and as many before it as there are colours.
    """
    figure = go.Figure()
    names = list(counts)
    for position, name in enumerate([*names[:-1][: len(CATEGORY_COLOURS) - 1], names[-1]]):
        figure.add_scatter(
            x=counts.index,
            y=counts[name],
            name=html.escape(str(name), quote=False),
            mode="lines",
            line={
                "color": CATEGORY_COLOURS[position % len(CATEGORY_COLOURS)],
                "dash": "dot" if name == names[-1] else "solid",
                "width": 2,
            },
            hovertemplate="%{x} %: %{y} units<extra>%{fullData.name}</extra>",
        )
    if marked:
        figure.add_vline(x=marked, line={"dash": "dash", "width": 1, "color": "grey"})
    return styled(figure, "Least noise ceiling (%)", "Units that remain")


def styled(figure: go.Figure, x_title: str, y_title: str) -> go.Figure:
    return figure.update_layout(
        xaxis_title=html.escape(x_title, quote=False),
        yaxis_title=html.escape(y_title, quote=False),
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        height=320,
        bargap=0,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0},
    )
