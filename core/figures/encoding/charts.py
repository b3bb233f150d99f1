"""Plotly figures of scores of encoding models."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.charts import styled
from core.figures.images import CATEGORY_COLOURS

GREY = "rgba(128, 128, 128, 0.25)"
PERCENTILES = (5, 25, 50, 75, 95)
HEIGHT = 380


def regions(
    names: Sequence[str],
    values: Mapping[str, Sequence[np.ndarray]],
    table: pd.DataFrame,
    normalised: bool,
) -> go.Figure:
    """How the scores of units are distributed in each region, a box a model.

    Parameters
    ----------
    names : sequence of str
        Regions, from left to right.
    values : mapping of str to sequence of np.ndarray
        By the label of the model: scores of the units of each region.
    table : pd.DataFrame
        From ``encoding.by_region`` of one model: ceilings and what chance gives.
    normalised : bool
        Whether scores are over their ceiling, which is then 1.
    """
    figure = go.Figure()
    for place, (label, of_regions) in enumerate(values.items()):
        low, first, middle, third, high = np.array([_percentiles(v) for v in of_regions]).T
        figure.add_box(
            x=list(names),
            lowerfence=low,
            q1=first,
            median=middle,
            q3=third,
            upperfence=high,
            name=html.escape(label, quote=False),
            marker_color=CATEGORY_COLOURS[place % len(CATEGORY_COLOURS)],
            line_width=1.5,
        )
    if normalised:
        figure.add_hline(y=1, line={"dash": "dot", "width": 2, "color": "grey"})
    else:
        _add_ceilings(figure, names, table)
    title = "r over its ceiling" if normalised else "r over test images"
    styled(figure, "", title)
    return figure.update_layout(height=HEIGHT, boxmode="group", bargap=0.2)


def _add_ceilings(figure: go.Figure, names: Sequence[str], table: pd.DataFrame) -> None:
    """A mark where a perfect model would have its median, and a band where chance has it."""
    by_name = table.set_index("roi").loc[list(names)]
    figure.add_scatter(
        x=list(names),
        y=by_name["ceiling"].round(4),
        mode="markers",
        name="noise ceiling (median)",
        marker={"symbol": "line-ew-open", "size": 26, "line": {"width": 3}, "color": "grey"},
        hovertemplate="%{x}: a perfect model reaches %{y:.2f}<extra></extra>",
    )
    figure.add_bar(
        x=list(names),
        base=by_name["chance_low"].round(4),
        y=(by_name["chance_high"] - by_name["chance_low"]).round(4),
        name="chance",
        marker={"color": GREY, "line_width": 0},
        offset=-0.4,
        width=0.8,
        hoverinfo="skip",
    )


def _percentiles(values: np.ndarray) -> np.ndarray:
    """Of the units that have a score. (5,), NaN where none has"""
    known = values[np.isfinite(values)]
    return np.percentile(known, PERCENTILES).round(4) if len(known) else np.full(5, np.nan)


def against(points: pd.DataFrame, x_label: str, y_label: str) -> go.Figure:
    """One model against another, a point a unit.

    Parameters
    ----------
    points : pd.DataFrame
        ``x``, ``y``, ``unit`` and ``roi`` (its colour, in the order in which they come).
    """
    figure = go.Figure()
    for place, (name, own) in enumerate(points.groupby("roi", sort=False)):
        figure.add_scattergl(
            x=own["x"].round(4),
            y=own["y"].round(4),
            mode="markers",
            name=html.escape(str(name), quote=False),
            customdata=own["unit"],
            marker={
                "size": 5,
                "opacity": 0.7,
                "color": CATEGORY_COLOURS[place % len(CATEGORY_COLOURS)],
            },
            hovertemplate="unit %{customdata}: %{x:.2f}, %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    ends = [float(np.nanmin(points[["x", "y"]])), float(np.nanmax(points[["x", "y"]]))]
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        line={"color": "grey", "dash": "dot", "width": 1},
        showlegend=False,
        hoverinfo="skip",
    )
    styled(figure, f"r of {x_label}", f"r of {y_label}")
    return figure.update_layout(height=HEIGHT, hovermode="closest", clickmode="event+select")


def shares(table: pd.DataFrame) -> go.Figure:
    """Unique and common parts of R² of several bands, stacked, a bar a region.

    Parameters
    ----------
    table : pd.DataFrame
        A row a region (index), a column a part.
    """
    figure = go.Figure()
    for place, part in enumerate(table):
        figure.add_bar(
            x=table.index,
            y=table[part].round(4),
            name=html.escape(str(part), quote=False),
            marker_color=CATEGORY_COLOURS[place % len(CATEGORY_COLOURS)],
            hovertemplate="%{x}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    styled(figure, "", "Mean R² over units")
    return figure.update_layout(height=HEIGHT - 60, barmode="relative", bargap=0.3)


def information(
    decoding: pd.DataFrame, encoding: pd.DataFrame, labels: Mapping[str, str]
) -> tuple[go.Figure, go.Figure]:
    """What is decoded from each region, and what predicts it: two charts of one axis.

    Parameters
    ----------
    decoding : pd.DataFrame
        ``embedding, roi, value, low, high``, see ``information.load``.
    encoding : pd.DataFrame
        ``model, roi, r, low, high, ceiling``, see ``encoding.by_region``.
    labels : mapping of str to str
        Of embeddings and models.
    """
    colours = {name: CATEGORY_COLOURS[k % len(CATEGORY_COLOURS)] for k, name in enumerate(labels)}
    left, right = go.Figure(), go.Figure()
    for name, own in decoding.groupby("embedding", sort=False):
        _add_points(left, own, "value", labels[str(name)], colours[str(name)])
    for name, own in encoding.groupby("model", sort=False):
        _add_points(right, own, "r", labels[str(name)], colours[str(name)])
    ceiling = encoding.drop_duplicates("roi")
    right.add_scatter(
        x=ceiling["roi"],
        y=ceiling["ceiling"].round(4),
        mode="markers",
        name="noise ceiling (median)",
        marker={"symbol": "line-ew-open", "size": 22, "line": {"width": 3}, "color": "grey"},
    )
    styled(left, "", "Two-way identification").update_yaxes(range=[0.4, 1], tickformat=".0%")
    left.add_hline(y=0.5, line={"dash": "dot", "color": "grey"})
    styled(right, "", "Median r over units")
    for figure in (left, right):
        figure.update_layout(height=HEIGHT - 40, scattermode="group", scattergap=0.4)
    return left, right


def _add_points(figure: go.Figure, own: pd.DataFrame, value: str, label: str, colour: str) -> None:
    up, down = own["high"] - own[value], own[value] - own["low"]
    error: dict[str, Any] = {"array": up.round(4), "arrayminus": down.round(4), "thickness": 1.2}
    figure.add_scatter(
        x=own["roi"],
        y=own[value].round(4),
        error_y=error,
        mode="markers",
        name=html.escape(label, quote=False),
        offsetgroup=label,
        marker={"size": 9, "color": colour},
        hovertemplate="%{x}: %{y:.3f}<extra>%{fullData.name}</extra>",
    )


def unit_words(words: Sequence[str], values: np.ndarray) -> go.Figure:
    """Predicted responses of a unit to words, the highest above."""
    order = np.argsort(values)
    figure = go.Figure(
        go.Bar(
            x=values[order].round(4),
            y=[html.escape(words[k], quote=False) for k in order],
            orientation="h",
            marker_color=[CATEGORY_COLOURS[0 if values[k] >= 0 else 5] for k in order],
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )
    )
    styled(figure, "Predicted response (z)", "").update_yaxes(dtick=1)
    return figure.update_layout(height=60 + 16 * len(words), bargap=0.2)
