"""Plotly figures of the ground truth: recovery curves, region profiles, what units are made of."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.images import CATEGORY_COLOURS

INK, SECOND, MARK = CATEGORY_COLOURS[0], CATEGORY_COLOURS[5], "rgba(127, 127, 127, 0.9)"
BAND = "rgba(0, 114, 178, 0.22)"


def recovery(
    points: pd.DataFrame,
    reference: pd.DataFrame | None,
    reference_name: str,
    x_title: str,
    y_title: str,
    current: float,
    target: float,
) -> go.Figure:
    """One measure over one thing of the design.

    Parameters
    ----------
    points, reference : pd.DataFrame
        Columns ``value, mean, low, high`` (see ``recovery.summary``).
    current : float
        The design in view, marked on the axis.
    target : float
        Drawn as a line across.
    """
    figure = go.Figure()
    _add_means(figure, points)
    if reference is not None:
        figure.add_scatter(
            x=reference["value"],
            y=reference["mean"],
            mode="lines",
            name=reference_name,
            line={"color": SECOND, "width": 1.5, "dash": "dot"},
            hovertemplate=f"%{{x:g}}: %{{y:.3f}} {reference_name}<extra></extra>",
        )
    figure.add_hline(y=target, line={"color": MARK, "width": 1, "dash": "dash"})
    _mark_design(figure, current, at_the_end=current >= points["value"].max())
    _scale_axes(figure, points, current)
    return figure.update_layout(
        xaxis_title=x_title,
        yaxis_title=y_title,
        height=300,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0},
    )


def _add_means(figure: go.Figure, points: pd.DataFrame) -> None:
    """Means over subjects with their 95 % interval as a band."""
    x = points["value"]
    for edge, fill in (("high", None), ("low", "tonexty")):
        figure.add_scatter(
            x=x, y=points[edge], mode="lines", line={"width": 0}, fill=fill, fillcolor=BAND,
            showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    figure.add_scatter(
        x=x,
        y=points["mean"],
        mode="lines+markers",
        name="measured",
        line={"color": INK, "width": 2},
        customdata=points[["low", "high", "n"]],
        hovertemplate="%{x:g}: %{y:.3f} (95 % %{customdata[0]:.3f} to %{customdata[1]:.3f}, "
        "%{customdata[2]} subjects)<extra></extra>",
    )


def _mark_design(figure: go.Figure, current: float, at_the_end: bool) -> None:
    figure.add_vline(x=current, line={"color": MARK, "width": 1})
    figure.add_annotation(  # places on a logarithmic axis are given as logarithms
        x=np.log10(current),
        y=0,
        yref="paper",
        xanchor="right" if at_the_end else "left",
        yanchor="bottom",
        showarrow=False,
        text="this design ",
        font={"size": 11, "color": MARK},
    )


def _scale_axes(figure: go.Figure, points: pd.DataFrame, current: float) -> None:
    """Values of the design on a logarithmic axis; measures from 0, or below, to 1 or above."""
    x = points["value"]
    ends = np.log10([min(x.min(), current), max(x.max(), current)])
    figure.update_xaxes(
        type="log",
        tickvals=list(x),
        ticktext=[f"{value:g}" for value in x],
        range=[ends[0] - 0.05, ends[1] + 0.12],
    )
    top = max(1.0, float(points["high"].fillna(points["mean"]).max()))
    figure.update_yaxes(range=[min(0.0, float(points["mean"].min())) - 0.02, top + 0.02])


def profiles(table: pd.DataFrame, rois: Sequence[str]) -> go.Figure:
    """Mean response of each region (columns) to each group of images (rows), z.

    ``rois`` names the ROI of each region; a line parts one from the next.
    """
    limit = float(np.abs(table.to_numpy()).max())
    figure = go.Figure(
        go.Heatmap(
            z=np.round(table.to_numpy(), 3),
            x=list(table.columns),
            y=[html.escape(str(name), quote=False) for name in table.index],
            colorscale="RdBu_r",
            zmin=-limit,
            zmax=limit,
            colorbar={"title": "z", "thickness": 12},
            hovertemplate="%{x} to %{y}: %{z:.2f} z<extra></extra>",
        )
    )
    edges = [edge for edge in range(1, len(rois)) if rois[edge] != rois[edge - 1]]
    figure.update_xaxes(tickangle=-60, dtick=1, tickfont_size=11)
    return figure.update_layout(
        height=340,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        shapes=[_line_at(edge - 0.5) for edge in edges],
    )


def _line_at(x: float) -> dict[str, Any]:
    """A line from the bottom of a chart to its top."""
    line = {"color": "rgba(127, 127, 127, 0.5)", "width": 1}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain", "line": line}


def composition(shares: pd.DataFrame) -> go.Figure:
    """Shares of the parts (columns) in the variance of a unit of each region (rows).

    A part keeps its colour where others are left out (zero throughout).
    """
    figure = go.Figure()
    for position, part in enumerate(shares.columns):
        if not shares[part].any():
            continue
        figure.add_bar(
            x=list(shares.index),
            y=shares[part],
            name=part,
            marker_color=CATEGORY_COLOURS[position],
            hovertemplate=f"%{{x}}: %{{y:.0%}} {part}<extra></extra>",
        )
    figure.update_xaxes(tickangle=-60, dtick=1, tickfont_size=11)
    return figure.update_layout(
        barmode="stack",
        showlegend=True,
        yaxis={"title": "Weight of the part (w)", "tickformat": ".0%", "range": [0, 1]},
        height=340,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0},
    )
