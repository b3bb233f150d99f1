"""Plotly figures of predicted responses: of one unit to test images, of one image over regions."""

from __future__ import annotations

import html

import pandas as pd
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

INK, OTHER = CATEGORY_COLOURS[0], CATEGORY_COLOURS[1]


def unit_responses(table: pd.DataFrame) -> go.Figure:
    """Measured against predicted response of one unit, a point a test image.

    Parameters
    ----------
    table : pd.DataFrame
        From ``encoding.responses_of_unit``.
    """
    figure = go.Figure(
        go.Scatter(
            x=table["predicted"].round(3),
            y=table["measured"].round(3),
            mode="markers",
            marker={"size": 6, "color": INK, "opacity": 0.6},
            customdata=[html.escape(name, quote=False) for name in table["id"]],
            hovertemplate="%{customdata}: predicted %{x:.2f}, measured %{y:.2f}<extra></extra>",
        )
    )
    styled(figure, "Predicted (z)", "Measured (z)")
    return figure.update_layout(height=280, hovermode="closest")


def over_regions(table: pd.DataFrame) -> go.Figure:
    """The response to one image over regions, and where those to 95 % of the test images lie.

    Parameters
    ----------
    table : pd.DataFrame
        From ``encoding.by_roi``.
    """
    figure = go.Figure()
    middle, half = (table["low"] + table["high"]) / 2, (table["high"] - table["low"]) / 2
    figure.add_bar(
        x=table["roi"],
        base=(middle - half).round(4),
        y=(2 * half).round(4),
        name="95 % of the test images",
        marker_color="rgba(128, 128, 128, 0.3)",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=table["roi"],
        y=table["response"].round(4),
        mode="markers",
        name="this one",
        marker={"size": 12, "color": OTHER, "symbol": "diamond"},
        customdata=table[["rank", "r"]].to_numpy().round(4),
        hovertemplate="%{x}: %{y:.2f} z, higher than %{customdata[0]:.0%} of the test images; "
        "median r of the region %{customdata[1]:.2f}<extra></extra>",
    )
    styled(figure, "", "Predicted response (z)")
    return figure.update_layout(height=340, bargap=0.3)
