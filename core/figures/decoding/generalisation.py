"""Plotly figure of one decoder's score under several splits."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

OWN, GREY = CATEGORY_COLOURS[0], CATEGORY_COLOURS[-1]
ROW, AROUND = 44, 90


def generalisation(rows: pd.DataFrame, measure: str) -> go.Figure:
    """A row for each split: the score with its interval and chance, and how far its images are.

    Parameters
    ----------
    rows : pd.DataFrame
        ``Generalisation.rows`` of one protocol and measure.
    measure : str
    """
    rows = rows[rows["value"].notna()]
    figure = go.Figure()
    _add_scores(figure, rows, measure)
    _add_chance(figure, rows["chance"].to_numpy(dtype=float))
    styled(figure, f"{html.escape(measure, quote=False)}, with 95 % intervals", "")
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[
            f"{html.escape(label, quote=False)}<br>distance {nearest:.2f}"
            for label, nearest in zip(rows["label"], rows["nearest"], strict=True)
        ],
        range=[len(rows) - 0.5, -0.5],
        automargin=True,
    )
    lowest = np.nanmin(rows[["low", "value", "chance"]].to_numpy(dtype=float))
    figure.update_xaxes(range=[max(-0.01, lowest - 0.03), 1.02], tickformat=".0%")
    return figure.update_layout(height=AROUND + ROW * len(rows), hovermode="closest")


def _add_scores(figure: go.Figure, rows: pd.DataFrame, measure: str) -> None:
    values, low, high = (rows[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    figure.add_scatter(
        x=values.round(4),
        y=list(range(len(rows))),
        name=html.escape(measure, quote=False),
        mode="markers",
        marker={"size": 11, "color": OWN},
        error_x={
            "array": np.nan_to_num(high - values).round(4),
            "arrayminus": np.nan_to_num(values - low).round(4),
            "color": OWN,
            "thickness": 1.5,
            "width": 3,
        },
        customdata=np.column_stack([rows["label"], low, high, rows["nearest"]]),
        hovertemplate="%{customdata[0]}: %{x:.1%} (95 % %{customdata[1]:.1%} to "
        "%{customdata[2]:.1%})<br>median distance to the nearest training image "
        "%{customdata[3]:.2f}<extra></extra>",
    )


def _add_chance(figure: go.Figure, chance: np.ndarray) -> None:
    """A line across each row, where its chance lies."""
    places, gaps = np.arange(len(chance)), np.full(len(chance), np.nan)
    figure.add_scatter(
        x=np.column_stack([chance, chance, gaps]).ravel().round(4),
        y=np.column_stack([places - 0.4, places + 0.4, gaps]).ravel(),
        name="chance",
        mode="lines",
        line={"color": GREY, "width": 2, "dash": "dot"},
        hovertemplate="chance %{x:.1%}<extra></extra>",
    )
